"""The demonstration documents: each is accepted by the schema, dated from now, and says what the scenarios need."""

import hashlib
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from conventions.calendars import active, end_of_day, local_date, start_of_day
from conventions.canonical import digest
from conventions.demo import ISSUER_BODIES, accounts, certificates, documents, drafts, signer_roles
from conventions.demo.filling import date_at, fill, instant_at
from conventions.identifiers import BodyId
from conventions.schema import (
    AppointmentAct,
    Calendar,
    Convention,
    DpoOpinion,
    EventWindow,
    FrameworkProtocol,
    OperatorList,
    Regulation,
    Trust,
    parse,
)
from conventions.signers import required
from conventions.spans import parse_instant
from conventions.terms import Operation, Purpose, Role

NOW_UTC = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
ISSUERS = {body: f"http://127.0.0.1:9/{body}" for body in ISSUER_BODIES}
DOCUMENTS = documents(NOW_UTC, ISSUERS, public_jwk='{"kty":"OKP"}')
PARSED = {document.id: parse(document.plain) for document in DOCUMENTS}
MOMENTS = (
    NOW_UTC,
    datetime(2024, 2, 29, 23, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2027, 1, 1, 0, 0, tzinfo=UTC),
)


def of_kind(kind):
    return [document for document in PARSED.values() if isinstance(document, kind)]


def regulation(body) -> Regulation:
    return next(document for document in of_kind(Regulation) if document.body == body)


@pytest.mark.parametrize("now_utc", MOMENTS, ids=str)
def test_every_text_is_accepted_whenever_the_demonstration_starts(now_utc):
    for document in documents(now_utc, ISSUERS) + drafts(now_utc):
        parse(document.plain)


@pytest.mark.parametrize("now_utc", MOMENTS, ids=str)
def test_every_published_text_is_in_force_now(now_utc):
    for document in documents(now_utc, ISSUERS):
        text = parse(document.plain)
        assert start_of_day(text.valid_from) <= now_utc, document.id
        assert text.valid_until is None or now_utc < end_of_day(text.valid_until), document.id


def test_ids_and_names_are_unique_and_no_instruction_is_left():
    assert len(PARSED) == len(DOCUMENTS) == len({document.name for document in DOCUMENTS})
    assert '"@' not in str([document.plain for document in DOCUMENTS]).replace("'", '"')


def test_each_text_comes_after_those_that_it_names():
    seen = set()
    for document in DOCUMENTS:
        plain = document.plain
        cited = {plain.get("rests_on"), plain.get("under")}
        assert cited - {None} <= seen, document.id
        seen.add(document.id)


def test_acts_name_listed_persons_and_stay_within_their_level():
    for act in of_kind(AppointmentAct):
        home = regulation(act.controller)
        levels = {level.name: set(level.operations) for level in home.levels}
        [person] = [
            person
            for listing in of_kind(OperatorList)
            if listing.controller == act.controller
            for person in listing.persons
            if person.id == act.person
        ]
        assert set(act.operations) <= levels[person.level], act.id


@pytest.mark.requirement("PM-2.4")
def test_one_listed_operator_has_no_act():
    acts = {act.person for act in of_kind(AppointmentAct)}
    listed = {person.id for listing in of_kind(OperatorList) for person in listing.persons}
    assert listed - acts == {"carabinieri-mantova/op-103"}


@pytest.mark.requirement("PM-2.2")
def test_one_account_at_the_provider_stands_on_no_list():
    subjects = {(ISSUERS[body], person.sub) for body, persons in accounts().items() for person in persons}
    bound = {(person.issuer, person.subject) for listing in of_kind(OperatorList) for person in listing.persons}
    assert subjects - bound == {(ISSUERS["carabinieri-mantova"], "op-199")}
    assert bound <= subjects


def test_the_corps_without_a_provider_is_vouched_for_by_the_town():
    [trust] = of_kind(Trust)
    vouched = {entry.issuer: set(entry.bodies) for entry in trust.issuers}
    assert vouched[ISSUERS["c_g917"]] == {"c_g917", "polizia-locale-mantova-nord"}
    assert vouched[ISSUERS["carabinieri-mantova"]] == {"carabinieri-mantova"}
    for listing in of_kind(OperatorList):
        assert all(listing.body in vouched[person.issuer] for person in listing.persons)


def test_the_trust_document_takes_the_machine_key_and_the_anchors():
    [with_key] = of_kind(Trust)
    assert with_key.enforcement_points[0].public_jwk == '{"kty":"OKP"}'
    anchor = {"name": "ca", "bodies": ["c_g917"], "certificate_pem": "-----BEGIN CERTIFICATE-----\n"}
    [plain] = [d.plain for d in documents(NOW_UTC, ISSUERS, anchors=(anchor,)) if d.plain["kind"] == "trust"]
    assert parse(plain).enforcement_points == ()
    assert parse(plain).anchors[0].name == "ca"


