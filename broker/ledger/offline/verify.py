"""Verifying a whole ledger file.

1. Scan the entries in order: index, leaf hash, box against its seal, grants, closings, key rotations, erasures.
2. Build the tree from the recomputed leaves; compare the stored subtrees.
3. For each checkpoint, oldest first: form, signature by the key then in force, root. The first that does not hold
   bounds the difference; stored leaves tell which side of it was changed.
4. Compare with the anchors: checkpoints that the user kept elsewhere. Without one, a ledger cut short at a checkpoint
   looks like a younger ledger: nothing inside it can tell.

The caller must still compare the key with the one published, and keep an anchor. Formats: docs/ledger.md.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from broker.ledger.offline.notes import Key, Unproved, read_checkpoint, read_key
from broker.ledger.offline.report import Finding, Report
from broker.ledger.offline.scan import Scan, opened, scan_all
from broker.ledger.offline.tree import levels_of, root_of

NODE_STEP = 8


def verify(file: Path, keys: Sequence[str], anchors: Iterable[str] = (), workers: int = 1) -> Report:
    """Verify a ledger file.

    ``keys``: verifier keys in text form, of which one must have signed the first checkpoint. ``anchors``: signed
    checkpoints kept elsewhere. ``workers``: processes to share the scan between.

    Raises:
        Unproved: a key or an anchor is malformed.
    """
    trusted = [read_key(text) for text in keys]
    try:
        with opened(file) as database:
            database.execute("BEGIN")  # one snapshot: the writer may be at work
            origin = dict(database.execute("SELECT name, value FROM facts")).get("origin", "")
            scans = list(scan_all(file, database, workers))
            checkpoints = list(database.execute("SELECT size, note FROM checkpoints ORDER BY size"))
            nodes = list(database.execute("SELECT level, position, hash FROM nodes ORDER BY level, position"))
            listed = {str(grant).encode() for (grant,) in database.execute("SELECT grant_id FROM open_grants")}
        if not any(key.name == origin for key in trusted):
            return Report(origin, 0, 0, 0, "", Finding(None, "key", "none of the keys is of this tree"))
        return _judge(origin, trusted, scans, checkpoints, nodes, listed, list(anchors))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return Report("", 0, 0, 0, "", Finding(None, "file", f"cannot be read as a ledger: {error}"))


def _judge(
    origin: str,
    trusted: list[Key],
    scans: list[Scan],
    checkpoints: list[tuple[int, str]],
    nodes: list[tuple[int, int, bytes]],
    listed: set[bytes],
    anchors: list[str],
) -> Report:
    leaves: list[bytes] = []
    for part in scans:
        if len(leaves) == part.first:
            leaves += [part.leaves[at : at + 32] for at in range(0, len(part.leaves), 32)]
    levels = levels_of(leaves)
    stored = {index: leaf for part in scans for index, leaf in part.stored_leaves.items()}
    findings = [finding for part in scans for finding in part.findings]
    findings += _check_checkpoints(origin, trusted, scans, checkpoints, leaves, levels, stored)
    open_grants, unpaired = _check_grants(scans)
    if not findings:
        findings += _check_boxes(scans)
        findings += unpaired
    if not findings:
        findings += _check_nodes(levels, nodes)
        findings += _check_anchors(origin, trusted, scans, anchors, levels, len(leaves))
    if not findings and listed != open_grants:
        findings.append(Finding(None, "open grants", "the list of open grants differs from the entries"))
    first = min(findings, key=lambda found: len(leaves) if found.index is None else found.index, default=None)
    root = root_of(levels, len(leaves)).hex()
    return Report(origin, len(leaves), len(checkpoints), len(open_grants), root, first)


def _check_checkpoints(
    origin: str,
    trusted: list[Key],
    scans: list[Scan],
    checkpoints: list[tuple[int, str]],
    leaves: list[bytes],
    levels: list[list[bytes]],
    stored: dict[int, bytes],
) -> list[Finding]:
    rotations = [rotation for part in scans for rotation in part.rotations]
    keys, covered = [key for key in trusted if key.name == origin], 0
    for size, note in checkpoints:
        if rotations and rotations[0][0] + 1 < size:
            return [Finding(rotations[0][0], "checkpoint", "a change of key without a checkpoint of its own")]
        try:
            name, stated, root = read_checkpoint(note, keys)
        except Unproved as error:
            return [Finding(covered, "checkpoint", f"the one of size {size}: {error}")]
        if name != origin or stated != size:
            return [Finding(covered, "checkpoint", f"the one of size {size} is of another tree or size")]
        if size > len(leaves):
            return [Finding(len(leaves), "entry missing", f"a checkpoint states {size} entries")]
        if root_of(levels, size) != root:
            return [_locate(leaves, stored, covered, size, root)]
        covered = size
        if rotations and rotations[0][0] + 1 == size:
            try:
                keys = [read_key(rotations.pop(0)[1])]
                read_checkpoint(note, keys)
            except Unproved as error:
                return [Finding(size - 1, "checkpoint", f"the one that begins a key: {error}")]
    if covered != len(leaves):
        return [Finding(covered, "checkpoint missing", "entries behind the last checkpoint")]
    return [Finding(index, "leaf", "the stored leaf hash was changed") for index in sorted(stored)[:1]]


def _locate(leaves: list[bytes], stored: dict[int, bytes], covered: int, size: int, root: bytes) -> Finding:
    """Which entry of a commit differs: the stored leaf hashes, if they give the signed root, tell exactly."""
    changed = [index for index in sorted(stored) if covered <= index < size]
    claimed = list(leaves[:size])
    for index in changed:
        claimed[index] = stored[index]
    if changed and root_of(levels_of(claimed), size) == root:
        return Finding(changed[0], "entry", "its bytes are not the ones that were signed")
    if size - covered == 1:
        return Finding(covered, "entry", "it is not the one that was signed")
    return Finding(
        changed[0] if changed else covered, "entry", f"one of {covered} to {size - 1} is not what was signed"
    )


def _check_nodes(levels: list[list[bytes]], nodes: list[tuple[int, int, bytes]]) -> list[Finding]:
    complete = {
        (level, position): found
        for level in range(NODE_STEP, len(levels), NODE_STEP)
        for position, found in enumerate(levels[level])
    }
    kept = {(level, position): bytes(found) for level, position, found in nodes}
    for level, position in sorted(complete.keys() | kept.keys(), key=lambda name: name[1] << name[0]):
        if kept.get((level, position)) != complete.get((level, position)):
            detail = f"the stored subtree of level {level}, position {position}, differs from its leaves"
            return [Finding(position << level, "node", detail)]
    return []


def _check_boxes(scans: list[Scan]) -> list[Finding]:
    """A box matches the seal in its entry, or the one in the last erasure of a part of it."""
    erased = {index: seal for part in scans for _, index, seal in part.erasures}
    found = {index: seal for part in scans for index, seal in part.boxes.items()}
    for index in sorted(found.keys() | erased.keys()):
        if found.get(index) != erased.get(index):
            return [Finding(index, "box", "the sealed parts are not the ones that were bound to the entry")]
    return []


def _check_grants(scans: list[Scan]) -> tuple[set[bytes], list[Finding]]:
    permits = {grant: index for part in scans for grant, index in part.permits}
    closed: set[bytes] = set()
    for part in scans:
        for grant, index in part.closings:
            if grant in closed:
                return set(), [Finding(index, "closing", "a second closing of the same grant")]
            if permits.get(grant, index) >= index:
                return set(), [Finding(index, "closing", "it closes a grant that no earlier entry gave")]
            closed.add(grant)
    return permits.keys() - closed, []


def _check_anchors(
    origin: str, trusted: list[Key], scans: list[Scan], anchors: list[str], levels: list[list[bytes]], count: int
) -> list[Finding]:
    rotations = [rotation for part in scans for rotation in part.rotations]
    known = [key for key in trusted if key.name == origin] + [read_key(text) for _, text in rotations]
    for note in anchors:
        name, size, root = read_checkpoint(note, known)
        if name != origin:
            raise Unproved("an anchor is of another tree")
        if size > count:
            return [Finding(count, "truncated", f"the anchor states {size} entries")]
        if root_of(levels, size) != root:
            return [Finding(None, "anchor", f"the first {size} entries are not those of the anchor")]
    return []
