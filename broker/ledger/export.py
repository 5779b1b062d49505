"""A signed package for those who may not read the live ledger: entries, proof, checkpoint, and what a replay needs.

JSON Lines: a head, one line for each entry, one for each attachment (a rule bundle, say), the proof, and a signature
over every line before it. Sealed parts stay behind. ``broker.ledger.offline.verify_package`` checks one by itself.

Source: PM-3.5.
"""

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from broker.ledger import offline
from broker.ledger.keyfiles import KeyFolder
from broker.ledger.notes import sign_note
from broker.ledger.reading import Entry, Reading
from broker.ledger.tree import subtree_hash
from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind

PACKAGE_FORMAT = "varco-package/1"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was verified."""

    origin: str
    first: int
    last: int
    entries: tuple[Entry, ...]
    attachments: dict[str, str]


def write_package(
    reading: Reading, keys: KeyFolder, target: Path, first: int, last: int, attachments: Mapping[str, str] | None = None
) -> None:
    """Write the entries ``[first, last)`` of a tree; the file appears whole or not at all.

    Raises:
        Fault: ``document-unknown`` when there are no such entries.
        FileExistsError: nothing is overwritten.
    """
    note = reading.checkpoint()
    size = reading.stated_size(note)
    if not 0 <= first < last <= size:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such entries")
    head = {
        "format": PACKAGE_FORMAT,
        "origin": keys.origin,
        "first": first,
        "last": last,
        "keys": _rotations(reading),
    }
    outside = [b64encode(found).decode() for found in _outside(reading, 0, size, first, last)]
    lines = [canonical(head)]
    lines += [canonical({"index": entry.index, "entry": entry.raw.decode()}) for entry in reading.entries(first, last)]
    lines += [canonical({"attachment": name, "text": text}) for name, text in sorted((attachments or {}).items())]
    lines.append(canonical({"checkpoint": note, "outside": outside}))
    covered = b"\n".join(lines) + b"\n"
    text = f"{PACKAGE_FORMAT}\n{keys.origin}\n{b64encode(sha256(covered).digest()).decode()}\n"
    signature = canonical({"signature": sign_note(text, [keys.signer(reading.key_id())])})
    fresh = target.with_name(target.name + ".new")
    fresh.write_bytes(covered + signature + b"\n")
    try:
        os.link(fresh, target)
    finally:
        fresh.unlink()


def read_package(file: Path, keys: list[str]) -> Package:
    """Read a package after verifying it.

    Raises:
        Fault: ``signature-invalid`` with what differs.
    """
    report = offline.verify_package(file, keys)
    if report.finding is not None:
        raise Fault(FaultKind.SIGNATURE_INVALID, f"{report.finding.what}: {report.finding.detail}", where=file.name)
    lines: list[dict[str, Any]] = [json.loads(line) for line in file.read_bytes().splitlines()]
    entries = []
    for line in lines:
        if "entry" in line:
            raw = str(line["entry"]).encode()
            entries.append(Entry(int(line["index"]), raw, json.loads(raw)))
    attachments = {str(line["attachment"]): str(line["text"]) for line in lines if "attachment" in line}
    head = lines[0]
    return Package(str(head["origin"]), int(head["first"]), int(head["last"]), tuple(entries), attachments)


def _rotations(reading: Reading) -> list[dict[str, str]]:
    """Each change of key as its entry, proved under a checkpoint of the key before it: the first key is enough."""
    return [
        {"entry": reading.entry(index).raw.decode(), "proof": reading.receipt(index, index + 1)}
        for index in reading.rotations()
    ]


def _outside(reading: Reading, start: int, end: int, first: int, last: int) -> list[bytes]:
    """Subtrees that hold no exported entry, in order."""
    if end <= first or start >= last:
        return [subtree_hash(start, end, reading.node)]
    if end - start == 1:
        return []
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    return _outside(reading, start, middle, first, last) + _outside(reading, middle, end, first, last)
