"""Who stands on a list, and what an order says, is not told to whoever happens to be signed in."""

from datetime import timedelta
from typing import Any

import pytest

from broker.evidence import Operator, Session
from broker.routes.documents import readable
from conventions.identifiers import BodyId, PersonId, SessionId
from conventions.schema import parse
from conventions.verified import VerifiedDocument
from tests.attack.world import ISSUER, NOW_UTC, act, person, state, town
from tests.decisions import made
from tests.world.demo import RunningDemo

THEIRS = "c_e542/operator-list/comune"


def caller(name: str) -> Operator:
    body = BodyId(name.split("/")[0])
    session = Session(SessionId("s"), ISSUER, "subject", body, "", "desk", NOW_UTC, NOW_UTC + timedelta(hours=1))
    return Operator(PersonId(name), body, session)


def order() -> dict[str, Any]:
    kind = {"kind": "judicial-order", "id": "aa/judicial-order/o", "authority": "court", "reference": "RG 1/2026"}
    head = {"format": "varco-document/1", "version": "1", "title": "order", "valid_from": "2026-01-01"}
    return {**head, **kind, "secrecy": "investigation", "scope": "a gate"}


@pytest.mark.requirement("PM-2.2")
@pytest.mark.parametrize(
    ("text", "readers"),
    [
        (made.operators(persons=[person()]), {"cc/agent", "aa/clerk"}),
        (act(), {"cc/agent", "aa/clerk"}),
        (order(), {"aa/clerk"}),
        (made.regulation(), {"cc/agent", "aa/clerk", "dd/other", "cc/unlisted-0"}),
    ],
    ids=["list", "act", "order", "regulation"],
)
def test_only_those_concerned_read_what_names_persons_or_orders(text: dict[str, Any], readers: set[str]):
    clerks = made.operators("aa", id="aa/operator-list/aa", persons=[person("clerk", "aa/clerk")])
    others = made.operators("dd", id="aa/operator-list/dd", persons=[person("other", "dd/other")])
    snapshot = state([*town(), clerks, others]).snapshot
    found = VerifiedDocument(parse(text), "0" * 64, (), b"")
    everybody = ("cc/agent", "aa/clerk", "dd/other", "cc/unlisted-0")
    assert {name for name in everybody if readable(found, caller(name), snapshot)} == readers


@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("code", ["op-101", "op-199"])
def test_the_list_of_another_body_is_not_given_out(demo: RunningDemo, code: str):
    visitor = demo.visitor("carabinieri-mantova", code)
    assert visitor.ask("GET", f"/api/v1/documents/{THEIRS}").status == 404
    listed = {one["id"] for one in visitor.ask("GET", "/api/v1/documents").body["documents"]}
    assert THEIRS not in listed
    assert "c_g917/convention/carabinieri" in listed
