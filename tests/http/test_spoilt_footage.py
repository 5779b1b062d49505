"""Footage missing, cut short or not video: permitted, written as unavailable, never half a film."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conventions.spans import instant
from tests.http.town import CARABINIERI, NORTH, TOWN, Town, live, recorded

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

INSTANT_SIGNS = len("2026-01-01T00:00:00.000000Z")


def gone(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def text(file: Path) -> None:
    file.write_bytes(b"not video ".ljust(file.stat().st_size, b"."))


def a_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/etc/hostname")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def noise_behind_a_good_beginning(file: Path) -> None:
    """Begins like an MP4 of the right length; what follows is nothing."""
    whole = file.read_bytes()
    file.write_bytes(whole[:32] + bytes(len(whole) - 32))


@contextmanager
def spoilt(town: Town, spoil: Callable[[Path], None]) -> Iterator[dict[str, Any]]:
    """The oldest segment as a bad recorder would have it; gives the span that it covers."""
    file = sorted((town.world.folder / "footage" / NORTH).glob("*.mp4"))[0]
    kept = file.with_name("kept")
    shutil.copy(file, kept)
    starts = file.name[:INSTANT_SIGNS]
    spoil(file)
    try:
        yield {"starts": starts, "ends": starts.replace("00.000000Z", "20.000000Z").replace("30.000000Z", "50.000000Z")}
    finally:
        if file.is_dir():
            file.rmdir()
        kept.replace(file)


@pytest.mark.requirement("PM-4.1")
@pytest.mark.parametrize(
    "spoil", [gone, empty, cut_short, longer, text, a_link, a_folder, noise_behind_a_good_beginning]
)
def test_spoilt_footage_is_a_fault_of_the_service_and_written_as_such(
    filmed: Town, spoil: Callable[[Path], None]
) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor)
    with spoilt(filmed, spoil) as span:
        size = filmed.books.size(TOWN)
        said = visitor.ask("POST", "/api/v1/viewings", recorded(case) | span)
        if said.status == 201:  # found out only when it is played
            folder = f"/api/v1/viewings/{said.body['grant']}"
            answers = [visitor.http.get(f"{folder}/{name}") for name in ("index.m3u8", "init.mp4", "0.m4s")]
            assert answers[-1].status_code in (410, 502)
            assert b"ftyp" not in answers[-1].content
        else:
            assert said.status in (404, 502), said
            assert said.reason in ("footage-missing", "source-malformed")
        decided = filmed.books.entry(TOWN, size)
        assert decided["decision"] == "permit"
        closing = filmed.books.closing_of(TOWN, size)
        assert closing is not None
        assert (closing["ending"], closing["reason"]) == ("unavailable", "source-unavailable")
        assert closing["footage"] is None
        assert visitor.ask("POST", "/api/v1/viewings", live(case)).status == 201, "other footage is served"
    said = visitor.ask("POST", "/api/v1/viewings", recorded(case) | span)
    assert said.status == 201, "and the same, once it is back"
    assert visitor.footage(said.body["grant"])["frames"] > 0


def test_a_span_without_footage(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    span = {"starts": instant(filmed_begin(filmed)), "ends": instant(filmed_begin(filmed, 60))}
    said = visitor.ask("POST", "/api/v1/viewings", recorded(filmed.case(visitor)) | span)
    assert (said.status, said.reason) == (404, "footage-missing")


def filmed_begin(town: Town, after_s: float = 0.0) -> datetime:
    """An hour before the first segment."""
    first = sorted((town.world.folder / "footage" / NORTH).glob("*.mp4"))[0].name[: INSTANT_SIGNS - 1]
    return datetime.fromisoformat(f"{first}+00:00") - timedelta(hours=1) + timedelta(seconds=after_s)
