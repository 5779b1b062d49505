"""Acts that change what is in force: opinions, notices, event windows, calendars; and acts of others.

Source: MC-3.3a, PM-1.2, PM-6.2 to PM-6.4, LEV-8.1, LEV-8.2, BEL-5.3, C-29.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from conventions.schema.header import (
    Body,
    Camera,
    Count,
    Date,
    Document,
    Header,
    Instant,
    Sha256,
    Short,
    Strict,
    Text,
    WallTime,
)
from conventions.spans import parse_instant
from conventions.terms import DocumentKind, Purpose, Role


class DpoOpinion(Header):
    """The DPO's opinion on one exact version of a document (MC-3.3a)."""

    kind: Literal[DocumentKind.DPO_OPINION]
    on: Document
    on_version: Count
    on_sha256: Sha256
    outcome: Literal["favourable", "with-remarks", "contrary", "not-given-in-time"]
    text: Text


class Notice(Header):
    """Suspension and its end, non-renewal, withdrawal. Takes effect at an instant."""

    kind: Literal[DocumentKind.NOTICE]
    on: Document
    act: Literal["suspension", "suspension-end", "non-renewal", "withdrawal", "unilateral-withdrawal"]
    by: Body
    signs_as: Role
    reason: Text
    effective_from: Instant
    ends: Document | None = None
    """For ``suspension-end``: the suspension that it ends."""

    @model_validator(mode="after")
    def _ends_a_suspension(self) -> Self:
        if (self.act == "suspension-end") != (self.ends is not None):
            raise ValueError("only the end of a suspension names one, and it must")
        return self


class EventWindow(Header):
    """Live traffic watching around an event: cameras, span, purpose, reason (PM-1.2 as corrected).

    Closing a window is a new version with an earlier end.
    """

    kind: Literal[DocumentKind.EVENT_WINDOW]
    opened_by: Body
    signs_as: Role
    purpose: Purpose
    cameras: Annotated[tuple[Camera, ...], Field(min_length=1)]
    starts: Instant
    ends: Instant
    reason: Text

    @model_validator(mode="after")
    def _not_reversed(self) -> Self:
        if parse_instant(self.ends) <= parse_instant(self.starts):
            raise ValueError("a window ends after it starts")
        return self


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class WeeklyHours(Strict):
    """Local opening hours on some weekdays; half-open."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: WallTime
    closes: WallTime


class DatedHours(Strict):
    """Local hours on one date: an extracurricular event or a polling day; half-open."""

    date: Date
    starts: WallTime
    ends: WallTime
    reason: Short


class Calendar(Header):
    """When a camera must be off: the building's opening hours, its events, its polling hours (LEV-8.1, C-29).

    Active time is everything else; both readings of an ambiguous local hour count as closed.
    """

    kind: Literal[DocumentKind.CALENDAR]
    building: Short
    opening: tuple[WeeklyHours, ...] = ()
    closed_dates: tuple[Date, ...] = ()
    """Dates on which the building stays closed although a weekday says otherwise."""
    events: tuple[DatedHours, ...] = ()
    polling: tuple[DatedHours, ...] = ()


class LegalBasisAct(Header):
    """Schema only; its rules come with step 3."""

    kind: Literal[DocumentKind.LEGAL_BASIS_ACT]
    act: Literal["urban-security-pact", "impact-assessment", "published-notice", "approving-resolution"]
    reference: Short
    certain_date: Date
    purposes: tuple[Purpose, ...] = ()
    cameras: tuple[Camera, ...] = ()


class CaseAuthorisation(Header):
    """Schema only; its rules come with step 3."""

    kind: Literal[DocumentKind.CASE_AUTHORISATION]
    request: Short
    cameras: Annotated[tuple[Camera, ...], Field(min_length=1)]
    starts: Instant
    ends: Instant
    signs_as: Role


class JudicialOrder(Header):
    """Schema only; its rules come with step 3."""

    kind: Literal[DocumentKind.JUDICIAL_ORDER]
    authority: Short
    reference: Short
    secrecy: Literal["none", "investigation"]
    scope: Text
