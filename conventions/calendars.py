"""Local time made exact: terms and durations in the controller's zone, and when a calendar lets a camera be on.

Pure. Hours and days are exact (a day is 24 h), months and years are calendar and clamped to the month's end. A wall
time that exists twice or not at all is read both ways, and the stricter reading counts: closed from the earliest
start to the latest end. Source: design 4 ("Time and place"); LEV-8.1, LEV-8.2, BEL-5.3, C-29.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from conventions.faults import Fault, FaultKind
from conventions.schema import Calendar
from conventions.spans import Span

ZONE = ZoneInfo("Europe/Rome")
LONGEST_SPAN = timedelta(days=400)
"""What one question to a calendar may cover; a longer one is refused rather than computed."""

_EARLIEST_UTC = datetime.min.replace(tzinfo=UTC)
_LATEST_UTC = datetime.max.replace(tzinfo=UTC)
_DURATION = re.compile(
    r"P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?)?\Z",
    re.ASCII,
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def start_of_day(day: str | date) -> datetime:
    """00:00 local of a date, as an instant."""
    given = date.fromisoformat(day) if isinstance(day, str) else day
    try:
        return datetime.combine(given, time(), ZONE).astimezone(UTC)
    except OverflowError:
        return _EARLIEST_UTC


def end_of_day(day: str | date) -> datetime:
    """24:00 local of a date, as an instant: where a term or a date ends."""
    given = date.fromisoformat(day) if isinstance(day, str) else day
    return _LATEST_UTC if given == date.max else start_of_day(given + timedelta(days=1))


def local_date(at_utc: datetime) -> date:
    """The date on the controller's wall at an instant."""
    try:
        return at_utc.astimezone(ZONE).date()
    except OverflowError:
        return at_utc.date()


@lru_cache(maxsize=1024)
def parts(duration: str) -> tuple[int, timedelta]:
    """Split an ISO 8601 duration into calendar months and exact time.

    Raises:
        Fault: ``document-malformed`` for any other form.
    """
    match = _DURATION.match(duration)
    if match is None or duration in ("P", "PT") or duration.endswith("T"):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not a duration", where=duration[:32])
    number = {name: int(text or 0) for name, text in match.groupdict().items()}
    exact = timedelta(days=number["days"], hours=number["hours"], minutes=number["minutes"])
    return number["years"] * 12 + number["months"], exact


def add_months(day: date, months_count: int) -> date:
    """The same day some calendar months later (or earlier), clamped to the month's end and to years 1 to 9999."""
    index = day.year * 12 + day.month - 1 + months_count
    year, month = index // 12, index % 12 + 1
    if year < 1:
        return date.min
    if year > 9999:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def add_duration(start: str | datetime, duration: str, *, back: bool = False) -> datetime:
    """The instant some duration after (or before) an instant, or after 00:00 local of a date.

    Months and years move the local date and keep the wall time; days, hours and minutes are exact and come after.
    What leaves the years 1 to 9999 stops at their end.
    """
    months_count, exact = parts(duration)
    sign = -1 if back else 1
    at_utc = start_of_day(start) if isinstance(start, str) else start
    if months_count:
        local = at_utc.astimezone(ZONE)
        moved = add_months(local.date(), sign * months_count)
        at_utc = datetime.combine(moved, local.time(), ZONE)
    try:
        return at_utc.astimezone(UTC) + sign * exact
    except OverflowError:
        return _EARLIEST_UTC if back else _LATEST_UTC


def active(calendar: Calendar, at_utc: datetime) -> bool:
    """Whether the calendar lets the camera be on at an instant."""
    return not any(shut.start_utc <= at_utc < shut.end_utc for shut in _shut(calendar, at_utc, at_utc))


def active_spans(calendar: Calendar, span: Span) -> tuple[Span, ...]:
    """The parts of a span in which the camera may be on, in time order: not open, no event, no polling.

    Raises:
        Fault: ``request-malformed`` for a span longer than ``LONGEST_SPAN``.
    """
    if span.length > LONGEST_SPAN:
        raise Fault(FaultKind.REQUEST_MALFORMED, "a span of more than 400 days", where="span")
    pieces: list[Span] = []
    reached = span.start_utc
    for shut in sorted(_shut(calendar, span.start_utc, span.end_utc)):
        if shut.start_utc >= span.end_utc:
            break
        if shut.start_utc > reached:
            pieces.append(Span(reached, shut.start_utc))
        reached = max(reached, shut.end_utc)
    if reached < span.end_utc:
        pieces.append(Span(reached, span.end_utc))
    return tuple(pieces)


def next_change_after(calendar: Calendar, at_utc: datetime, horizon: timedelta = timedelta(days=14)) -> datetime | None:
    """The next instant at which the camera goes on or off, within the horizon; ``None`` when it stays as it is."""
    end_utc = at_utc + horizon
    inside = active_spans(calendar, Span(at_utc, end_utc))
    if not inside:
        return None
    first = inside[0]
    if first.start_utc > at_utc:
        return first.start_utc
    return first.end_utc if first.end_utc < end_utc else None


def _shut(calendar: Calendar, from_utc: datetime, to_utc: datetime) -> Iterator[Span]:
    """Every closed span that may touch the given stretch; in no order, overlaps possible."""
    if to_utc > _LATEST_UTC - timedelta(days=3) or from_utc < _EARLIEST_UTC + timedelta(days=3):
        raise Fault(FaultKind.REQUEST_MALFORMED, "outside the years of the calendar", where="span")
    stays_shut = frozenset(calendar.closed_dates)
    day, last = local_date(from_utc) - timedelta(days=1), local_date(to_utc)
    dated = (*calendar.events, *calendar.polling)
    for entry in dated:
        if day <= date.fromisoformat(entry.date) <= last:
            yield _local_span(date.fromisoformat(entry.date), entry.starts, entry.ends)
    while day <= last:
        name = _WEEKDAYS[day.weekday()]
        if day.isoformat() not in stays_shut:
            for hours in calendar.opening:
                if name in hours.days:
                    yield _local_span(day, hours.opens, hours.closes)
        day += timedelta(days=1)


def _local_span(day: date, starts: str, ends: str) -> Span:
    """Wall times on a date as instants; an end not after the start lies on the next day."""
    start_min, end_min = _minutes(starts), _minutes(ends)
    while end_min <= start_min:
        end_min += 24 * 60
    return Span(min(_readings(day, start_min)), max(_readings(day, end_min)))


def _minutes(wall: str) -> int:
    return int(wall[:2]) * 60 + int(wall[3:])


def _readings(day: date, minute: int) -> tuple[datetime, datetime]:
    """Both instants that a wall time can mean, minutes after 00:00; equal except where the clocks change."""
    days, rest = divmod(minute, 24 * 60)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), ZONE)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


__all__ = [
    "LONGEST_SPAN",
    "ZONE",
    "active",
    "active_spans",
    "add_duration",
    "add_months",
    "end_of_day",
    "local_date",
    "next_change_after",
    "parts",
    "start_of_day",
]
