"""The cases of ``tests/cases/*.yaml``: documents, a person, a request and an instant in; decision and reasons out.

``world: demo`` is the demonstration, signed and published. ``add`` holds further documents (a notice, a window), which
count as if they had been verified. Every case names the rows that it shows.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from broker.decision.decide import decide
from broker.decision.reading import Asked, read
from broker.decision.snapshot import Snapshot
from broker.decision.state import State
from broker.evidence import Operator, Permit, Session
from conventions import text
from conventions.identifiers import BodyId, PersonId, RequestId, SessionId
from conventions.register import Register
from conventions.schema import parse
from conventions.schema.header import Body, Camera, Instant, Person, Row, Short, Strict
from conventions.spans import NEVER, parse_instant
from conventions.terms import Reason
from policies.engine import Engine
from policies.generator import draft
from tests.conventions.town import NOW, new_town, publish_all

FILES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))


class Case(Strict):
    name: Short
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    person: Person
    controller: Body
    operation: str
    cameras: tuple[Camera, ...] = ()
    purpose: str | None = None
    ground: str | None = None
    reference: str | None = None
    starts: str | None = None
    ends: str | None = None
    plate: str | None = None
    at: Instant | None = None
    add: tuple[dict[str, Any], ...] = ()
    expect: Literal["permit", "refuse"]
    reasons: tuple[Reason, ...] = ()
    clauses: tuple[str, ...] | None = None


class Cases(Strict):
    format: Literal["varco-cases/1"]
    world: Literal["demo"]
    cases: tuple[Case, ...]


def every_case() -> list[Any]:
    found = []
    for file in FILES:
        for case in Cases.model_validate(text.read(file.read_bytes(), file.name)).cases:
            found.append(pytest.param(case, id=f"{file.stem}: {case.name}"))
    return found


@pytest.fixture(scope="module")
def published() -> Register:
    return publish_all(new_town())


def decided(published: Register, case: Case) -> Any:
    at_utc = parse_instant(case.at) if case.at else NOW
    added = [parse(plain) for plain in case.add]
    known = [found.document for found in published.known()] + added
    in_force = [found.document for found in published.in_force(at_utc)]
    latest = {document.id: document for document in [*in_force, *added]}
    state = State(Snapshot.of(latest.values(), at_utc), Engine(draft(known)), "0" * 64, NEVER)
    body = BodyId(case.person.split("/", 1)[0])
    found = next((one.person for (_, name), one in state.snapshot.listed.items() if name == case.person), None)
    issuer, subject = (found.issuer, found.subject) if found is not None else ("issuer", "subject")
    session = Session(SessionId("s"), issuer, subject, body, "", "desk", at_utc, at_utc + timedelta(hours=1))
    caller = Operator(PersonId(case.person), body, session)
    asked = Asked(
        case.controller,
        case.operation,
        case.cameras,
        case.purpose,
        case.ground,
        case.starts,
        case.ends,
        case.plate,
        case.person,
        case.reference,
    )
    request = read(asked, None, RequestId("r"), frozenset(state.snapshot.controllers), at_utc)
    return decide(caller, request, state, at_utc)


@pytest.mark.parametrize("case", every_case())
def test_case(case: Case, published: Register):
    result = decided(published, case)
    if isinstance(result, Permit):
        assert (case.expect, case.reasons) == ("permit", ())
    else:
        assert (case.expect, case.reasons) == ("refuse", result.reasons)
    if case.clauses is not None:
        assert result.clauses == case.clauses


def test_there_are_cases_for_every_town_of_the_demonstration():
    assert {file.stem for file in FILES} >= {"porto_mantovano", "levanto", "bellinzago", "macerata"}


def test_every_permitted_case_has_a_neighbour_that_is_refused():
    for file in FILES:
        cases = Cases.model_validate(text.read(file.read_bytes(), file.name)).cases
        asked = {(case.person, case.operation) for case in cases if case.expect == "permit"}
        refused = {(case.person, case.operation) for case in cases if case.expect == "refuse"}
        assert asked <= refused, file.name
