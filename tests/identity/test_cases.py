"""Cases: one purpose for good, a reference now or soon, one person only."""

from datetime import timedelta

import pytest

from broker.changes import CaseChanged, Changes, OperatorChanged
from broker.identity.acceptances import Acceptances
from broker.identity.cases import Cases
from broker.storage.tables import CaseRow
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CaseId, PersonId
from conventions.terms import Ground, Purpose

ANNA, BRUNO = PersonId("cc-mantova/op-7"), PersonId("cc-mantova/op-9")
OFFENCE = Ground.REPORTED_OR_DETECTED_OFFENCE


def opened(installation, **changes):
    given = {"reference": "P.G. 12/2026", **changes}
    return installation.cases.open(ANNA, Purpose.POLICE_INVESTIGATION, OFFENCE, **given)


def due(installation, minutes):
    return installation.clock.now_utc() + timedelta(minutes=minutes)


def test_a_case_is_used_by_its_person(installation):
    case = opened(installation, on_behalf_of="pattuglia 3")
    assert installation.cases.use(case.case_id, ANNA) == case
    assert installation.cases.open_of(ANNA) == (case,)
    assert "P.G." not in repr(case)


@pytest.mark.parametrize("person", [BRUNO, PersonId("cc-mantova"), PersonId("")])
def test_a_case_is_used_by_nobody_else(installation, person):
    case = opened(installation)
    with pytest.raises(Fault) as caught:
        installation.cases.use(case.case_id, person)
    with pytest.raises(Fault) as unknown:
        installation.cases.use(CaseId("none"), person)
    assert caught.value.args == unknown.value.args
    assert caught.value.kind is FaultKind.RESOURCE_UNKNOWN


def test_a_case_closes_after_eight_hours(installation):
    case = opened(installation)
    installation.clock.moved = timedelta(hours=8) - timedelta(seconds=5)
    installation.cases.use(case.case_id, ANNA)
    installation.clock.moved = timedelta(hours=8)
    with pytest.raises(Fault):
        installation.cases.use(case.case_id, ANNA)
    assert installation.cases.open_of(ANNA) == ()


@pytest.mark.requirement("PM-3.18")
@pytest.mark.parametrize("name", ["purpose", "ground", "person", "opened_utc", "on_behalf_of"])
def test_what_a_case_is_for_never_changes(installation, name):
    case = opened(installation, on_behalf_of="pattuglia 3")
    with installation.store.transaction() as transaction:
        setattr(transaction.get(CaseRow, case.case_id), name, "vehicle-investigation")
        with pytest.raises(ValueError, match=name):
            transaction.flush()
        transaction.rollback()
    assert installation.cases.use(case.case_id, ANNA) == case


@pytest.mark.requirement("PM-3.18")
def test_completing_a_case_changes_the_reference_alone(installation):
    case = opened(installation, reference=None, reference_due_utc=due(installation, 60))
    done = installation.cases.complete(case.case_id, ANNA, " P.G.  13/2026 ")
    assert done.reference == "P.G. 13/2026"
    assert (done.purpose, done.ground, done.opened_utc) == (case.purpose, case.ground, case.opened_utc)


@pytest.mark.requirement("PM-3.1")
def test_a_reference_that_does_not_come_is_overdue_until_it_does(installation):
    case = opened(installation, reference=None, reference_due_utc=due(installation, 60))
    now = installation.clock.now_utc
    assert installation.cases.overdue(ANNA, now()) == ()
    installation.clock.moved = timedelta(minutes=61)
    assert installation.cases.overdue(ANNA, now()) == (case.case_id,)
    assert installation.cases.overdue(BRUNO, now()) == ()
    restarted = Cases(installation.store, Changes(), installation.clock)
    assert restarted.overdue(ANNA, now()) == (case.case_id,)
    installation.clock.moved = timedelta(days=9)  # closed long ago; the debt stays
    installation.store.purge(now())
    told = []
    installation.changes.subscribe(told.append)
    installation.cases.complete(case.case_id, ANNA, "P.G. 13/2026")
    assert installation.cases.overdue(ANNA, now()) == ()
    assert told == [CaseChanged(case.case_id)]


