"""The values handed from step to step of the pipeline. Each is made by one module only (tests/architecture).

identify -> Caller; decide -> Permit | Refusal; ledger.record -> Grant | Refused; adapters -> Clear;
delivery -> Deliverable; delivery.stream -> Outcome; ledger.close.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from conventions.identifiers import BodyId, CameraId, CaseId, GrantId, PersonId, Plate, RequestId, SessionId
from conventions.spans import Span
from conventions.terms import Ground, Operation, Purpose, Reason, Role
from policies.facts import Facts


@dataclass(frozen=True, slots=True)
class Session:
    """A login, server-side. ``ended`` carries the reason once it no longer holds, so that the refusal is recorded."""

    session_id: SessionId
    issuer: str
    subject: str = field(repr=False)
    body: BodyId
    """The body the issuer vouched for."""
    acr: str
    workstation: str
    started_utc: datetime
    expires_utc: datetime


@dataclass(frozen=True, slots=True)
class Operator:
    """A person of a requesting body (a controller's own local police included), signed in personally."""

    person: PersonId
    body: BodyId
    session: Session


@dataclass(frozen=True, slots=True)
class Official:
    """A person with an office at a controller: administrator, DPO, signatory, auditor. Also on a list, with an act."""

    person: PersonId
    body: BodyId
    session: Session


@dataclass(frozen=True, slots=True)
class Machine:
    """An enforcement point registered by a controller; it asks about persons within that controller only."""

    client_id: str
    controller: BodyId
    token_id: str


Caller = Operator | Official | Machine


@dataclass(frozen=True, slots=True)
class Case:
    """A person's purpose, ground and reference; its purpose never changes (PM-3.18). Open for 8 h by default."""

    case_id: CaseId
    person: PersonId
    purpose: Purpose
    ground: Ground | None
    reference: str | None = field(repr=False)
    """``None`` while pending."""
    reference_due_utc: datetime | None
    """Set when the reference follows (PM-3.1 as corrected)."""
    opened_utc: datetime
    closes_utc: datetime
    on_behalf_of: str | None = field(default=None, repr=False)
    """The officer on the radio for whom the operator asks."""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One question about one controller; a request over several is split before it is decided (R4).

    Strings that are not in a vocabulary arrive as ``None`` with the matching entry in ``unknown`` so that the
    refusal is recorded with its code. ``span`` is ``None`` for live.
    """

    request_id: RequestId
    controller: BodyId
    operation: Operation | None
    cameras: tuple[CameraId, ...]
    purpose: Purpose | None
    ground: Ground | None
    case: Case | None
    span: Span | None
    plate: Plate | None = field(default=None, repr=False)
    person: PersonId | None = None
    """For a machine caller: the person asked about; else the caller's own."""
    necessity: str | None = field(default=None, repr=False)
    unknown: frozenset[Reason] = frozenset()
    """Defects found while reading the request: e.g. ``purpose-not-granted`` for a word outside the vocabulary."""
    accepted: frozenset[str] = frozenset()
    """Versions of this controller's instructions that the person accepted (PM-2.10)."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision rests on and what is written in clear. Common to permit and refusal."""

    caller: Caller
    request: AccessRequest
    facts: tuple[Facts, ...]
    """One per camera and asked class (one without camera for operations that concern none); all must be allowed."""
    generation: str
    """Digest of the rule generation, hex."""
    decider: str
    """Version of the decider, ``docs/decider-changes.md``."""
    decided_utc: datetime
    regime: str
    """``gdpr``, ``led`` or ``both``: selects the retention class."""
    two_key: bool
    """Police purpose: the identifying parts are sealed to the requesting body's key and the controller's."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes, with what it rests on. Made only by ``decision.decide``; worth nothing until written down."""

    basis: Basis
    clauses: tuple[str, ...]
    """The clause behind each of ``basis.facts``."""
    obligations: frozenset[str]
    valid_until_utc: datetime
    """Decided again at the latest then."""
    complete_by_utc: datetime | None
    mark: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, with every reason, the primary first. Made only by ``decision.decide``."""

    basis: Basis
    reasons: tuple[Reason, ...]
    clauses: tuple[str, ...]
    """Clauses that speak against it (a suspension, say) or that come nearest."""

    @property
    def primary(self) -> Reason:
        return self.reasons[0]


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that is written down: what the caller is told."""

    request_id: RequestId
    controller: BodyId
    reasons: tuple[Reason, ...]
    shown: Reason
    """What the caller sees: an unknown camera shows as ``outside-territory`` (design 4)."""
    clauses: tuple[str, ...]
    entry_index: int


class Ending(StrEnum):
    """How a viewing ended."""

    COMPLETE = "complete"
    CLOSED = "closed"
    IDLE = "idle"
    CUT = "cut"
    FAULT = "fault"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was really delivered under a grant. ``footage`` is the union shown; ``None`` when nothing was."""

    grant_id: GrantId
    ending: Ending
    reason: Reason | None
    bytes_count: int
    duration_s: int
    footage: Span | None
    rows_count: int = 0
    """Transits returned by a plate search."""


__all__ = [
    "AccessRequest", "Basis", "Caller", "Case", "Ending", "Machine", "Official", "Operator", "Outcome",
    "Permit", "Refusal", "Refused", "Role", "Session",
]  # fmt: skip
