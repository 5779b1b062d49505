"""Instants as people read and write them: local time in Italy, in words or in a form's fields."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from babel.dates import format_datetime

from conventions.calendars import ZONE
from conventions.faults import Fault, FaultKind
from conventions.spans import Span

FORM = "%Y-%m-%dT%H:%M"
"""What ``<input type="datetime-local">`` holds; some browsers add seconds."""
EDGE = timedelta(minutes=5)
"""Left off the oldest end of the longest choice: the decision comes a little after the question."""


class Stretch(StrEnum):
    """How far back a search goes."""

    DAY = "24h"
    THREE_DAYS = "72h"
    WEEK = "7d"
    CHOSEN = "range"


_LENGTHS = {Stretch.DAY: timedelta(hours=24), Stretch.THREE_DAYS: timedelta(hours=72), Stretch.WEEK: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The stretch as it stood in the form, to be shown again."""

    stretch: Stretch = Stretch.DAY
    starts: str = ""
    ends: str = ""


def span_wanted(wanted: Wanted, now_utc: datetime) -> Span:
    """The span that a form asks for; a chosen one takes the wider reading of an hour that comes twice.

    Raises:
        Fault: ``request-malformed``: no such time, or reversed.
    """
    if wanted.stretch is Stretch.CHOSEN:
        return Span(parse_local(wanted.starts, "starts"), min(parse_local(wanted.ends, "ends", fold=1), now_utc))
    edge = EDGE if wanted.stretch is Stretch.WEEK else timedelta()
    return Span(now_utc - _LENGTHS[wanted.stretch] + edge, now_utc)


def parse_local(text: str, where: str, *, fold: int = 0) -> datetime:
    """A wall time in Italy as an instant.

    Raises:
        Fault: ``request-malformed``.
    """
    try:
        wall = datetime.strptime(text[:16], FORM)  # noqa: DTZ007 - the zone is given in the next line
    except ValueError:
        raise Fault(FaultKind.REQUEST_MALFORMED, "not a local time", where=where) from None
    return wall.replace(tzinfo=ZONE, fold=fold).astimezone(UTC)


def form_local(at_utc: datetime) -> str:
    """An instant as a form's field holds it."""
    return at_utc.astimezone(ZONE).strftime(FORM)


def in_words(at_utc: datetime, language: str, pattern: str = "EEE d MMM, HH:mm:ss") -> str:
    """An instant in local time, as a person reads it."""
    return str(format_datetime(at_utc, pattern, tzinfo=ZONE, locale=language))
