"""Instants and half-open spans: the one form of time in which documents, rules and ledger agree.

An instant is written ``YYYY-MM-DDTHH:MM:SS.ffffffZ``, always with six decimals, because instants
are compared as strings by Casbin (design 4): ``...00Z`` would sort after ``...00.500000Z``.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from conventions.faults import Fault, FaultKind

INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
BEGINNING = "0001-01-01T00:00:00.000000Z"
NEVER = "9999-12-31T23:59:59.999999Z"


def instant(at_utc: datetime) -> str:
    """Write an aware instant in the one form.

    Raises:
        ValueError: the instant has no offset.
    """
    if at_utc.tzinfo is None:
        raise ValueError("an instant needs an offset")
    here_utc = at_utc if at_utc.tzinfo is UTC else at_utc.astimezone(UTC)
    return here_utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def parse_instant(text: str) -> datetime:
    """Read an instant in the one form.

    Raises:
        Fault: ``request-malformed`` for any other form.
    """
    if INSTANT_FORM.match(text) is None:
        raise Fault(FaultKind.REQUEST_MALFORMED, "an instant is written YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Fault(FaultKind.REQUEST_MALFORMED, "no such instant") from None


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open interval ``[start_utc, end_utc)`` of aware instants; never empty, never reversed."""

    start_utc: datetime
    end_utc: datetime

    def __post_init__(self) -> None:
        if self.start_utc.tzinfo is None or self.end_utc.tzinfo is None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a span needs offsets")
        if self.end_utc <= self.start_utc:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a span ends after it starts")

    @property
    def length(self) -> timedelta:
        return self.end_utc - self.start_utc

    @property
    def length_s(self) -> int:
        """Whole seconds, rounded up: a limit of 7,200 s is crossed by one microsecond more."""
        return -(-self.length // timedelta(seconds=1))

    def __contains__(self, at_utc: datetime) -> bool:
        return self.start_utc <= at_utc < self.end_utc

    def overlaps(self, other: "Span") -> bool:
        return self.start_utc < other.end_utc and other.start_utc < self.end_utc

    def covers(self, other: "Span") -> bool:
        return self.start_utc <= other.start_utc and other.end_utc <= self.end_utc
