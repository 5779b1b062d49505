"""What the demonstration promises is what its signed documents decide: who gets what, and each refusal by its code."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from broker.decision.decide import decide
from broker.decision.reading import Asked, read
from broker.evidence import Case, Official, Operator, Permit, Session
from conventions.demo import DemoDocument, drafts
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CaseId, PersonId, RequestId, SessionId
from conventions.schema import OperatorList
from conventions.spans import instant
from conventions.terms import Ground, Purpose, Reason
from tests.world.signed_demo import NOW_UTC, SignedDemo, published, state

CRIME, ORDER, FLOW = "crime-prevention-repression", "public-order-security", "live-traffic-flow"
OFFENCE = Ground.REPORTED_OR_DETECTED_OFFENCE
OVERSIGHT = "processing-oversight"
GATE, SQUARE, SCHOOL = "c_g917/varco-nord", "c_g917/piazza", "c_g917/scuola"
CARABINIERI, CORPS, TOWN = "carabinieri-mantova", "polizia-locale-mantova-nord", "c_g917"
YES = None


@dataclass(frozen=True)
class Question:
    """One line of the table: who asks what, and the primary reason expected (``None``: permitted)."""

    row: str
    person: str
    operation: str
    camera: str | None
    purpose: str
    expected: str | None
    ground: Ground | None = None
    controller: str = TOWN
    hours_ago: int = 2
    hours: int = 1
    plate: str | None = None
    reference: str | None = "AB 12/2026"


def asks(row, person, operation, camera, purpose, expected, ground=None, **other):
    return Question(row, person, operation, camera, purpose, expected, ground, **other)


OP, JUDICIAL, NO_ACT, NO_LIST = (f"{CARABINIERI}/op-{number}" for number in (101, 102, 103, 199))
RESPONSIBLE, AGENT, INQUIRER = f"{CARABINIERI}/resp-100", f"{CORPS}/ag-201", f"{CORPS}/ag-202"

TABLE = [
    asks("PM-3.8", OP, "live.view", GATE, CRIME, YES),
    asks("PM-3.8", OP, "live.view", SQUARE, ORDER, YES),
    asks("PM-3.8", RESPONSIBLE, "live.view", SQUARE, "urban-security", YES),
    asks("PM-1.4", OP, "live.view", SQUARE, "civil-protection", YES),
    asks("PM-1.2", OP, "live.view", GATE, FLOW, YES),
    asks("PM-1.2", OP, "live.view", SQUARE, FLOW, "camera-time-window"),
    asks("LEV-8.1", OP, "live.view", SCHOOL, CRIME, "camera-time-window"),
    asks("LEV-8.1", OP, "recording.view", SCHOOL, CRIME, "camera-time-window", OFFENCE),
    asks("PM-3.1", OP, "recording.view", GATE, CRIME, YES, OFFENCE),
    asks("PM-3.1", OP, "recording.view", GATE, CRIME, "ground-missing"),
    asks("PM-3.15", OP, "recording.view", GATE, CRIME, "minimisation", OFFENCE, hours=3, hours_ago=4),
    asks("C-01", OP, "recording.view", GATE, CRIME, "retention-elapsed", OFFENCE, hours_ago=8 * 24),
    asks("MC-P.1", OP, "plate.search", GATE, CRIME, YES, OFFENCE, plate="AB123CD", hours=24, hours_ago=24),
    asks("MC-P.1", OP, "plate.search", GATE, CRIME, "ground-missing", plate="AB123CD"),
    asks("PM-1.3", OP, "plate.search", GATE, "integrated-plate-network", YES, OFFENCE, plate="AB123CD"),
    asks("PM-3.6", OP, "data.download", GATE, CRIME, "role-not-granted", OFFENCE),
    asks("PM-3.6", JUDICIAL, "data.download", GATE, CRIME, YES, OFFENCE),
    asks("PM-2.4", NO_ACT, "live.view", GATE, CRIME, "operator-act-missing"),
    asks("PM-2.2", NO_LIST, "live.view", GATE, CRIME, "operator-not-listed"),
    asks("PM-1.1", OP, "live.view", "c_g917/altrove", CRIME, "resource-unknown"),
    asks("LEV-32.1", OP, "live.view", "c_e542/porto", CRIME, "no-convention", controller="c_e542"),
    asks("BEL-1.2", OP, "live.view", "c_a752/municipio", CRIME, "no-convention", controller="c_a752"),
    asks("PM-1.4", AGENT, "live.view", GATE, "urban-security", YES),
    asks("PM-1.4", AGENT, "live.view", GATE, ORDER, "purpose-not-granted"),
    asks("PM-1.4", AGENT, "recording.view", GATE, ORDER, "purpose-not-granted", OFFENCE),
    asks("PM-1.4", INQUIRER, "recording.view", GATE, "police-investigation", YES, OFFENCE),
    asks("PM-3.6", INQUIRER, "data.download", GATE, "police-investigation", YES, OFFENCE),
    asks("PM-3.5", "c_g917/adm-1", "log.read", None, OVERSIGHT, YES),
    asks("PM-3.5", "c_g917/adm-1", "decision.replay", None, OVERSIGHT, YES),
    asks("PM-3.5", "c_g917/aud-1", "log.read", None, OVERSIGHT, "log-reader-not-allowed"),
    asks("PM-3.5", "c_g917/dpo-1", "log.read", None, OVERSIGHT, "log-reader-not-allowed"),
    asks("PM-3.5", OP, "log.read", None, CRIME, "log-reader-not-allowed"),
    asks("PM-3.5", OP, "log.read-own", None, CRIME, "log-reader-not-allowed"),
    asks("PM-3.5", "c_g917/adm-1", "live.view", GATE, OVERSIGHT, "class-not-granted"),
    asks("PM-3.16", OP, "data.modify", GATE, CRIME, "read-only"),
    asks("PM-3.15", OP, "inventory.list", GATE, CRIME, YES),
    asks("LEV-25.2", "c_e542/ag-301", "live.view", "c_e542/porto", "urban-security", YES, controller="c_e542"),
    asks("LEV-25.3", "c_e542/ag-301", "recording.view", "c_e542/porto", "urban-security", YES, controller="c_e542"),
    asks("LEV-38.6", "c_e542/rev-310", "log.read", None, OVERSIGHT, YES, controller="c_e542"),
    asks("LEV-8.1", "c_e542/ag-301", "live.view", "c_e542/scuola", "school-asset-protection", YES, controller="c_e542"),
    asks("LEV-32.1", "c_e542/ag-301", "live.view", GATE, "urban-security", "no-convention"),
    asks("BEL-1.1", "c_e542/ag-301", "live.view", "c_a752/municipio", CRIME, "no-convention", controller="c_a752"),
]


def caller(person, office="operator"):
    body = BodyId(person.split("/")[0])
    found = next((one.person for (_, name), one in state().snapshot.listed.items() if name == person), None)
    issuer, subject = (found.issuer, found.subject) if found is not None else ("issuer", "sub")
    session = Session(SessionId("s"), issuer, subject, body, "acr", "ws", NOW_UTC, NOW_UTC + timedelta(hours=8))
    return (Official if office == "official" else Operator)(PersonId(person), body, session)


def answer(question, standing=None):
    standing = standing or state()
    starts_utc = NOW_UTC - timedelta(hours=question.hours_ago)
    recorded = question.operation in ("recording.view", "data.download", "plate.search")
    case = Case(
        CaseId("c"), PersonId(question.person), Purpose(question.purpose), question.ground,
        question.reference, None, NOW_UTC, NOW_UTC + timedelta(hours=8),
    )  # fmt: skip
    asked = Asked(
        question.controller,
        question.operation,
        (question.camera,) if question.camera else (),
        starts=instant(starts_utc) if recorded else None,
        ends=instant(starts_utc + timedelta(hours=question.hours)) if recorded else None,
        plate=question.plate,
    )
    known = frozenset(standing.snapshot.controllers)
    request = read(asked, case, RequestId("r"), known, NOW_UTC)
    return decide(caller(question.person), request, standing, NOW_UTC)


@pytest.mark.requirement("PM-1.2", "PM-1.4", "PM-2.2", "PM-2.4", "PM-3.1", "PM-3.5", "PM-3.6", "PM-3.8", "PM-3.15")
@pytest.mark.requirement("PM-3.16", "MC-P.1", "LEV-8.1", "LEV-25.3", "LEV-32.1", "BEL-1.2")
@pytest.mark.parametrize(
    "question",
    TABLE,
    ids=lambda q: f"{q.row}-{q.person.split('/')[1]}-{q.operation}-{(q.camera or 'none').split('/')[-1]}-{q.expected}",
)
def test_the_documents_decide_as_the_demonstration_says(question):
    decided = answer(question)
    if question.expected is None:
        assert isinstance(decided, Permit), decided.reasons
    else:
        assert not isinstance(decided, Permit), decided.clauses
        assert decided.primary == Reason(question.expected), decided.reasons


def test_views_are_marked_and_silent_and_copies_are_exact():
    view = answer(asks("PM-3.17", OP, "live.view", GATE, CRIME, YES))
    copy = answer(asks("C-31", JUDICIAL, "data.download", GATE, CRIME, YES, OFFENCE))
    assert {"no-audio", "mark-view"} <= view.obligations
    assert "bit-exact" in copy.obligations
    assert "mark-view" not in copy.obligations


@pytest.mark.requirement("BEL-PR.2", "BEL-1.1")
def test_the_draft_of_bellinzago_is_sent_back():
    demo = SignedDemo()
    for text in demo.texts:
        demo.publish(text)
    [draft] = drafts(NOW_UTC)
    with pytest.raises(Fault) as sent_back:
        demo.publish(draft)
    assert sent_back.value.kind is FaultKind.DOCUMENT_CONTRADICTORY
    assert draft.id not in {found.document.id for found in demo.register.known()}


@pytest.mark.requirement("PM-6.4")
def test_a_suspension_ends_what_the_convention_grants_and_its_end_restores_it():
    demo = SignedDemo()
    for text in demo.texts:
        demo.publish(text)
    question = asks("PM-6.4", OP, "live.view", GATE, CRIME, YES)
    assert isinstance(answer(question, demo.state()), Permit)
    notice = {
        "format": "varco-document/1",
        "kind": "notice",
        "id": "c_g917/notice/sospensione",
        "version": "1",
        "title": "Sospensione",
        "valid_from": "2026-03-14",
        "on": "c_g917/convention/carabinieri",
        "act": "suspension",
        "by": "c_g917",
        "signs_as": "mayor",
        "reason": "verifica in corso",
        "effective_from": instant(NOW_UTC - timedelta(seconds=1)),
    }
    demo.publish(DemoDocument("suspension", notice))
    decided = answer(question, demo.state())
    assert decided.primary is Reason.CONVENTION_SUSPENDED
    untouched = answer(asks("PM-1.4", AGENT, "live.view", GATE, "urban-security", YES), demo.state())
    assert isinstance(untouched, Permit)


def test_every_list_in_force_is_read():
    lists = [found.document for found in published().register.known() if isinstance(found.document, OperatorList)]
    people = {person.id for listing in lists for person in listing.persons}
    assert {person for _, person in state().snapshot.listed} == people
