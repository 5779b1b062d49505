"""The tables of one tree. Portable SQL: what differs between databases is in ``sqlite``.

Only ``boxes``, ``lookups`` and ``open_grants`` ever lose a row or change one; ``entries``, ``nodes`` and
``checkpoints`` are only added to.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()
INDEX = BigInteger().with_variant(Integer(), "sqlite")
"""The place of an entry; SQLite wants the plain word for a row id."""

entries = Table(
    "entries",
    metadata,
    Column("idx", INDEX, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)
"""Canonical bytes of each entry, and its leaf hash."""

nodes = Table(
    "nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Complete subtrees of every eighth level, so that starting and proving read a few hundred rows at any size."""

boxes = Table(
    "boxes",
    metadata,
    Column("idx", INDEX, primary_key=True, autoincrement=False),
    Column("box", LargeBinary, nullable=False),
)
"""Sealed parts of an entry."""

lookups = Table(
    "lookups",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("idx", INDEX, primary_key=True, autoincrement=False, index=True),
    Column("part", String(40), nullable=False),
    sqlite_with_rowid=False,
)
"""Keyed digests of persons and plates."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", INDEX, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
"""One signed note for each commit."""

open_grants = Table(
    "open_grants",
    metadata,
    Column("grant_id", String(36), primary_key=True),
    Column("idx", INDEX, nullable=False),
)
"""Grants without a closing entry: an index, which the offline verifier recomputes."""

facts = Table(
    "facts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Of the tree itself: format, origin, declared place, first and present key, retention terms, last probe."""
