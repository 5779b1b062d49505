"""Signed texts do not reach beyond what they say: a partner's window, a regulation that is not law yet."""

from typing import Any

import pytest

from broker.evidence import Permit
from conventions.register import Register
from conventions.schema import parse
from conventions.terms import Reason
from conventions.verified import VerifiedDocument
from tests.attack.world import NOW_UTC, asks, signed_in, state, town
from tests.decisions import made


def window(opened_by: str) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "event-window",
        "id": f"aa/event-window/{opened_by}",
        "version": "1",
        "title": "window",
        "valid_from": "2026-03-01",
        "opened_by": opened_by,
        "signs_as": "partner-responsible",
        "purpose": "crime-prevention-repression",
        "cameras": ["aa/one"],
        "starts": "2026-03-14T08:00:00.000000Z",
        "ends": "2026-03-14T10:00:00.000000Z",
        "reason": "an event",
    }


@pytest.mark.requirement("PM-1.2")
@pytest.mark.parametrize(("opened_by", "permitted"), [("aa", True), ("cc", True), ("dd", False)])
def test_a_partners_window_opens_no_camera_to_another_partner(opened_by: str, permitted: bool):
    here = state([*town(window="event"), window(opened_by)])
    decided = asks(here, signed_in(here, "true"))
    assert isinstance(decided, Permit) is permitted
    if not isinstance(decided, Permit):
        assert decided.primary is Reason.CAMERA_TIME_WINDOW


@pytest.mark.requirement("LEV-23.1")
@pytest.mark.parametrize("standing", ["adopted", "published"])
def test_a_regulation_that_is_not_law_yet_changes_nothing(standing: str):
    law = made.regulation(configuration={"retention_images": "P7D"})
    draft = made.regulation(version="2", state=standing, configuration={"retention_images": "P30D"})
    verified = [
        VerifiedDocument(parse(plain), f"{number:064x}", (), b"") for number, plain in enumerate((law, draft), 1)
    ]
    register = Register.of((one, NOW_UTC) for one in verified)
    (found,) = register.in_force(NOW_UTC)
    assert found.version == 1
