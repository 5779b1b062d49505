"""One tree in its own database: opening and checking it, appending one commit, reading back.

INVARIANT: a commit holds entries, boxes, nodes and the checkpoint over them, or nothing. What is in memory (size,
peaks, open grants) follows only after the commit is durable; after any failure it is read again from the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.compiler import SQLCompiler

from broker.ledger import sqlite
from broker.ledger.notes import Checkpoint, Verifier, open_checkpoint, read_vkey
from broker.ledger.tables import boxes, checkpoints, entries, facts, lookups, metadata, nodes, open_grants
from broker.ledger.tree import EMPTY_ROOT, Growth, peak_positions, root_hash
from conventions.faults import Fault, FaultKind
from conventions.identifiers import GrantId

STORE_FORMAT = "varco-ledger/1"
NODE_STEP = 8
"""Subtrees of levels 8, 16, 24 ... are stored."""


@dataclass(slots=True)
class Commit:
    """What one commit writes, beside the growth of the tree."""

    growth: Growth
    bodies: list[bytes]
    leaves: list[bytes]
    note: str
    boxes: list[tuple[int, bytes]] = field(default_factory=list)
    lookups: list[tuple[bytes, int, str]] = field(default_factory=list)
    opened: dict[GrantId, int] = field(default_factory=dict)
    closed: list[GrantId] = field(default_factory=list)
    erased: list[tuple[int, str, bytes]] = field(default_factory=list)
    """Entry, part, and the box that is left."""
    facts: dict[str, str] = field(default_factory=dict)


class TreeReader:
    """Reads one tree; safe from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def facts(self) -> dict[str, str]:
        with self._engine.connect() as connection:
            return read_facts(connection)

    def size(self) -> int:
        with self._engine.connect() as connection:
            return read_size(connection)

    def bodies(self, first: int, last: int) -> Sequence[tuple[int, bytes]]:
        """Index and bytes of the entries ``[first, last)``."""
        rows = select(entries.c.idx, entries.c.body).where(entries.c.idx >= first, entries.c.idx < last)
        with self._engine.connect() as connection:
            return [(row.idx, row.body) for row in connection.execute(rows.order_by(entries.c.idx))]

    def boxes(self, first: int, last: int) -> dict[int, bytes]:
        rows = select(boxes.c.idx, boxes.c.box).where(boxes.c.idx >= first, boxes.c.idx < last)
        with self._engine.connect() as connection:
            return {row.idx: row.box for row in connection.execute(rows)}

    def found(self, digest: bytes) -> list[int]:
        rows = select(lookups.c.idx).where(lookups.c.digest == digest).order_by(lookups.c.idx)
        with self._engine.connect() as connection:
            return list(connection.execute(rows).scalars())

    def open_grants(self) -> dict[GrantId, int]:
        with self._engine.connect() as connection:
            return read_open_grants(connection)

    def checkpoint(self) -> str:
        """The last signed checkpoint; empty when the tree is."""
        newest = select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(newest).scalar() or ""

    def checkpoints(self) -> list[str]:
        with self._engine.connect() as connection:
            return list(connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.size)).scalars())

    def checkpoint_of(self, size: int) -> str:
        """The checkpoint of just that size; empty when there is none."""
        with self._engine.connect() as connection:
            return connection.execute(select(checkpoints.c.note).where(checkpoints.c.size == size)).scalar() or ""

    def rotations(self) -> list[int]:
        """Entries that changed the key, oldest first."""
        return sorted(int(name.partition(".")[2]) for name in self.facts() if name.startswith("rotation."))

    def node(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree, from the nearest stored level below."""
        with self._engine.connect() as connection:
            return read_node(connection, level, position)


class TreeStore(TreeReader):
    """Writes one tree; used by the writer's thread only, after ``open``."""

    def __init__(self, folder: Path, origin: str) -> None:
        super().__init__(sqlite.open_writer(folder))
        self.folder = folder
        self.origin = origin
        self.key_id = ""
        self.peaks: dict[int, bytes] = {}
        self.count = 0
        self.open: dict[GrantId, int] = {}
        self._connection: Connection | None = None
        self._identity = (0, 0)
        self._compiled: dict[Table, SQLCompiler] = {}

    def load(self, now: str) -> None:
        """Read the state again and prove that writing works.

        Raises:
            Fault: ``ledger-corrupt`` when the last checkpoint does not cover exactly the entries that are there.
            SQLAlchemyError, OSError: the database cannot be read or written.
        """
        self.close()
        self._identity = sqlite.identity(self.folder)
        self._connection = connection = self._engine.connect()
        with connection.begin():
            kept = read_facts(connection)
            self.key_id = kept.get("key_id", "")
            if kept.get("format") != STORE_FORMAT or kept.get("origin") != self.origin:
                raise Fault(FaultKind.LEDGER_CORRUPT, "this is not the ledger of this tree")
            self.count = read_size(connection)
            self.peaks = {
                level: read_node(connection, level, position) for level, position in peak_positions(self.count)
            }
            self.open = read_open_grants(connection)
            self._check(connection, kept)
            set_fact(connection, "probe", now)

    def append(self, commit: Commit) -> None:
        """Write one commit, durably. In memory nothing changes yet.

        Raises:
            SQLAlchemyError: nothing, or everything, is on disk; ``load`` tells which.
        """
        connection = self._connection
        if connection is None or sqlite.identity(self.folder) != self._identity:
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "the ledger is not open, or was moved away")
        rows = zip(range(self.count, commit.growth.size), commit.bodies, commit.leaves, strict=True)
        stored = [
            (level, position, found)
            for level in range(NODE_STEP, commit.growth.size.bit_length(), NODE_STEP)
            for position, found in commit.growth.new_nodes(level)
        ]
        with connection.begin():
            self._insert(connection, entries, list(rows))
            self._insert(connection, boxes, commit.boxes)
            self._insert(connection, nodes, stored)
            self._insert(connection, lookups, commit.lookups)
            self._insert(connection, open_grants, list(commit.opened.items()))
            if commit.closed:
                gone = delete(open_grants).where(open_grants.c.grant_id == bindparam("gone"))
                connection.execute(gone, [{"gone": grant} for grant in commit.closed])
            for index, part, left in commit.erased:
                connection.execute(update(boxes).where(boxes.c.idx == index).values(box=left))
                connection.execute(delete(lookups).where(lookups.c.idx == index, lookups.c.part == part))
            for name, value in commit.facts.items():
                set_fact(connection, name, value)
            self._insert(connection, checkpoints, [(commit.growth.size, commit.note)])

    def follow(self, commit: Commit) -> None:
        """Take a durable commit into memory."""
        self.count, self.peaks = commit.growth.size, commit.growth.peaks
        self.open.update(commit.opened)
        for grant in commit.closed:
            del self.open[grant]
        self.key_id = commit.facts.get("key_id", self.key_id)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _insert(self, connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
        """Many rows, values in the order of the columns: compiled once, without SQLAlchemy's work for each row."""
        if not rows:
            return
        compiled = self._compiled.get(table)
        if compiled is None:
            compiled = self._compiled[table] = insert(table).compile(dialect=self._engine.dialect)
        if compiled.positional:
            connection.exec_driver_sql(compiled.string, list(rows))
        else:
            names = [column.name for column in table.columns]
            connection.exec_driver_sql(compiled.string, [dict(zip(names, row, strict=True)) for row in rows])

    def _check(self, connection: Connection, kept: Mapping[str, str]) -> None:
        newest = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
        signed = Checkpoint(self.origin, 0, EMPTY_ROOT)
        if newest is not None:
            signed = open_checkpoint(newest.note, [read_vkey(kept.get("vkey", ""))], self.origin)
        found = root_hash(self.count, lambda level, position: read_node(connection, level, position))
        if signed.size != self.count or signed.root != found:
            raise Fault(FaultKind.LEDGER_CORRUPT, "the last checkpoint does not cover the entries")


def create_tree(folder: Path, origin: str, place: str, verifier: Verifier, terms: Mapping[str, str]) -> None:
    """Make the database of a new tree.

    Raises:
        FileExistsError: a ledger is there already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sqlite.create_file(folder)
    engine = sqlite.open_writer(folder)
    with engine.connect() as connection, connection.begin():
        metadata.create_all(connection)
        kept = {
            "format": STORE_FORMAT,
            "origin": origin,
            "place": place,
            "first_vkey": verifier.vkey,
            "vkey": verifier.vkey,
            "key_id": verifier.key_id,
            **{f"retention.{name}": term for name, term in terms.items()},
        }
        connection.execute(insert(facts), [{"name": name, "value": value} for name, value in kept.items()])
    engine.dispose()


def read_facts(connection: Connection) -> dict[str, str]:
    return {row.name: row.value for row in connection.execute(select(facts))}


def set_fact(connection: Connection, name: str, value: str) -> None:
    if not connection.execute(update(facts).where(facts.c.name == name).values(value=value)).rowcount:
        connection.execute(insert(facts), [{"name": name, "value": value}])


def read_size(connection: Connection) -> int:
    newest = connection.execute(select(func.max(entries.c.idx))).scalar()
    return 0 if newest is None else newest + 1


def read_open_grants(connection: Connection) -> dict[GrantId, int]:
    return {GrantId(row.grant_id): row.idx for row in connection.execute(select(open_grants))}


def read_node(connection: Connection, level: int, position: int) -> bytes:
    """A complete subtree, folded from the nearest stored level below it."""
    below = level - level % NODE_STEP
    first, last = position << (level - below), (position + 1) << (level - below)
    found: Iterable[bytes]
    if below:
        stored = select(nodes.c.hash).where(nodes.c.level == below, nodes.c.position >= first, nodes.c.position < last)
        found = connection.execute(stored.order_by(nodes.c.position)).scalars()
    else:
        stored = select(entries.c.leaf).where(entries.c.idx >= first, entries.c.idx < last)
        found = connection.execute(stored.order_by(entries.c.idx)).scalars()
    hashes = list(found)
    if len(hashes) != last - first:
        raise Fault(FaultKind.LEDGER_CORRUPT, "a subtree is missing")
    growth = Growth(0, {}, hashes)
    return growth.root
