"""What identity reports to be written down. Whoever receives these puts them into the installation's tree."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from broker.evidence import Official, Operator, Session
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId


class Ending(StrEnum):
    """Why a session no longer holds."""

    LOGGED_OUT = "logged-out"
    LOGGED_OUT_AT_ISSUER = "logged-out-at-issuer"
    SIGNED_IN_AGAIN = "signed-in-again"
    CREDENTIAL_SHARED = "credential-shared"
    """The same credential signed in from another browser (PM-2.8)."""
    REVOKED = "revoked"
    """Ended by those responsible: loss or theft reported, person suspended."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SessionClosed:
    session: Session
    ending: Ending
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody signed in; ``displaced`` are that credential's earlier sessions, closed by it."""

    caller: Operator | Official
    listed: bool
    displaced: tuple[SessionClosed, ...]


@dataclass(frozen=True, slots=True)
class SignInRefused:
    issuer: str
    """As far as known; empty when the answer fits no sign-in under way."""
    kind: FaultKind
    detail: str
    workstation: str
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class MachineAdmitted:
    client_id: str
    controller: BodyId
    token_id: str
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class MachineRefused:
    kind: FaultKind
    detail: str
    workstation: str
    at_utc: datetime


IdentityEvent = SessionClosed | SignedIn | SignInRefused | MachineAdmitted | MachineRefused


class SessionOver(Fault):
    """A session that held once: carries whose, so that the refused attempt is recorded under that person."""

    def __init__(self, session: Session, ending: Ending) -> None:
        super().__init__(FaultKind.SESSION_ENDED, f"the session ended: {ending}")
        self.session = session
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Admission:
    """A sign-in that succeeded: what to record first, then the cookie to hand out, and where to go."""

    event: SignedIn
    cookie: str = field(repr=False)
    return_to: str
