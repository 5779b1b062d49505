"""The life of a convention as a table, and the term of a deed: pure, from documents and an instant alone.

A state is never stored: it follows from the signed texts, the notices and the time. Source: requirements 7.1; MC-4.1,
PM-6.1 to PM-6.4, 10.1 (PM-6.2, PM-6.4), D-28.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from conventions.calendars import add_duration, add_months, end_of_day, start_of_day
from conventions.schema import Deed, DpoOpinion, FrameworkProtocol, ImplementingAgreement, Notice
from conventions.spans import parse_instant


class State(StrEnum):
    """Where a deed stands (requirements 7.1)."""

    DRAFT = "draft"
    AWAITING_SIGNATURE = "awaiting-signature"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ACTIVE_NON_RENEWAL = "active-non-renewal"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Event(StrEnum):
    """What moves a deed from one state to another."""

    OPINION_GIVEN = "opinion-given"
    ALL_SIGNED = "all-signed"
    TERM_BEGAN = "term-began"
    NON_RENEWAL_IN_TIME = "non-renewal-in-time"
    SUSPENDED = "suspended"
    SUSPENSION_ENDED = "suspension-ended"
    WITHDRAWN = "withdrawn"
    IMPLEMENTED = "implemented"
    TERM_REACHED = "term-reached"


TERMINAL = frozenset({State.EXPIRED, State.WITHDRAWN, State.SUPERSEDED})
GRANTING = frozenset({State.ACTIVE, State.ACTIVE_NON_RENEWAL})
"""The states in which a deed opens anything."""

_IN_FORCE = (State.SIGNED, State.ACTIVE, State.ACTIVE_NON_RENEWAL, State.SUSPENDED)

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.OPINION_GIVEN): State.AWAITING_SIGNATURE,
    (State.DRAFT, Event.ALL_SIGNED): State.SIGNED,
    (State.AWAITING_SIGNATURE, Event.ALL_SIGNED): State.SIGNED,
    (State.SIGNED, Event.TERM_BEGAN): State.ACTIVE,
    (State.ACTIVE, Event.NON_RENEWAL_IN_TIME): State.ACTIVE_NON_RENEWAL,
    (State.ACTIVE, Event.SUSPENDED): State.SUSPENDED,
    (State.ACTIVE_NON_RENEWAL, Event.SUSPENDED): State.SUSPENDED,
    (State.SIGNED, Event.SUSPENDED): State.SUSPENDED,
    (State.SUSPENDED, Event.SUSPENSION_ENDED): State.SIGNED,
    **{(state, Event.WITHDRAWN): State.WITHDRAWN for state in _IN_FORCE},
    **{(state, Event.IMPLEMENTED): State.SUPERSEDED for state in _IN_FORCE},
    **{(state, Event.TERM_REACHED): State.EXPIRED for state in _IN_FORCE},
}
"""An event that stands in no row changes nothing: a terminal state stays.