@pytest.mark.parametrize("body", ["c_g917", "c_e542", "c_a752"])
def test_clauses_stay_within_their_regulation(body):
    home = regulation(body)
    purposes = {entry.purpose for entry in home.purposes}
    cameras = {camera.id for camera in home.cameras}
    clauses = list(home.own) + [c for d in of_kind(Convention) if d.controller == body for c in d.clauses]
    assert clauses
    for clause in clauses:
        assert set(clause.operations) <= set(home.operations), clause.number
        assert set(clause.purposes) <= purposes, clause.number
        assert set(clause.cameras) <= cameras, clause.number
    for level in home.levels:
        assert set(level.operations) <= set(home.operations), level.name


@pytest.mark.requirement("PM-1.4")
def test_purposes_of_a_clause_suit_the_type_of_its_body():
    for listing in of_kind(OperatorList):
        home = regulation(listing.controller)
        types = {entry.purpose: set(entry.org_types) for entry in home.purposes}
        clauses = home.own if listing.body == home.body else PARSED[listing.under].clauses
        for clause in clauses:
            for purpose in clause.purposes:
                assert listing.org_type in types[purpose], (listing.id, clause.number, purpose)


@pytest.mark.requirement("PM-1.4")
def test_local_police_has_no_public_order_purpose_and_state_police_has():
    corps = {p for c in PARSED["c_g917/convention/polizia-locale"].clauses for p in c.purposes}
    force = {p for c in PARSED["c_g917/convention/carabinieri"].clauses for p in c.purposes}
    assert Purpose.PUBLIC_ORDER_SECURITY not in corps
    assert {Purpose.URBAN_SECURITY, Purpose.POLICE_INVESTIGATION} <= corps
    assert {Purpose.PUBLIC_ORDER_SECURITY, Purpose.URBAN_SECURITY, Purpose.LIVE_TRAFFIC_FLOW} <= force


@pytest.mark.requirement("LEV-8.1")
def test_the_school_of_the_demonstration_is_always_open():
    calendar = PARSED["c_g917/calendar/scuola"]
    assert isinstance(calendar, Calendar)
    assert not any(active(calendar, NOW_UTC + timedelta(minutes=minutes)) for minutes in range(0, 14 * 1440, 37))
    [school] = [camera for camera in regulation("c_g917").cameras if camera.calendar == calendar.id]
    assert school.id == "c_g917/scuola"


def test_the_school_of_levanto_opens_and_closes():
    calendar = PARSED["c_e542/calendar/scuola"]
    monday_morning_utc = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    assert not active(calendar, monday_morning_utc)
    assert active(calendar, monday_morning_utc + timedelta(hours=12))


@pytest.mark.requirement("PM-1.2")
def test_the_event_window_is_open_on_the_gates_and_the_square_is_left_out():
    [window] = of_kind(EventWindow)
    assert parse_instant(window.starts) <= NOW_UTC < parse_instant(window.ends)
    assert set(window.cameras) == {"c_g917/varco-nord", "c_g917/varco-sud", "c_g917/varco-est"}
    event_clauses = [c for c in PARSED["c_g917/convention/carabinieri"].clauses if c.window == "event"]
    assert {purpose for clause in event_clauses for purpose in clause.purposes} == {Purpose.LIVE_TRAFFIC_FLOW}
    outside = [c for c in PARSED["c_g917/convention/carabinieri"].clauses if c.window == "any"]
    live = [c for c in outside if Operation.LIVE_VIEW in c.operations]
    assert all(Purpose.LIVE_TRAFFIC_FLOW not in clause.purposes for clause in live)


@pytest.mark.requirement("PM-3.1")
def test_recordings_and_plates_ask_for_a_ground():
    for document in of_kind(Convention):
        for clause in document.clauses:
            opens = {Operation.RECORDING_VIEW, Operation.PLATE_SEARCH, Operation.DATA_DOWNLOAD} & set(clause.operations)
            assert bool(clause.grounds) == bool(opens), (document.id, clause.number)


@pytest.mark.requirement("PM-3.6")
def test_copies_are_for_judicial_police_only():
    for document in of_kind(Convention):
        for clause in document.clauses:
            if {Operation.DATA_DOWNLOAD, Operation.RECORDING_EXTRACT} & set(clause.operations):
                assert clause.qualification == "judicial-police-qualified"
                assert "bit-exact" in clause.obligations


