"""Terms and closed hours, also on the two nights on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import calendars
from conventions.faults import Fault, FaultKind
from conventions.schema import Calendar, parse
from conventions.spans import Span

ROME = ZoneInfo("Europe/Rome")
MINUTE = timedelta(minutes=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def calendar(**members) -> Calendar:
    plain = {
        "format": "varco-document/1",
        "kind": "calendar",
        "id": "c_e542/calendar/scuola",
        "version": "1",
        "title": "Scuola",
        "valid_from": "2026-01-01",
        "building": "Scuola",
        **members,
    }
    document = parse(plain)
    assert isinstance(document, Calendar)
    return document


def rome(*wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=ROME, fold=fold).astimezone(UTC)


SCHOOL = calendar(opening=[{"days": WEEK[:5], "opens": "08:00", "closes": "16:30"}])


@pytest.mark.requirement("LEV-8.1")
def test_a_school_camera_is_on_only_while_the_school_is_closed():
    wednesday = (2026, 5, 20)
    assert not calendars.active(SCHOOL, rome(*wednesday, 10))
    assert calendars.active(SCHOOL, rome(*wednesday, 7, 59))
    assert not calendars.active(SCHOOL, rome(*wednesday, 8, 0))
    assert not calendars.active(SCHOOL, rome(*wednesday, 16, 29))
    assert calendars.active(SCHOOL, rome(*wednesday, 16, 30))
    assert calendars.active(SCHOOL, rome(2026, 5, 23, 10))


@pytest.mark.requirement("LEV-8.1")
def test_a_holiday_keeps_the_school_closed():
    holiday = calendar(opening=[{"days": WEEK, "opens": "08:00", "closes": "16:30"}], closed_dates=["2026-06-02"])
    assert calendars.active(holiday, rome(2026, 6, 2, 10))
    assert not calendars.active(holiday, rome(2026, 6, 3, 10))


@pytest.mark.requirement("LEV-8.2")
def test_an_evening_event_keeps_the_camera_off():
    event = calendar(events=[{"date": "2026-05-20", "starts": "20:00", "ends": "22:00", "reason": "torneo"}])
    assert not calendars.active(event, rome(2026, 5, 20, 21))
    assert calendars.active(event, rome(2026, 5, 20, 22))
    span = Span(rome(2026, 5, 20, 19), rome(2026, 5, 20, 23))
    assert calendars.active_spans(event, span) == (
        Span(rome(2026, 5, 20, 19), rome(2026, 5, 20, 20)),
        Span(rome(2026, 5, 20, 22), rome(2026, 5, 20, 23)),
    )


@pytest.mark.requirement("BEL-5.3")
def test_a_closed_school_that_hosts_a_polling_station_stays_off():
    polling = calendar(
        opening=[{"days": WEEK[:5], "opens": "08:00", "closes": "16:30"}],
        polling=[{"date": "2026-05-24", "starts": "07:00", "ends": "23:00", "reason": "seggio"}],
    )
    assert not calendars.active(polling, rome(2026, 5, 24, 12))
    assert calendars.active(polling, rome(2026, 5, 24, 6, 59))
    assert calendars.active(polling, rome(2026, 5, 24, 23, 0))


def test_hours_that_end_before_they_start_end_on_the_next_day():
    night = calendar(events=[{"date": "2026-05-20", "starts": "22:00", "ends": "02:00", "reason": "veglia"}])
    assert not calendars.active(night, rome(2026, 5, 21, 1, 59))
    assert calendars.active(night, rome(2026, 5, 21, 2))


def test_both_readings_of_the_hour_that_comes_twice_are_closed():
    event = calendar(events=[{"date": AUTUMN.isoformat(), "starts": "01:00", "ends": "02:30", "reason": "veglia"}])
    assert not calendars.active(event, rome(2026, 10, 25, 2, 29, fold=0))
    assert not calendars.active(event, rome(2026, 10, 25, 2, 29, fold=1))
    assert not calendars.active(event, rome(2026, 10, 25, 2, 45, fold=0))  # between the readings: the stricter counts
    assert calendars.active(event, rome(2026, 10, 25, 2, 30, fold=1))


def test_an_hour_that_does_not_exist_is_read_both_ways():
    event = calendar(events=[{"date": SPRING.isoformat(), "starts": "02:30", "ends": "04:00", "reason": "veglia"}])
    assert not calendars.active(event, rome(2026, 3, 29, 3, 0))
    assert not calendars.active(event, rome(2026, 3, 29, 3, 59))
    assert calendars.active(event, rome(2026, 3, 29, 4, 0))


def test_the_next_change_is_the_end_of_what_holds_now():
    assert calendars.next_change_after(SCHOOL, rome(2026, 5, 20, 10)) == rome(2026, 5, 20, 16, 30)
    assert calendars.next_change_after(SCHOOL, rome(2026, 5, 20, 17)) == rome(2026, 5, 21, 8)
    assert calendars.next_change_after(calendar(), rome(2026, 5, 20, 17)) is None


def test_a_question_over_years_is_refused_not_computed():
    with pytest.raises(Fault) as caught:
        calendars.active_spans(SCHOOL, Span(rome(1990, 1, 1), rome(2026, 1, 1)))
    assert caught.value.kind is FaultKind.REQUEST_MALFORMED
    for edge in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        with pytest.raises(Fault):
            calendars.active(SCHOOL, edge)


WALL = st.builds(lambda h, m: f"{h:02d}:{m:02d}", st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59])) | st.just(
    "24:00"
)
NEAR = st.sampled_from([SPRING, AUTUMN, date(2026, 7, 1)]).flatmap(
    lambda day: st.integers(-2, 2).map(lambda shift: (day, day + timedelta(days=shift)))
)
DATED = st.builds(lambda day, a, b: {"date": day, "starts": a, "ends": b, "reason": "x"}, st.none(), WALL, WALL)
WEEKLY = st.builds(
    lambda days, a, b: {"days": days, "opens": a, "closes": b},
    st.lists(st.sampled_from(WEEK), min_size=1, max_size=3, unique=True),
    WALL,
    WALL,
)


def closed_by_the_minute(document: Calendar, at_utc: datetime) -> bool:
    """Slow and obvious: within some interval under some reading of its two wall times."""

    def minutes(wall):
        return int(wall[:2]) * 60 + int(wall[3:])

    intervals = [(date.fromisoformat(e.date), e.starts, e.ends) for e in (*document.events, *document.polling)]
    today = at_utc.astimezone(ROME).date()
    for shift in (-2, -1, 0):
        day = today + timedelta(days=shift)
        if day.isoformat() not in document.closed_dates:
            intervals += [(day, h.opens, h.closes) for h in document.opening if WEEK[day.weekday()] in h.days]
    for day, starts, ends in intervals:
        first, last = minutes(starts), minutes(ends)
        last += 1440 * (1 + (first - last) // 1440) if last <= first else 0
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a wall time, given both readings below)
        for start_fold in (0, 1):
            for end_fold in (0, 1):
                start = (midnight + first * MINUTE).replace(tzinfo=ROME, fold=start_fold).astimezone(UTC)
                end = (midnight + last * MINUTE).replace(tzinfo=ROME, fold=end_fold).astimezone(UTC)
                if start <= at_utc < end:
                    return True
    return False


@given(NEAR, st.lists(WEEKLY, max_size=2), st.lists(DATED, max_size=2), st.booleans())
def test_active_spans_agree_with_a_minute_by_minute_count(near, weekly, dated, shut):
    change, day = near
    document = calendar(
        opening=weekly,
        events=[{**entry, "date": day.isoformat()} for entry in dated],
        closed_dates=[change.isoformat()] if shut else [],
    )
    start_utc = rome(change.year, change.month, change.day) - timedelta(hours=4)
    span = Span(start_utc, start_utc + timedelta(hours=30))
    found = calendars.active_spans(document, span)
    assert all(piece.end_utc < after.start_utc for piece, after in pairwise(found))
    for count in range(0, 30 * 60, 7):
        at_utc = start_utc + count * MINUTE
        expected = not closed_by_the_minute(document, at_utc)
        assert calendars.active(document, at_utc) is expected
        assert any(at_utc in piece for piece in found) is expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-01-31", "P1M", rome(2026, 2, 28)),
        ("2024-02-29", "P1Y", rome(2025, 2, 28)),
        ("2026-03-28", "P1M", rome(2026, 4, 28)),
        (rome(2026, 3, 28, 12), "P1D", rome(2026, 3, 29, 13)),
        (rome(2026, 3, 28, 12), "P1M", rome(2026, 4, 28, 12)),
        ("2026-01-01", "P2Y3M4DT5H6M", rome(2028, 4, 5, 5, 6)),
    ],
)
def test_durations(start, duration, expected):
    assert calendars.add_duration(start, duration) == expected


def test_a_duration_beyond_the_last_year_stops_there():
    assert calendars.add_duration("9999-01-01", "P9999Y").year == 9999
    assert calendars.add_duration("0002-01-01", "P9999Y", back=True).year == 1
    assert calendars.add_duration("9999-12-31", "P99999D").year == 9999


@pytest.mark.requirement("LEV-31.6")
def test_three_months_back_are_clamped_to_the_end_of_the_month():
    assert calendars.add_duration(rome(2026, 5, 31, 9), "P3M", back=True) == rome(2026, 2, 28, 9)


@pytest.mark.requirement("BEL-6.1")
def test_seventy_two_hours_are_exact_over_the_change_of_clocks():
    assert calendars.add_duration(rome(2026, 3, 30, 12), "PT72H", back=True) == rome(2026, 3, 27, 11)


@pytest.mark.parametrize("wrong", ["", "P", "PT", "P1DT", "1D", "P-1D", "P1W", "P1.5D", "p1d", "P1D\n"])
def test_what_is_no_duration_is_refused(wrong):
    with pytest.raises(Fault):
        calendars.parts(wrong)


def test_a_date_ends_at_midnight_local():
    assert calendars.end_of_day("2026-03-29") - calendars.start_of_day("2026-03-29") == timedelta(hours=23)
    assert calendars.end_of_day("2026-10-25") - calendars.start_of_day("2026-10-25") == timedelta(hours=25)
    assert calendars.local_date(calendars.end_of_day("2026-10-25")) == date(2026, 10, 26)
