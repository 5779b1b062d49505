"""The installation database: its engine, its migrations, and the repositories over its tables.

Calls block: coroutines go through ``asyncio.to_thread``. Commits happen here and nowhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session as Transaction

from broker.storage.cases import CaseTable
from broker.storage.logins import LoginTable, SignInTable
from broker.storage.persons import PersonTable
from broker.storage.tokens import MachineTokenTable, UsedTokenTable
from conventions.faults import Fault, FaultKind
from conventions.spans import instant

MIGRATIONS = Path(__file__).parent / "migrations"
KEPT_AFTER_END = timedelta(days=1)
"""How long a login or a case is still answered for after its end."""


class Store:
    """Everything the installation remembers outside documents and ledgers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.logins = LoginTable(self.transaction)
        self.sign_ins = SignInTable(self.transaction)
        self.used_tokens = UsedTokenTable(self.transaction)
        self.machine_tokens = MachineTokenTable(self.transaction)
        self.cases = CaseTable(self.transaction)
        self.persons = PersonTable(self.transaction)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back on any exception."""
        with Transaction(self.engine, expire_on_commit=False) as transaction:
            yield transaction
            transaction.commit()

    def migrate(self) -> None:
        """Bring the tables to this version's form; forward only.

        Raises:
            Fault: ``settings-invalid`` when a newer version wrote the database.
        """
        configuration = Config()
        configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.engine.connect() as connection:
            configuration.attributes["connection"] = connection
            try:
                command.upgrade(configuration, "head")
            except CommandError:
                raise Fault(FaultKind.SETTINGS_INVALID, "a newer version wrote the database") from None

    def purge(self, now_utc: datetime) -> None:
        """Forget what no longer serves: what is kept for years is in the ledgers. Pending cases stay.

        Raises:
            Fault: ``engine-fault`` when the database does not let it; nothing depends on when it is done.
        """
        now, day_ago = instant(now_utc), instant(now_utc - KEPT_AFTER_END)
        try:
            self.sign_ins.purge(now)
            self.used_tokens.purge(now)
            self.machine_tokens.purge(now)
            self.logins.purge(day_ago)
            self.cases.purge(day_ago)
        except SQLAlchemyError as error:
            raise Fault(FaultKind.ENGINE_FAULT, f"nothing is forgotten: {type(error).__name__}") from error

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str) -> Store:
    """A store on a database address (``sqlite:///...`` or ``postgresql+psycopg://...``), migrated."""
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    store = Store(engine)
    store.migrate()
    return store


def _durable(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
