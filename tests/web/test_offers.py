"""What pages offer to choose from is what the deeds say; the case form knows what is missing."""

from datetime import timedelta
from functools import cache

import pytest

from broker.decision.snapshot import Snapshot
from broker.evidence import Operator, Refused, Session
from broker.routes.pages_frame import Section
from broker.web.case_form import CaseForm, Wrong, blank, filled
from broker.web.offers import Offer, cited, offers
from broker.web.render import environment
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, PersonId, RequestId, SessionId
from conventions.terms import Ground, Operation, Purpose, Reason
from tests.world.signed_demo import NOW_UTC, state

LATER = NOW_UTC + timedelta(hours=12)
OFFENCE = str(Ground.REPORTED_OR_DETECTED_OFFENCE)


@cache
def snapshot() -> Snapshot:
    return state().snapshot


def person(body: str, slug: str) -> Operator:
    session = Session(SessionId("s"), "http://issuer", slug, BodyId(body), "2", "loopback", NOW_UTC, LATER)
    return Operator(PersonId(f"{body}/{slug}"), BodyId(body), session)


def offered(body: str, slug: str) -> tuple[Offer, ...]:
    return offers(snapshot(), person(body, slug))


def test_an_operator_is_offered_the_controllers_that_list_the_person() -> None:
    assert [offer.controller for offer in offered("carabinieri-mantova", "op-101")] == ["c_g917"]


def test_a_person_on_no_list_is_offered_what_the_body_has_a_deed_with_so_that_the_refusal_is_written() -> None:
    assert [offer.controller for offer in offered("carabinieri-mantova", "op-199")] == ["c_g917"]


def test_purposes_of_a_plate_search_are_those_of_its_clause() -> None:
    (offer,) = offered("carabinieri-mantova", "op-101")
    purposes = offer.purposes(frozenset({Operation.PLATE_SEARCH}))
    assert Purpose.CRIME_PREVENTION_REPRESSION in purposes
    assert Purpose.LIVE_TRAFFIC_FLOW not in purposes, "that purpose opens live pictures only"


def test_gates_are_the_cameras_whose_transits_a_clause_opens() -> None:
    (offer,) = offered("carabinieri-mantova", "op-101")
    assert offer.gates == ("c_g917/varco-nord", "c_g917/varco-sud", "c_g917/varco-est")


def test_the_longest_recording_is_the_clauses_limit() -> None:
    (offer,) = offered("carabinieri-mantova", "op-101")
    assert offer.longest_recording(NOW_UTC) == timedelta(hours=2)


def test_a_clause_is_cited_by_article_and_text_and_one_that_is_not_in_force_is_left() -> None:
    known = "c_g917/convention/carabinieri@1#3.4"
    (said,) = cited(snapshot(), BodyId("carabinieri-mantova"), (known, "c_g917/convention/ignota@1#1"))
    assert said.startswith("art. 3, quarto capoverso, Convenzione fra il Comune di Porto Mantovano")


def form(plate: str = "AB123CD", last: Purpose | None = None) -> CaseForm:
    return blank(offered("carabinieri-mantova", "op-101"), last, "/", plate)


def test_the_purpose_used_last_comes_first_chosen() -> None:
    shown = form(last=Purpose.CIVIL_PROTECTION)
    assert shown.purposes[0] is Purpose.CIVIL_PROTECTION
    assert shown.purpose == Purpose.CIVIL_PROTECTION
    assert form().purpose is None, "nothing is chosen for a person who has not chosen before"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"finalita": "urban-security", "presupposto": OFFENCE, "riferimento": "RG 1/2026"}, ()),
        ({"finalita": "urban-security", "presupposto": OFFENCE, "modo": "segue"}, ()),
        ({"presupposto": OFFENCE, "riferimento": "RG 1/2026"}, (Wrong.PURPOSE,)),
        ({"finalita": "curiosity", "presupposto": OFFENCE, "riferimento": "RG 1/2026"}, (Wrong.PURPOSE,)),
        ({"finalita": "urban-security", "riferimento": "RG 1/2026"}, (Wrong.GROUND,)),
        ({"finalita": "urban-security", "presupposto": "", "riferimento": "RG 1/2026"}, (Wrong.GROUND,)),
        ({"finalita": "urban-security", "presupposto": OFFENCE}, (Wrong.REFERENCE,)),
        ({"finalita": "urban-security", "presupposto": OFFENCE, "riferimento": "---"}, (Wrong.REFERENCE,)),
        (
            {"finalita": "urban-security", "presupposto": "urban-security-public-order", "modo": "segue"},
            (Wrong.CANNOT_FOLLOW,),
        ),
        ({}, (Wrong.PURPOSE, Wrong.GROUND)),
    ],
)
@pytest.mark.requirement("PM-3.1", "MC-1.1c")
def test_the_case_form_says_what_is_wrong(fields: dict[str, str], wrong: tuple[Wrong, ...]) -> None:
    assert filled(form(), fields).wrong == wrong


def test_a_case_for_live_pictures_needs_no_ground() -> None:
    assert filled(form(plate=""), {"finalita": "urban-security", "presupposto": ""}).wrong == ()
    assert filled(form(), {"finalita": "urban-security", "presupposto": ""}).wrong == (Wrong.GROUND,)


def sections(section: Section) -> str:
    """The answer to a plate with one section, as a browser gets it."""
    shown = {"layout": "fragment.html", "asks_case": False, "is_plate": True, "shown_plate": "AB123CD"}
    span = type("Span", (), {"start_utc": NOW_UTC, "end_utc": LATER})
    page = environment("it", contact="il centralino").get_template("answer.html")
    return page.render(shown | {"sections": [section], "span": span, "names": {"c_g917": "Comune di Porto Mantovano"}})


def test_a_refusal_and_a_failure_do_not_look_alike() -> None:
    (offer,) = offered("carabinieri-mantova", "op-101")
    no = Refused(RequestId("0190"), BodyId("c_g917"), (Reason.GROUND_MISSING,), Reason.GROUND_MISSING, (), 7)
    refusal = sections(Section(offer, refused=no))
    failure = sections(Section(offer, fault=Fault(FaultKind.SOURCE_UNAVAILABLE, "down"), since_utc=NOW_UTC))
    assert 'class="refusal"' in refusal
    assert "A chi rivolgersi" in refusal
    assert "voce 7 del registro: Comune di Porto Mantovano" in refusal
    assert 'class="fault"' in failure
    assert "Registratore non raggiungibile" in failure
    assert "sab 14 mar, 10:26:53" in failure, "since when, in local time"
    assert "il centralino" in failure
    assert 'class="fault"' not in refusal
    assert 'class="refusal"' not in failure


def test_what_a_person_typed_is_escaped() -> None:
    (offer,) = offered("carabinieri-mantova", "op-101")
    no = Refused(RequestId("<b>"), BodyId("c_g917"), (Reason.GROUND_MISSING,), Reason.GROUND_MISSING, (), 7)
    assert "<b>" not in sections(Section(offer, refused=no))