@pytest.mark.requirement("PM-3.5")
def test_only_the_administrator_reads_the_logs_of_porto_mantovano():
    home = regulation("c_g917")
    assert home.configuration.log_readers == (Role.SYSTEM_ADMINISTRATOR,)
    assert home.configuration.log_read_own == "off"
    assert home.configuration.log_online == "P180D"
    readers = {role for clause in home.own if Operation.LOG_READ in clause.operations for role in clause.roles}
    assert readers == {Role.SYSTEM_ADMINISTRATOR}


@pytest.mark.requirement("PM-6.1", "PM-6.2")
def test_the_convention_runs_two_years_and_renews_itself():
    deed = PARSED["c_g917/convention/carabinieri"]
    assert isinstance(deed, Convention)
    assert (deed.valid_from, deed.valid_until) == ("2025-05-18", "2027-05-17")
    assert (deed.renewal, deed.notice_period) == ("auto-same-term", "P3M")
    assert {party.notice_address for party in deed.parties} == {"protocollo@pec.example", "comando@pec.example"}


@pytest.mark.requirement("MC-3.3a")
def test_opinions_are_on_the_exact_texts():
    plains = {document.id: document.plain for document in DOCUMENTS}
    opinions = of_kind(DpoOpinion)
    assert {opinion.on for opinion in opinions} == {document.id for document in of_kind(Convention)}
    for opinion in opinions:
        assert opinion.on_sha256 == digest(plains[opinion.on])
        assert opinion.valid_from <= PARSED[opinion.on].valid_from


@pytest.mark.requirement("MC-2.1", "MC-2.2", "MC-4.1")
def test_the_framework_names_its_annex_and_has_no_clause():
    [framework] = of_kind(FrameworkProtocol)
    annex = files("conventions.demo") / "macerata" / "allegato-tecnico.txt"
    assert framework.annexes[0].sha256 == hashlib.sha256(annex.read_bytes()).hexdigest()
    assert framework.renewal == "none"
    assert not hasattr(framework, "clauses")
    assert len(framework.controllers) == 3


@pytest.mark.requirement("BEL-PR.2")
def test_the_draft_of_bellinzago_asks_for_an_excluded_purpose_and_is_not_published():
    [draft] = drafts(NOW_UTC)
    text = parse(draft.plain)
    excluded = set(regulation("c_a752").purposes_excluded)
    assert {purpose for clause in text.clauses for purpose in clause.purposes} <= excluded
    assert regulation("c_a752").configuration.police_access == "media-only"
    assert draft.id not in PARSED


def test_what_no_source_holds_says_so():
    invented = ("regulation/videosorveglianza", "convention/polizia-locale", "calendar/scuola")
    for document in (PARSED[f"c_g917/{rest}"] for rest in invented):
        assert document.invented
        assert "INVENTAT" in document.title.upper()


def test_levanto_has_no_deed_with_the_carabinieri():
    assert not [d for d in of_kind(Convention) if d.controller == "c_e542"]
    bodies = {listing.body for listing in of_kind(OperatorList) if listing.controller == "c_e542"}
    assert bodies == {"c_e542"}


def test_every_signer_has_a_certificate_and_both_parties_sign():
    held = set(certificates(DOCUMENTS))
    for document in DOCUMENTS + drafts(NOW_UTC):
        signers = signer_roles(document.plain)
        assert signers
        assert set(signers) <= held, document.id
    both = {signer.body for signer in signer_roles(PARSED["c_g917/convention/carabinieri"].model_dump())}
    assert both == {"c_g917", "carabinieri-mantova"}


def test_the_signers_are_those_that_the_table_requires():
    for document in DOCUMENTS + drafts(NOW_UTC):
        needed = required(parse(document.plain), PARSED.get)
        signers = list(signer_roles(document.plain))
        assert len(needed) == len(signers), document.id
        for each in needed:
            assert any(each.met_by(BodyId(signer.body), signer.role) for signer in signers), (document.id, str(each))


def test_filling_moves_dates_by_calendar_years_and_instants_exactly():
    assert date_at(datetime(2024, 2, 29, 12, tzinfo=UTC), "+1y -1d") == "2025-02-27"
    assert date_at(datetime(2026, 3, 14, 23, 30, tzinfo=UTC), "") == local_date(NOW_UTC + timedelta(days=1)).isoformat()
    assert instant_at(NOW_UTC, "-1d +2h") == "2026-03-13T11:26:00.000000Z"


@pytest.mark.parametrize("wrong", ["@data -1d", "@date 3d", "@date -1h", "@instant -1y", "@instant yesterday"])
def test_an_instruction_that_is_wrong_is_an_error(wrong):
    instructions = {"date": lambda text: date_at(NOW_UTC, text), "instant": lambda text: instant_at(NOW_UTC, text)}
    with pytest.raises(ValueError, match=r"instruction|distance|moves"):
        fill({"a": [wrong]}, instructions)