When a suspension ends the deed is signed again, and active in the same instant if its term has begun.
"""


@dataclass(frozen=True, slots=True)
class Term:
    """The term of a deed, half-open; ``end_utc`` is ``None`` when the text sets none."""

    start_utc: datetime
    end_utc: datetime | None
    renewed: bool


def term(deed: Deed, notices: Iterable[Notice] = ()) -> Term:
    """The term, with its automatic renewal where no timely notice came.

    The texts do not say whether a deed renews more than once: here once, which is the stricter reading (10.1 PM-6.2).
    """
    start_utc = start_of_day(deed.valid_from)
    if deed.valid_until is None:
        return Term(start_utc, None, renewed=False)
    if deed.renewal != "auto-same-term" or any(in_time(deed, notice) for notice in notices):
        return Term(start_utc, end_of_day(deed.valid_until), renewed=False)
    return Term(start_utc, start_of_day(_renewed(deed.valid_from, deed.valid_until)), renewed=True)


def notice_deadline_utc(deed: Deed) -> datetime | None:
    """Until when a notice of non-renewal is in time: the end of the term less the notice period (PM-6.2)."""
    if deed.valid_until is None:
        return None
    return add_duration(end_of_day(deed.valid_until), deed.notice_period or "PT0M", back=True)


def in_time(deed: Deed, notice: Notice) -> bool:
    """Whether this is a notice of non-renewal of this deed, and not late."""
    deadline_utc = notice_deadline_utc(deed)
    if notice.act != "non-renewal" or notice.on != deed.id or deadline_utc is None:
        return False
    return parse_instant(notice.effective_from) <= deadline_utc


def state_of(
    deed: Deed,
    at_utc: datetime,
    *,
    signed: bool,
    notices: Iterable[Notice] = (),
    opinions: Iterable[DpoOpinion] = (),
    implemented_by: ImplementingAgreement | None = None,
) -> State:
    """The state at an instant. ``signed`` says that every required signer has signed (verification's answer)."""
    notices = tuple(notice for notice in notices if notice.on == deed.id)
    happened = [(start_of_day(deed.valid_from), 2, event) for event in _began(deed)]
    if any(opinion.on == deed.id and opinion.on_version == deed.version for opinion in opinions):
        happened.append((datetime.min.replace(tzinfo=at_utc.tzinfo), 0, Event.OPINION_GIVEN))
    if signed:
        happened.append((datetime.min.replace(tzinfo=at_utc.tzinfo), 1, Event.ALL_SIGNED))
    happened.extend(_of_notices(deed, notices))
    if implemented_by is not None and implemented_by.implements == deed.id:
        happened.append((start_of_day(implemented_by.valid_from), 3, Event.IMPLEMENTED))
    end_utc = term(deed, notices).end_utc
    if end_utc is not None:
        happened.append((end_utc, 4, Event.TERM_REACHED))
    state = State.DRAFT
    for when_utc, _, event in sorted(happened):
        if when_utc <= at_utc:
            state = TRANSITIONS.get((state, event), state)
    return state


def suspensions(deed_id: str, notices: Iterable[Notice]) -> tuple[tuple[datetime, datetime | None, Notice], ...]:
    """Each suspension of a deed from its beginning to its end, ``None`` while it lasts."""
    notices = tuple(notice for notice in notices if notice.on == deed_id)
    found = []
    for notice in notices:
        if notice.act == "suspension":
            ends = [parse_instant(end.effective_from) for end in notices if end.ends == notice.id]
            found.append((parse_instant(notice.effective_from), min(ends, default=None), notice))
    return tuple(sorted(found, key=lambda row: row[0]))


def _began(deed: Deed) -> tuple[Event, ...]:
    """A framework protocol never becomes active, nor an implementing agreement without its consultation (MC-3.2a)."""
    if isinstance(deed, FrameworkProtocol):
        return ()
    if isinstance(deed, ImplementingAgreement) and deed.prior_consultation is None:
        return ()
    return (Event.TERM_BEGAN,)


def _of_notices(deed: Deed, notices: tuple[Notice, ...]) -> list[tuple[datetime, int, Event]]:
    """Overlapping suspensions are one: the deed is active again when the last has ended."""
    happened: list[tuple[datetime, int, Event]] = []
    for notice in notices:
        when_utc = parse_instant(notice.effective_from)
        if notice.act in ("withdrawal", "unilateral-withdrawal"):
            happened.append((when_utc, 3, Event.WITHDRAWN))
        elif in_time(deed, notice):
            happened.append((when_utc, 3, Event.NON_RENEWAL_IN_TIME))
    pieces = suspensions(deed.id, notices)
    for start_utc, end_utc, _ in pieces:
        happened.append((start_utc, 3, Event.SUSPENDED))
        lasting = any(
            other_start < end_utc and (other_end is None or other_end > end_utc)
            for other_start, other_end, _ in pieces
            if end_utc is not None
        )
        if end_utc is not None and not lasting:
            happened.append((end_utc, 1, Event.SUSPENSION_ENDED))
            if start_of_day(deed.valid_from) <= end_utc:
                happened.extend((end_utc, 2, event) for event in _began(deed))
            if any(in_time(deed, notice) and parse_instant(notice.effective_from) <= end_utc for notice in notices):
                happened.append((end_utc, 3, Event.NON_RENEWAL_IN_TIME))
    return happened


def _renewed(first: str, last: str) -> date:
    """The day after the second term: the same months again, or the same days where the term is no whole months."""
    begins, next_term = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
    months_count = (next_term.year - begins.year) * 12 + next_term.month - begins.month
    if add_months(begins, months_count) == next_term:
        return add_months(begins, 2 * months_count)
    return next_term + (next_term - begins)


__all__ = [
    "GRANTING",
    "TERMINAL",
    "TRANSITIONS",
    "Event",
    "State",
    "Term",
    "in_time",
    "notice_deadline_utc",
    "state_of",
    "suspensions",
    "term",
]
