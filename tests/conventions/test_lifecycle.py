"""The life of a convention: the table, the term, and what notices do to both."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import lifecycle
from conventions.calendars import end_of_day, start_of_day
from conventions.lifecycle import TERMINAL, TRANSITIONS, Event, State, state_of
from conventions.schema import Notice, parse
from conventions.spans import instant
from policies.books import Books
from tests.conventions.test_signers import DEED, MAYOR, notice
from tests.conventions.town import NOW, changed, text

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def plain(town):
    return changed(text(town, DEED), valid_from="2024-03-15", valid_until="2026-03-14")


def read_notice(act, at_utc, slug="n1", **members) -> Notice:
    document = parse(notice(act, *MAYOR, at_utc=at_utc, slug=slug, **members))
    assert isinstance(document, Notice)
    return document


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


def test_terminal_states_are_left_by_nothing():
    assert not [row for row in TRANSITIONS if row[0] in TERMINAL]


def test_every_state_is_reached_from_a_draft():
    reached, front = {State.DRAFT}, {State.DRAFT}
    while front:
        front = {to for (state, _), to in TRANSITIONS.items() if state in front} - reached
        reached |= front
    assert reached == set(State)


def test_every_event_moves_something():
    assert {event for _, event in TRANSITIONS} == set(Event)


@pytest.mark.requirement("PM-P.4")
def test_signed_by_one_party_only_it_awaits_signature(plain, register):
    deed = parse(plain)
    assert state_of(deed, at(2025, 1, 1), signed=False) is State.DRAFT
    opinions = register.opinions(DEED)
    assert state_of(deed, at(2025, 1, 1), signed=False, opinions=opinions) is State.AWAITING_SIGNATURE
    assert state_of(deed, at(2025, 1, 1), signed=True, opinions=opinions) is State.ACTIVE


def test_signed_before_its_term_it_is_not_yet_active(plain):
    assert state_of(parse(plain), start_of_day("2024-03-15") - DAY, signed=True) is State.SIGNED
    assert state_of(parse(plain), start_of_day("2024-03-15"), signed=True) is State.ACTIVE


@pytest.mark.requirement("PM-6.1")
def test_without_renewal_it_expires_at_the_end_of_its_last_day(plain):
    deed = parse(changed(plain, renewal="by-agreement"))
    end_utc = end_of_day("2026-03-14")
    assert state_of(deed, end_utc - timedelta(microseconds=1), signed=True) is State.ACTIVE
    assert state_of(deed, end_utc, signed=True) is State.EXPIRED


@pytest.mark.requirement("PM-6.2")
def test_a_notice_in_time_ends_it_at_its_term(plain):
    deed = parse(plain)
    deadline_utc = lifecycle.notice_deadline_utc(deed)
    assert deadline_utc == start_of_day("2025-12-15")
    notices = [read_notice("non-renewal", deadline_utc)]
    assert state_of(deed, at(2026, 1, 1), signed=True, notices=notices) is State.ACTIVE_NON_RENEWAL
    assert state_of(deed, end_of_day("2026-03-14"), signed=True, notices=notices) is State.EXPIRED


@pytest.mark.requirement("PM-6.2")
def test_a_notice_one_day_late_does_not_stop_the_renewal(plain):
    deed = parse(plain)
    notices = [read_notice("non-renewal", start_of_day("2025-12-15") + DAY)]
    assert state_of(deed, end_of_day("2026-03-14"), signed=True, notices=notices) is State.ACTIVE
    assert lifecycle.term(deed, notices).end_utc == end_of_day("2028-03-14")
    assert state_of(deed, end_of_day("2028-03-14"), signed=True, notices=notices) is State.EXPIRED


def test_a_term_of_days_renews_for_as_many_days(plain):
    deed = parse(changed(plain, valid_from="2026-01-01", valid_until="2026-01-10"))
    assert lifecycle.term(deed).end_utc == end_of_day("2026-01-20")
    open_ended = parse({name: value for name, value in plain.items() if name != "valid_until"})
    assert lifecycle.term(open_ended).end_utc is None
    assert lifecycle.notice_deadline_utc(open_ended) is None


@pytest.mark.parametrize("renewal", ["auto-same-term", "by-agreement"])
@pytest.mark.parametrize("noticed", [start_of_day("2025-12-15"), start_of_day("2025-12-16")], ids=["in time", "late"])
@pytest.mark.parametrize("last", ["2026-03-14", "2026-03-20"])
def test_rules_end_when_the_term_does(plain, renewal, noticed, last):
    """The generator counts terms by its own words: both must come to the same instant."""
    deed = parse(changed(plain, renewal=renewal, valid_until=last))
    declined = read_notice("non-renewal", noticed)
    books = Books([(deed, ""), (declined, "")])
    assert [version.end for version in books.granting] == [instant(lifecycle.term(deed, [declined]).end_utc)]


@pytest.mark.requirement("PM-6.3")
def test_a_withdrawal_takes_effect_at_its_instant(plain):
    deed, effective_utc = parse(plain), at(2025, 6, 1)
    notices = [read_notice("withdrawal", effective_utc)]
    assert state_of(deed, effective_utc - DAY, signed=True, notices=notices) is State.ACTIVE
    assert state_of(deed, effective_utc, signed=True, notices=notices) is State.WITHDRAWN
    assert state_of(deed, at(2030, 1, 1), signed=True, notices=notices) is State.WITHDRAWN


@pytest.mark.requirement("PM-6.4")
@pytest.mark.requirement("MC-3.2b")
def test_a_suspension_lasts_until_its_end(plain):
    deed = parse(plain)
    notices = [
        read_notice("suspension", at(2025, 6, 1)),
        read_notice("suspension-end", at(2025, 7, 1), slug="n2", ends="c_g917/notice/n1"),
    ]
    states = [state_of(deed, when, signed=True, notices=notices) for when in (at(2025, 5, 31), at(2025, 6, 1))]
    assert states == [State.ACTIVE, State.SUSPENDED]
    assert state_of(deed, at(2025, 7, 1), signed=True, notices=notices) is State.ACTIVE
    assert state_of(deed, at(2025, 7, 1), signed=True, notices=notices[:1]) is State.SUSPENDED


def test_two_suspensions_that_overlap_are_one(plain):
    deed = parse(plain)
    notices = [
        read_notice("suspension", at(2025, 6, 1)),
        read_notice("suspension", at(2025, 6, 10), slug="n2"),
        read_notice("suspension-end", at(2025, 6, 20), slug="n3", ends="c_g917/notice/n1"),
    ]
    assert state_of(deed, at(2025, 6, 25), signed=True, notices=notices) is State.SUSPENDED
    ended = [*notices, read_notice("suspension-end", at(2025, 6, 30), slug="n4", ends="c_g917/notice/n2")]
    assert state_of(deed, at(2025, 6, 25), signed=True, notices=ended) is State.SUSPENDED
    assert state_of(deed, at(2025, 6, 30), signed=True, notices=ended) is State.ACTIVE


def test_a_suspension_does_not_undo_a_notice_of_non_renewal(plain):
    notices = [
        read_notice("non-renewal", at(2025, 6, 1)),
        read_notice("suspension", at(2025, 7, 1), slug="n2"),
        read_notice("suspension-end", at(2025, 8, 1), slug="n3", ends="c_g917/notice/n2"),
    ]
    assert state_of(parse(plain), at(2025, 9, 1), signed=True, notices=notices) is State.ACTIVE_NON_RENEWAL


def test_a_suspension_that_ends_before_the_term_begins_opens_nothing(plain):
    notices = [
        read_notice("suspension", at(2024, 1, 1)),
        read_notice("suspension-end", at(2024, 2, 1), slug="n2", ends="c_g917/notice/n1"),
    ]
    assert state_of(parse(plain), at(2024, 2, 2), signed=True, notices=notices) is State.SIGNED
    assert state_of(parse(plain), at(2024, 4, 1), signed=True, notices=notices) is State.ACTIVE


def test_a_notice_about_another_deed_changes_nothing(plain):
    notices = [read_notice("withdrawal", at(2025, 6, 1), on="c_g917/convention/altra")]
    assert state_of(parse(plain), at(2025, 9, 1), signed=True, notices=notices) is State.ACTIVE


@pytest.mark.requirement("MC-2.1")
def test_a_framework_is_never_active(town):
    framework = parse(text(town, "c_e783/framework-protocol/targhe-intercomunali"))
    days = range(-400, 900, 30)
    states = {state_of(framework, NOW + count * DAY, signed=True) for count in days}
    assert states == {State.SIGNED, State.EXPIRED}


ACTS = st.sampled_from(["suspension", "non-renewal", "withdrawal", "unilateral-withdrawal"])


@given(st.integers(-100, 300), st.integers(1, 300), st.integers(-150, 900))
def test_outside_its_term_nothing_is_granted_and_a_framework_never_grants(town, plain, start, length, day_count):
    framework = parse(text(town, "c_e783/framework-protocol/targhe-intercomunali"))
    deed = parse(changed(plain, renewal="by-agreement"))
    for document in (deed, framework):
        term = lifecycle.term(document)
        at_utc = term.start_utc + day_count * DAY
        starts_utc = term.start_utc + start * DAY
        notices = [
            read_notice("suspension", starts_utc, on=document.id),
            read_notice(
                "suspension-end", starts_utc + length * DAY, slug="n2", ends="c_g917/notice/n1", on=document.id
            ),
        ]
        state = state_of(document, at_utc, signed=True, notices=notices)
        inside = term.start_utc <= at_utc < term.end_utc
        suspended = starts_utc <= at_utc < starts_utc + length * DAY
        assert (state in lifecycle.GRANTING) is (document is deed and inside and not suspended)


@given(st.lists(st.tuples(ACTS, st.integers(0, 1500)), max_size=5), st.integers(0, 1600))
def test_no_notice_ever_opens_what_was_closed(plain, acts, day_count):
    """With more notices a deed never grants where with fewer it did not."""
    deed, at_utc = parse(plain), start_of_day("2024-03-01") + day_count * DAY
    notices = [
        read_notice(act, start_of_day("2024-03-01") + count * DAY, slug=f"n{number}")
        for number, (act, count) in enumerate(acts)
    ]
    granting = [
        state_of(deed, at_utc, signed=True, notices=notices[:count]) in lifecycle.GRANTING
        for count in range(len(notices) + 1)
    ]
    assert granting == sorted(granting, reverse=True)
    assert instant(at_utc)
