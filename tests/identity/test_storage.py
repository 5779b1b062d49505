"""The installation database: migrated from the first table, durable, forward only."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from broker.storage import open_store
from broker.storage.tables import LoginRow, SignInRow
from conventions.faults import Fault, FaultKind


def test_the_migrations_give_exactly_the_tables(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "installation_version"})
        differences = compare_metadata(context, SQLModel.metadata)
        written = inspect(connection).get_table_names()
    assert differences == []
    assert set(written) == {"installation_version", *SQLModel.metadata.tables}
    assert LoginRow.__tablename__ in written


def test_migrating_again_changes_nothing(store):
    store.logins.add(_login("a"))
    store.migrate()
    assert store.logins.get("a") is not None


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'installation.db'}"
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE installation_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(Fault) as caught:
        open_store(url)
    assert caught.value.kind is FaultKind.SETTINGS_INVALID


def test_sqlite_writes_are_durable(store):
    with store.engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]


def test_a_failed_transaction_leaves_nothing(store):
    def fail():
        with store.transaction() as transaction:
            transaction.add(_login("a"))
            transaction.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.logins.get("a") is None


def test_a_sign_in_is_taken_once(store):
    row = {"issuer": "i", "nonce": "n", "code_verifier": "c", "browser_digest": "b", "return_to": "/"}
    store.sign_ins.add(SignInRow(state_digest="s", expires_utc="2026-01-01T00:00:00.000000Z", **row))
    assert store.sign_ins.take("s").nonce == "n"
    assert store.sign_ins.take("s") is None


def test_used_identifiers_are_forgotten_only_after_they_expire(store):
    assert store.used_tokens.first_use("r", "j", "2026-01-01T00:00:00.500000Z")
    store.used_tokens.purge("2026-01-01T00:00:00.499999Z")
    assert not store.used_tokens.first_use("r", "j", "2026-01-01T00:00:00.500000Z")
    store.used_tokens.purge("2026-01-01T00:00:00.500000Z")
    assert store.used_tokens.first_use("r", "j", "2026-01-01T00:00:00.500000Z")


def _login(session_id):
    return LoginRow(
        session_id=session_id, issuer="i", subject="s", body="b", acr="2", workstation="loopback",
        started_utc="2026-01-01T00:00:00.000000Z", expires_utc="2026-01-01T12:00:00.000000Z",
    )  # fmt: skip
