"""Handles: opaque, of one process, and never a way to vary what they stand for."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.routes.handles import Handles
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId
from conventions.spans import Span

CAMERA = CameraId("c_g917/piazza")
SPAN = Span(datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC) + timedelta(minutes=5))


def test_a_handle_gives_back_camera_and_span_and_shows_neither() -> None:
    handles = Handles()
    handle = handles.give(CAMERA, SPAN)

    assert handles.read(handle) == (CAMERA, SPAN)
    assert "piazza" not in handle


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1] + "A", lambda text: text[::-1], lambda text: "", lambda text: "é" * 40]
)
def test_a_varied_handle_is_refused(spoil) -> None:
    handles = Handles()

    with pytest.raises(Fault) as raised:
        handles.read(spoil(handles.give(CAMERA, SPAN)))

    assert raised.value.kind is FaultKind.REQUEST_MALFORMED


def test_a_handle_of_another_process_is_refused() -> None:
    with pytest.raises(Fault):
        Handles().read(Handles().give(CAMERA, SPAN))
