"""One pass over the entries of a ledger file, in one process or several."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from broker.ledger.offline.report import Finding

SHARE_COUNT = 20_000
"""Entries below which one process is faster than several."""
OWN_SHARE_RATIO = 0.6
"""What the first process scans of an equal share; it builds the tree and checks the signatures as well."""


@dataclass(slots=True)
class Scan:
    """What one pass over a stretch of entries gathers."""

    first: int
    leaves: bytes = b""
    """Computed leaf hashes, one after the other."""
    findings: list[Finding] = field(default_factory=list)
    stored_leaves: dict[int, bytes] = field(default_factory=dict)
    """Stored leaf hashes that differ from the computed ones."""
    boxes: dict[int, str] = field(default_factory=dict)
    """Digests of boxes that do not match the seal of their own entry: erased parts, or a change."""
    permits: list[tuple[bytes, int]] = field(default_factory=list)
    closings: list[tuple[bytes, int]] = field(default_factory=list)
    rotations: list[tuple[int, str]] = field(default_factory=list)
    erasures: list[tuple[int, int, str]] = field(default_factory=list)
    """Erasing entry, entry erased in, digest of the box that is left."""


def scan_all(file: Path, database: sqlite3.Connection, workers: int) -> Iterator[Scan]:
    newest = database.execute("SELECT max(idx) FROM entries").fetchone()[0]
    count = 0 if newest is None else newest + 1
    if workers < 2 or count < SHARE_COUNT or threading.active_count() > 1:
        yield scan(database, 0, count)
        return
    own = int(count * OWN_SHARE_RATIO / workers)
    bounds = [own + (count - own) * part // (workers - 1) for part in range(workers)]
    with ProcessPoolExecutor(workers - 1, get_context("fork")) as pool:
        others = [pool.submit(scan_file, file, first, last) for first, last in pairwise(bounds)]
        yield scan(database, 0, own)
        for other in others:
            yield other.result()


def scan_file(file: Path, first: int, last: int) -> Scan:
    """The same, by a process of its own; entries never change, so it needs no common snapshot."""
    with opened(file) as database:
        return scan(database, first, last)


def scan(database: sqlite3.Connection, first: int, last: int) -> Scan:
    """One pass over the entries ``[first, last)``."""
    found, expected, leaves = Scan(first), first, []
    rows = database.execute(
        "SELECT e.idx, e.body, e.leaf, b.box FROM entries e LEFT JOIN boxes b ON b.idx = e.idx"
        " WHERE e.idx >= ? AND e.idx < ? ORDER BY e.idx",
        (first, last),
    )
    for index, body, leaf, box in rows:
        if index != expected:
            found.findings.append(Finding(expected, "entry missing", f"the next one there is {index}"))
            break
        expected += 1
        computed = sha256(b"\x00" + body).digest()
        leaves.append(computed)
        if leaf != computed:
            found.stored_leaves[index] = leaf
        at = body.rfind(b'"seal":"') + 8
        if at > 7 or box is not None:
            seal = "" if box is None else sha256(box).hexdigest()
            if at < 8 or body[at : at + 64] != seal.encode():
                found.boxes[index] = seal
        if (at := body.find(b'"grant":"') + 9) > 8:
            if b'"decision":"permit"' in body:
                found.permits.append((body[at : at + 36], index))
            elif b'"kind":"closing"' in body:
                found.closings.append((body[at : at + 36], index))
        elif b'"kind":"checkpoint-key-rotation"' in body or b'"kind":"erasure"' in body:
            _note_kind(found, index, body)
    found.leaves = b"".join(leaves)
    return found


def _note_kind(found: Scan, index: int, body: bytes) -> None:
    """Remember rotations and erasures; a word was found, now the entry is read properly."""
    try:
        entry: dict[str, Any] = json.loads(body)
    except ValueError:
        return  # its leaf hash tells
    if entry.get("kind") == "checkpoint-key-rotation":
        found.rotations.append((index, str(entry.get("new_key"))))
    elif entry.get("kind") == "erasure" and isinstance(entry.get("entry"), int):
        found.erasures.append((index, entry["entry"], str(entry.get("new_seal"))))


def opened(file: Path) -> closing[sqlite3.Connection]:
    """The database, read only, closed again on leaving."""
    name = str(file.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return closing(sqlite3.connect(f"file:{name}?mode=ro", uri=True))
