"""What somebody with the file could do to a ledger: the demonstration forges a copy, to show that it is found."""

import sqlite3
from contextlib import closing
from pathlib import Path


def copy_of(source: Path, target: Path) -> None:
    """A consistent copy of a database that is being written."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as to,
    ):
        reading.backup(to)


def forge(file: Path, index: int) -> None:
    """Change one byte of an entry."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        body = bytearray(database.execute("SELECT body FROM entries WHERE idx = ?", (index,)).fetchone()[0])
        body[len(body) // 2] ^= 1
        database.execute("UPDATE entries SET body = ? WHERE idx = ?", (bytes(body), index))
