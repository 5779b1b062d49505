"""Clauses and the deeds that carry them: convention, framework protocol, implementing agreement.

Source: PM-P.2, PM-6.1, PM-6.5, MC-2.1, MC-2.2, MC-2.4, MC-4.1, LEV-19.1.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from conventions.schema.header import (
    Body,
    Camera,
    Count,
    Date,
    Document,
    Duration,
    Header,
    Row,
    Sha256,
    Short,
    Strict,
    Territory,
    Text,
)
from conventions.terms import DataClass, DocumentKind, Ground, Operation, Purpose, Role

Obligations = tuple[Literal["no-audio", "mark-view", "blur", "bit-exact", "log-close", "complete-reference"], ...]
ClauseNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,/-]{0,38}[A-Za-z0-9.]$|^[0-9]$")]


class Limits(Strict):
    """Bounds of one request (PM-3.15: no figure stands in the texts, so they are the parties' own choice)."""

    max_span: Duration | None = None
    max_cameras: Count | None = None


class Clause(Strict):
    """Who may do what, on which cameras, for which purposes.

    Every list is closed and non-empty except ``units`` (empty: any unit), ``grounds`` (empty: none asked),
    and exactly one of ``cameras`` and ``territories`` may be empty.
    """

    number: ClauseNumber
    article: Short
    """How it is cited to people."""
    sources: Annotated[tuple[Row, ...], Field(min_length=1)]
    bodies: Annotated[tuple[Body, ...], Field(min_length=1)]
    """Requesting bodies; in a regulation, the controller itself."""
    units: tuple[Short, ...] = ()
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    qualification: Literal["any", "judicial-police-qualified"] = "any"
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    classes: Annotated[tuple[DataClass, ...], Field(min_length=1)]
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)]
    grounds: tuple[Ground, ...] = ()
    cameras: tuple[Camera, ...] = ()
    territories: tuple[Territory, ...] = ()
    window: Literal["any", "event"] = "any"
    """``event``: only inside an event window opened for it (PM-1.2)."""
    mode: Literal["autonomous", "authorised", "request"] = "autonomous"
    limits: Limits = Limits()
    obligations: Obligations = ()
    valid_from: Date | None = None
    valid_until: Date | None = None

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if not self.cameras and not self.territories:
            raise ValueError("a clause names cameras or territories")
        return self


class UrgencyClause(Strict):
    """What may be deferred in urgency: a closed list (design 3). Schema only; its rules come with step 3."""

    number: ClauseNumber
    article: Short
    sources: Annotated[tuple[Row, ...], Field(min_length=1)]
    bodies: Annotated[tuple[Body, ...], Field(min_length=1)]
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)]
    may_defer: Annotated[
        tuple[
            Literal[
                "reference",
                "ground-text",
                "instructions",
                "act-file",
                "event-window",
                "overdue-review",
                "workstation-for-viewing",
            ],
            ...,
        ],
        Field(min_length=1),
    ]
    complete_within: Duration


class Party(Strict):
    """A party and where notices to it go (PM-6.5, D-01)."""

    body: Body
    name: Short
    notice_address: Short
    signs_as: Role
    autonomous_controller: Literal["true", "false"] = "true"


class Annex(Strict):
    """An annex by reference: without number or hash it does not exist (MC-2.2)."""

    title: Short
    protocol: Short
    date: Date
    sha256: Sha256


class Sections(Strict):
    """The mandatory texts of a convention (PM-P.2). ``originating_request`` is recommended (10.1 PM-P.2)."""

    originating_request: Text | None = None
    purposes: Text
    conditions: Text
    security_measures: Text
    necessity: Text
    """Need is stated between administrations, here, not per click (10.1 PM-P.3)."""
    liability: Text | None = None
    fee: Text | None = None
    court: Text


class Deed(Header):
    """What every agreement has."""

    parties: Annotated[tuple[Party, ...], Field(min_length=2)]
    controllers: Annotated[tuple[Body, ...], Field(min_length=1)]
    """The parties whose cameras it opens."""
    annexes: tuple[Annex, ...] = ()
    renewal: Literal["none", "auto-same-term", "by-agreement", "until-superseded"]
    notice_period: Duration | None = None
    notice_counts_from: Literal["sent", "received"] | None = None
    term_counts_from: Literal["first-signature", "last-signature"] = "last-signature"

    @model_validator(mode="after")
    def _controllers_are_parties(self) -> Self:
        bodies = [party.body for party in self.parties]
        if len(set(bodies)) != len(bodies):
            raise ValueError("a party stands twice")
        if not set(self.controllers) <= set(bodies):
            raise ValueError("a controller is not a party")
        return self


class Convention(Deed):
    kind: Literal[DocumentKind.CONVENTION]
    rests_on: Document
    """The regulation whose configuration bounds it."""
    basis: Literal["law", "regulation", "institutional-need"]
    """Source: LEV-19.1."""
    sections: Sections
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1)]
    urgency: UrgencyClause | None = None
    reference_due: Duration | None = None
    """Within which a pending reference must follow (PM-3.1 as corrected); absent: no deferral."""
    act_grace: Duration | None = None
    """Within which a listed person may act before the act is on file (10.1 PM-2.4)."""
    suspension_by: tuple[Role, ...] = ()
    """Who of the controller may suspend (10.1 PM-6.4: suspension needs a clause)."""
    joint_verification_after: Duration | None = None

    @model_validator(mode="after")
    def _clause_numbers_are_unique(self) -> Self:
        numbers = [clause.number for clause in self.clauses]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a clause number stands twice")
        return self


class FrameworkProtocol(Deed):
    """Grants nothing (MC-2.1)."""

    kind: Literal[DocumentKind.FRAMEWORK_PROTOCOL]
    coordinator: Body
    commitments: Annotated[tuple[Text, ...], Field(min_length=1)]
    dispatch_to: tuple[Short, ...] = ()


class ImplementingAgreement(Deed):
    """Creates the integrated system; only transits, only police bodies (MC-1.1a, MC-1.1b)."""

    kind: Literal[DocumentKind.IMPLEMENTING_AGREEMENT]
    implements: Document
    lead_body: Body | None = None
    hub_manager: Body | None = None
    prior_consultation: Short | None = None
    """Outcome of the joint consultation (MC-3.2a); absent: not active."""
    clauses: Annotated[tuple[Clause, ...], Field(min_length=1)]
