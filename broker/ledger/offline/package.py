"""Verifying an exported package: a stretch of a tree as JSON Lines, with what proves it and a signature over all.

Source: PM-3.5. The form is in docs/ledger.md.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from broker.ledger.offline.notes import Key, Unproved, read_checkpoint, read_key, read_note, unbase64
from broker.ledger.offline.receipt import verify_receipt
from broker.ledger.offline.report import Finding, Report

PACKAGE_FORMAT = "varco-package/1"


def verify_package(file: Path, keys: Sequence[str]) -> Report:
    """Verify a package against the public keys of its controller.

    Raises:
        Unproved: a key is malformed.
    """
    for text in keys:
        read_key(text)
    origin = ""
    try:
        lines = file.read_bytes().split(b"\n")
        head = _line(lines, 0)
        origin, first, last = str(head["origin"]), int(head["first"]), int(head["last"])
        if head["format"] != PACKAGE_FORMAT or lines[-1] != b"":
            raise Unproved("it is not a whole package")
        known = _in_force(list(keys), head["keys"], origin)
        leaves: list[bytes] = []
        for place, index in enumerate(range(first, last), start=1):
            line = _line(lines, place)
            if line.get("index") != index or not isinstance(line.get("entry"), str):
                return _found(origin, leaves, index, "entry missing", "the entries are not in order, or one is missing")
            leaves.append(sha256(b"\x00" + line["entry"].encode()).digest())
        proof, signed = _line(lines, -3), _line(lines, -2)
        covered = b"\n".join(lines[:-2]) + b"\n"
        name, size, root = read_checkpoint(str(proof["checkpoint"]), known)
        outside = iter([unbase64(text) for text in proof["outside"]])
        if name != origin or not 0 <= first < last <= size:
            raise Unproved("its checkpoint is of another tree")
        if _root(0, size, first, leaves, outside) != root or next(outside, None) is not None:
            return _found(origin, leaves, first, "entry", "the entries are not those under the checkpoint")
        stated = read_note(str(signed["signature"]), known)
        if stated != [PACKAGE_FORMAT, origin, b64encode(sha256(covered).digest()).decode()]:
            return _found(origin, leaves, None, "package", "the signature is of other lines")
    except (Unproved, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        return _found(origin, [], None, "package", f"it cannot be verified: {error}")
    return Report(origin, len(leaves), 1, 0, root.hex(), None)


def _in_force(trusted: list[str], chain: list[dict[str, str]], origin: str) -> list[Key]:
    """The key that signs now: each change of key is an entry proved under a checkpoint of the key before it."""
    keys = [key for key in map(read_key, trusted) if key.name == origin]
    texts = list(trusted)
    for link in chain:
        entry = json.loads(link["entry"])
        if entry["kind"] != "checkpoint-key-rotation":
            raise Unproved("not a change of key")
        if entry["new_key"] not in trusted:
            verify_receipt(link["proof"], link["entry"].encode(), texts)
        texts = [entry["new_key"]]
        keys = [key for key in map(read_key, texts) if key.name == origin]
    return keys


def _root(start: int, end: int, first: int, leaves: list[bytes], outside: Iterator[bytes]) -> bytes:
    """The hash of ``[start, end)``: what the package does not hold is taken from ``outside``, in order."""
    if end <= first or start >= first + len(leaves):
        return next(outside, b"")
    if end - start == 1:
        return leaves[start - first]
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    left = _root(start, middle, first, leaves, outside)
    return sha256(b"\x01" + left + _root(middle, end, first, leaves, outside)).digest()


def _line(lines: list[bytes], place: int) -> dict[str, Any]:
    line = json.loads(lines[place])
    if not isinstance(line, dict):
        raise Unproved("a line is not an object")
    return line


def _found(origin: str, leaves: list[bytes], index: int | None, what: str, detail: str) -> Report:
    return Report(origin, len(leaves), 0, 0, "", Finding(index, what, detail))
