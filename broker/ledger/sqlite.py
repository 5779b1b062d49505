"""What only SQLite needs: one file per tree, full durability, one writer, and words for its failures."""

import fcntl
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from conventions.faults import Fault, FaultKind

FILE_NAME = "ledger.sqlite"
BUSY_MS = 2_000
"""How long a commit waits for somebody else's lock before the ledger counts as unavailable."""


def open_writer(folder: Path) -> Engine:
    """The one connection that writes. WAL with ``synchronous=FULL``: a commit returns when the disk has it."""
    engine = create_engine(
        "sqlite://",
        hide_parameters=True,
        creator=lambda: sqlite3.connect(
            f"file:{_quoted(folder)}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
        ),
        poolclass=StaticPool,
    )

    @event.listens_for(engine, "connect")
    def durable(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def at_once(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def open_reader(folder: Path) -> Engine:
    """Connections that can only read."""
    return create_engine(
        "sqlite://",
        hide_parameters=True,
        creator=lambda: sqlite3.connect(f"file:{_quoted(folder)}?mode=ro", uri=True, check_same_thread=False),
        poolclass=NullPool,
    )


def create_file(folder: Path) -> None:
    """An empty database file, readable by its owner only.

    Raises:
        FileExistsError: a ledger is there already; nothing is overwritten.
    """
    os.close(os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def identity(folder: Path) -> tuple[int, int]:
    """Which file stands there: SQLite goes on writing into one that was moved or removed."""
    found = (folder / FILE_NAME).stat()
    return found.st_dev, found.st_ino


class OneWriter:
    """A lock on the folder, held while a process writes; it falls with the process."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "another process writes this ledger") from None

    def release(self) -> None:
        os.close(self._file)


def _quoted(folder: Path) -> str:
    return str(folder / FILE_NAME).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
