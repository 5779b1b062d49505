"""Tables of the installation database.

Instants are text in the one form of ``conventions.spans``: it sorts, and both databases keep it to the microsecond.
Secrets (cookies, tokens, states) are kept only as SHA-256 digests. Rows do not validate: the values that leave
``broker.identity`` are the frozen ones of ``broker.evidence``.
"""

from typing import Any

from sqlalchemy import Index, event
from sqlalchemy.orm import attributes
from sqlmodel import Field, SQLModel

INSTANT_CHARS = 27
DIGEST_CHARS = 64


class LoginRow(SQLModel, table=True):
    """A session, from sign-in to its end. ``session_id`` is the digest of the cookie, never the cookie."""

    __tablename__ = "login"
    __table_args__ = (
        Index("login_by_subject", "issuer", "subject"),
        Index("login_by_issuer_session", "issuer", "issuer_session"),
    )

    session_id: str = Field(primary_key=True, max_length=DIGEST_CHARS)
    issuer: str
    subject: str
    body: str
    acr: str
    workstation: str
    issuer_session: str | None = None
    """``sid`` of the issuer, by which it ends the session."""
    started_utc: str = Field(max_length=INSTANT_CHARS)
    expires_utc: str = Field(max_length=INSTANT_CHARS)
    ended_utc: str | None = Field(default=None, max_length=INSTANT_CHARS)
    ending: str | None = None


class SignInRow(SQLModel, table=True):
    """A sign-in that was begun and has not come back; taken once."""

    __tablename__ = "sign_in"

    state_digest: str = Field(primary_key=True, max_length=DIGEST_CHARS)
    issuer: str
    nonce: str
    code_verifier: str
    browser_digest: str = Field(max_length=DIGEST_CHARS)
    return_to: str
    expires_utc: str = Field(max_length=INSTANT_CHARS, index=True)


class UsedTokenRow(SQLModel, table=True):
    """A token identifier that has been seen and may not come again before it expires."""

    __tablename__ = "used_token"

    realm: str = Field(primary_key=True)
    """Whose identifiers these are: an issuer's logout tokens, a machine's assertions."""
    jti_digest: str = Field(primary_key=True, max_length=DIGEST_CHARS)
    expires_utc: str = Field(max_length=INSTANT_CHARS, index=True)


class MachineTokenRow(SQLModel, table=True):
    __tablename__ = "machine_token"

    token_digest: str = Field(primary_key=True, max_length=DIGEST_CHARS)
    token_id: str = Field(unique=True)
    client_id: str = Field(index=True)
    controller: str
    issued_utc: str = Field(max_length=INSTANT_CHARS)
    expires_utc: str = Field(max_length=INSTANT_CHARS)
    revoked_utc: str | None = Field(default=None, max_length=INSTANT_CHARS)


class CaseRow(SQLModel, table=True):
    """A case. Its purpose is written once."""

    __tablename__ = "access_case"

    case_id: str = Field(primary_key=True)
    person: str = Field(index=True)
    purpose: str
    ground: str | None = None
    reference: str | None = None
    reference_due_utc: str | None = Field(default=None, max_length=INSTANT_CHARS)
    completed_utc: str | None = Field(default=None, max_length=INSTANT_CHARS)
    opened_utc: str = Field(max_length=INSTANT_CHARS)
    closes_utc: str = Field(max_length=INSTANT_CHARS)
    on_behalf_of: str | None = None


class AcceptanceRow(SQLModel, table=True):
    """A person accepted a version of the instructions."""

    __tablename__ = "acceptance"

    person: str = Field(primary_key=True)
    instructions: str = Field(primary_key=True)
    accepted_utc: str = Field(max_length=INSTANT_CHARS)


class LastPurposeRow(SQLModel, table=True):
    """The purpose that a person used last: offered first next time."""

    __tablename__ = "last_purpose"

    person: str = Field(primary_key=True)
    purpose: str
    used_utc: str = Field(max_length=INSTANT_CHARS)


WRITTEN_ONCE = ("case_id", "person", "purpose", "ground", "opened_utc", "on_behalf_of")


@event.listens_for(CaseRow, "before_update")
def _purpose_never_changes(mapper: Any, connection: Any, row: CaseRow) -> None:
    """INVARIANT: a case may receive its reference or be closed early; all else stays. Source: PM-3.18."""
    for name in WRITTEN_ONCE:
        if attributes.get_history(row, name).deleted:
            raise ValueError(f"a case keeps its {name}")
