"""A small town with one partner force, as a state that decisions rest on; every attack changes one document of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from broker.app import InForce
from broker.changes import Changes
from broker.decision.decide import decide
from broker.decision.reading import Asked, again, read
from broker.decision.snapshot import Snapshot
from broker.decision.state import Standing, State
from broker.evidence import Case, Operator, Permit, Refusal, Session
from broker.identity.claims import trust_of
from broker.identity.identify import Identities
from broker.identity.sessions import Sessions
from broker.identity.trust import Issuers
from broker.storage import open_store
from conventions.identifiers import BodyId, CaseId, PersonId, RequestId, SessionId
from conventions.schema import parse
from conventions.spans import NEVER
from conventions.terms import Ground, Purpose
from policies.engine import Engine
from policies.generator import draft
from tests.decisions import made
from tests.ledger.made import StillClock

NOW_UTC = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
ISSUER = "https://issuer.example"
AGENT = "cc/agent"
CRIME = Purpose.CRIME_PREVENTION_REPRESSION


def person(subject: str = "true", name: str = AGENT, **other: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": "agent 1",
        "unit": "first",
        "roles": ["partner-operator"],
        "level": "all",
        "issuer": ISSUER,
        "subject": subject,
        "instructions": "1",
        "since": "2025-01-01T00:00:00.000000Z",
        **other,
    }


def act(name: str = AGENT, controller: str = "aa") -> dict[str, Any]:
    body, slug = name.split("/")
    return {
        "format": "varco-document/1",
        "kind": "appointment-act",
        "id": f"{controller}/appointment-act/{body}-{slug}",
        "version": "1",
        "title": "act",
        "valid_from": "2025-01-01",
        "body": body,
        "person": name,
        "number": "1",
        "date": "2025-01-01",
        "operations": list(made.OPERATIONS),
        "tasks": "watching",
    }


def trust(controller: str = "installation", bodies: tuple[str, ...] = ("cc",), **other: Any) -> dict[str, Any]:
    """A trust document; ``other`` changes its one issuer."""
    issuer = {
        "issuer": ISSUER,
        "name": "issuer",
        "bodies": list(bodies),
        "client_id": "varco",
        "algorithms": ["ES256"],
        "acr_required": ["strong"],
        **other,
    }
    return {
        "format": "varco-document/1",
        "kind": "trust",
        "id": f"{controller}/trust/t",
        "version": "1",
        "title": "trust",
        "valid_from": "2025-01-01",
        "issuers": [issuer],
    }


def town(**convention: Any) -> list[dict[str, Any]]:
    """One town, one force, one agent who may watch one camera."""
    law = made.regulation(configuration={"retention_images": "P7D", "retention_plates": "P7D"})
    listed = made.operators(persons=[person()])
    return [law, made.convention(made.clause(**convention)), listed, act(), trust()]


def state(
    documents: list[dict[str, Any]], at_utc: datetime = NOW_UTC, past: list[dict[str, Any]] | None = None
) -> State:
    """What decisions rest on when these are in force; ``past``: what was published before, else these."""
    read_as = [parse(one) for one in documents]
    known = read_as if past is None else [parse(one) for one in past]
    generation = draft(known)
    return State(Snapshot.of(read_as, at_utc, known), Engine(generation), generation.digest, NEVER)


def directory(standing: State) -> InForce:
    holding = Standing()
    holding.swap(standing)
    return InForce(holding)


def signed_in(standing: State, subject: str) -> Operator:
    """Who the directory says that a true sign-in of this subject is."""
    found = directory(standing).person_of(ISSUER, subject)
    name, body = (found.person, found.body) if found is not None else (PersonId("cc/unlisted-0"), BodyId("cc"))
    session = Session(SessionId("s"), ISSUER, subject, body, "strong", "desk", NOW_UTC, NOW_UTC + timedelta(hours=8))
    return Operator(name, body, session)


def asks(
    standing: State,
    caller: Operator,
    operation: str = "live.view",
    purpose: Purpose = CRIME,
    camera: str = "aa/one",
    accepted: frozenset[str] = frozenset(),
    beside: tuple[str, ...] = (),
) -> Permit | Refusal:
    """One question about one camera, for a case with a reference."""
    case = Case(
        CaseId("c"), caller.person, purpose, Ground.REPORTED_OR_DETECTED_OFFENCE, "AB 12/2026", None,
        NOW_UTC, NOW_UTC + timedelta(hours=8),
    )  # fmt: skip
    known = frozenset(standing.snapshot.controllers)
    asked = Asked(camera.split("/")[0], operation, (camera, *beside))
    issuers = Issuers(map(trust_of, standing.snapshot.issuers.values()))
    sessions = Sessions(open_store("sqlite://"), Changes(), StillClock(NOW_UTC))
    identities = Identities(sessions, issuers, directory(standing))
    here = identities.known_to(BodyId(asked.controller), caller)
    request = again(read(asked, case, RequestId("r"), known, NOW_UTC), case, accepted=accepted)
    return decide(here, request, standing, NOW_UTC)