def test_a_case_closed_early_is_not_used_again_and_owes_its_reference(installation):
    case = opened(installation, reference=None, reference_due_utc=due(installation, 60))
    later = opened(installation, reference=None, reference_due_utc=due(installation, 90))
    with pytest.raises(Fault):
        installation.cases.close(case.case_id, BRUNO)
    installation.cases.close(case.case_id, ANNA)
    for call in (installation.cases.use, installation.cases.close):
        with pytest.raises(Fault) as caught:
            call(case.case_id, ANNA)
        assert caught.value.kind is FaultKind.RESOURCE_UNKNOWN
    assert [owed.case_id for owed in installation.cases.pending_of(ANNA)] == [case.case_id, later.case_id]
    assert installation.cases.pending_of(BRUNO) == ()
    installation.cases.complete(case.case_id, ANNA, "P.G. 1")
    assert [owed.case_id for owed in installation.cases.pending_of(ANNA)] == [later.case_id]


def test_a_reference_is_completed_once_and_by_its_person(installation):
    case = opened(installation, reference=None, reference_due_utc=due(installation, 60))
    with pytest.raises(Fault) as caught:
        installation.cases.complete(case.case_id, BRUNO, "P.G. 1")
    assert caught.value.kind is FaultKind.RESOURCE_UNKNOWN
    installation.cases.complete(case.case_id, ANNA, "P.G. 1")
    with pytest.raises(Fault):
        installation.cases.complete(case.case_id, ANNA, "P.G. 2")
    assert installation.cases.use(case.case_id, ANNA).reference == "P.G. 1"


@pytest.mark.parametrize("reference", ["", " ", "x" * 121, "a\x00b", "a\N{RIGHT-TO-LEFT OVERRIDE}b"])
def test_a_reference_is_a_short_printable_text(installation, reference):
    with pytest.raises(Fault) as caught:
        opened(installation, reference=reference)
    assert caught.value.kind is FaultKind.REQUEST_MALFORMED


def test_a_reference_is_not_both_given_and_due(installation):
    with pytest.raises(Fault):
        opened(installation, reference_due_utc=due(installation, 60))


def test_a_reference_is_not_due_in_the_past(installation):
    with pytest.raises(Fault):
        opened(installation, reference=None, reference_due_utc=due(installation, -1))


def test_the_purpose_used_last_is_remembered(installation):
    assert installation.cases.last_purpose(ANNA) is None
    opened(installation)
    installation.cases.open(ANNA, Purpose.VEHICLE_INVESTIGATION, None, None)
    assert installation.cases.last_purpose(ANNA) is Purpose.VEHICLE_INVESTIGATION
    assert installation.cases.last_purpose(BRUNO) is None


def test_closed_cases_are_forgotten_after_a_day(installation):
    case = opened(installation)
    installation.store.purge(installation.clock.now_utc() + timedelta(hours=31))
    assert installation.store.cases.get(case.case_id) is not None
    installation.store.purge(installation.clock.now_utc() + timedelta(hours=33))
    assert installation.store.cases.get(case.case_id) is None


@pytest.mark.requirement("PM-2.10")
def test_instructions_are_accepted_version_by_version(installation):
    told = []
    installation.changes.subscribe(told.append)
    here, there = BodyId("c_g917"), BodyId("c_e542")
    installation.acceptances.accept(ANNA, here, "2026-1")
    installation.acceptances.accept(ANNA, here, "2026-1")
    for acceptances in (installation.acceptances, Acceptances(installation.store, Changes(), installation.clock)):
        assert acceptances.versions(ANNA, here) == {"2026-1"}
        assert not acceptances.versions(ANNA, there)
        assert not acceptances.versions(BRUNO, here)
    assert told[0] == OperatorChanged(ANNA)
