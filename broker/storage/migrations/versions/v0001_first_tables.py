"""The first tables: logins, sign-ins, used and machine tokens, cases, acceptances, last purposes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, *, required: bool = True, chars: int | None = None, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=chars), nullable=not required, primary_key=key)


def _instant(name: str, *, required: bool = True) -> sa.Column[str]:
    return _text(name, required=required, chars=27)


def upgrade() -> None:
    op.create_table(
        "login",
        _text("session_id", chars=64, key=True),
        _text("issuer"),
        _text("subject"),
        _text("body"),
        _text("acr"),
        _text("workstation"),
        _text("issuer_session", required=False),
        _instant("started_utc"),
        _instant("expires_utc"),
        _instant("ended_utc", required=False),
        _text("ending", required=False),
    )
    op.create_index("login_by_subject", "login", ["issuer", "subject"])
    op.create_index("login_by_issuer_session", "login", ["issuer", "issuer_session"])
    op.create_table(
        "sign_in",
        _text("state_digest", chars=64, key=True),
        _text("issuer"),
        _text("nonce"),
        _text("code_verifier"),
        _text("browser_digest", chars=64),
        _text("return_to"),
        _instant("expires_utc"),
    )
    op.create_index("ix_sign_in_expires_utc", "sign_in", ["expires_utc"])
    op.create_table(
        "used_token",
        _text("realm", key=True),
        _text("jti_digest", chars=64, key=True),
        _instant("expires_utc"),
    )
    op.create_index("ix_used_token_expires_utc", "used_token", ["expires_utc"])
    op.create_table(
        "machine_token",
        _text("token_digest", chars=64, key=True),
        _text("token_id"),
        _text("client_id"),
        _text("controller"),
        _instant("issued_utc"),
        _instant("expires_utc"),
        _instant("revoked_utc", required=False),
        sa.UniqueConstraint("token_id"),
    )
    op.create_index("ix_machine_token_client_id", "machine_token", ["client_id"])
    op.create_table(
        "access_case",
        _text("case_id", key=True),
        _text("person"),
        _text("purpose"),
        _text("ground", required=False),
        _text("reference", required=False),
        _instant("reference_due_utc", required=False),
        _instant("completed_utc", required=False),
        _instant("opened_utc"),
        _instant("closes_utc"),
        _text("on_behalf_of", required=False),
    )
    op.create_index("ix_access_case_person", "access_case", ["person"])
    op.create_table(
        "acceptance",
        _text("person", key=True),
        _text("instructions", key=True),
        _instant("accepted_utc"),
    )
    op.create_table(
        "last_purpose",
        _text("person", key=True),
        _text("purpose"),
        _instant("used_utc"),
    )
