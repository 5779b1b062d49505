"""One controller has one regulation at a time: a second one beside it opens nothing, and is not let in."""

from typing import Any

import pytest

from broker.evidence import Permit
from conventions.faults import Fault, FaultKind
from tests.attack.world import asks, signed_in, state, town
from tests.decisions import made
from tests.world.signed_demo import SignedDemo

TOWNS_LAW = "c_g917/regulation/videosorveglianza"
OWN = {"configuration": {"retention_images": "P7D", "retention_plates": "P7D"}}


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize("slug", ["a", "z"])
def test_two_regulations_at_once_are_none(slug: str):
    second = made.regulation(id=f"aa/regulation/{slug}", **OWN)
    here = state(sorted([*town(), second], key=lambda document: document["id"]))
    assert "aa" not in here.snapshot.controllers
    assert not here.engine.generation.rules
    assert not isinstance(asks(here, signed_in(here, "true")), Permit)


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize(
    ("other", "permitted"),
    [({"state": "adopted"}, True), ({"valid_until": "2024-12-31"}, True), ({"valid_from": "2027-01-01"}, False)],
    ids=["not law yet", "before", "from a later day on, while the first has no end"],
)
def test_one_after_the_other_is_one(other: dict[str, Any], permitted: bool):
    first = made.regulation(valid_from="2025-01-01", **OWN)
    second = made.regulation(id="aa/regulation/z", **OWN, **other)
    in_force = [first, *(one for one in town() if one["kind"] != "regulation")]
    here = state(in_force, past=[*in_force, second])
    assert isinstance(asks(here, signed_in(here, "true")), Permit) is permitted


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize(
    ("changed", "admitted"),
    [({}, False), ({"id": TOWNS_LAW, "version": "9"}, True), ({"state": "adopted"}, True)],
    ids=["beside", "a new version", "not law yet"],
)
def test_a_second_regulation_beside_the_first_is_not_admitted(changed: dict[str, str], admitted: bool):
    demo = SignedDemo()
    for text in demo.texts:
        demo.publish(text)
    first = next(text for text in demo.texts if text.id == TOWNS_LAW)
    first.plain.update({"id": "c_g917/regulation/altro", "version": "1", **changed})
    if admitted:
        demo.publish(first)
        return
    with pytest.raises(Fault) as raised:
        demo.publish(first)
    assert raised.value.kind is FaultKind.DOCUMENT_CONTRADICTORY
    assert TOWNS_LAW in raised.value.detail
    assert "c_g917/regulation/altro" in raised.value.detail
