"""Reading a tree back: entries, look-ups, receipts, sealed parts. Never writes; each read has its own connection."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.ledger import sqlite
from broker.ledger.keyfiles import KeyFolder
from broker.ledger.notes import open_note, proof_text, read_vkey
from broker.ledger.sealing import LOOKUP_PARTS, TWO_KEY_PARTS, lookup_digest, open_box, records
from broker.ledger.store import TreeReader
from broker.ledger.tree import consistency_path, inclusion_path
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, GrantId

PAGE_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the tree; ``raw`` are the bytes that are hashed."""

    index: int
    raw: bytes
    body: dict[str, Any]

    def needs_two_keys(self, part: str) -> bool:
        return "two_key" in self.body and part in TWO_KEY_PARTS


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """A grant without a closing entry."""

    grant_id: GrantId
    controller: BodyId
    entry_index: int
    regime: str
    at: str


class Reading:
    """One controller's tree, read only."""

    def __init__(self, controller: BodyId, folder: Path, keys: KeyFolder) -> None:
        self.controller = controller
        self._store = TreeReader(sqlite.open_reader(folder))
        self._keys = keys

    def size(self) -> int:
        return self._store.size()

    def entry(self, index: int) -> Entry:
        """One entry.

        Raises:
            Fault: ``document-unknown``.
        """
        for entry in self.entries(index, index + 1):
            return entry
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such entry")

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[Entry]:
        """The entries ``[first, last)`` in order; up to the present end when no ``last`` is given."""
        end = self.size() if last is None else last
        for start in range(first, end, PAGE_COUNT):
            for index, raw in self._store.bodies(start, min(start + PAGE_COUNT, end)):
                yield Entry(index, raw, json.loads(raw))

    def find(self, name: str, value: str) -> list[int]:
        """Entries about a ``person`` or a ``plate``, by keyed digest.

        Raises:
            Fault: ``request-malformed`` for any other part.
        """
        if name not in LOOKUP_PARTS:
            raise Fault(FaultKind.REQUEST_MALFORMED, "no look-up by that part")
        return self._store.found(lookup_digest(self._keys.lookup_key(), name, value))

    def open_grants(self) -> list[OpenGrant]:
        found = []
        for grant_id, index in self._store.open_grants().items():
            body = self.entry(index).body
            found.append(OpenGrant(grant_id, self.controller, index, str(body["regime"]), str(body["at"])))
        return found

    def verifier_key(self) -> str:
        """The first public key of the tree: what auditors keep."""
        return self._store.facts()["first_vkey"]

    def checkpoint(self) -> str:
        """The last signed checkpoint; empty for an empty tree. Kept elsewhere, it anchors all that came before."""
        return self._store.checkpoint()

    def receipt(self, index: int, size: int | None = None) -> str:
        """A proof that the entry is in the tree, in the form of C2SP, against the last checkpoint or that of ``size``.

        Raises:
            Fault: ``document-unknown``.
        """
        note = self.checkpoint() if size is None else self._store.checkpoint_of(size)
        stated = int(note.split("\n")[1]) if note else 0
        if not 0 <= index < stated:
            raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such entry")
        return proof_text(index, inclusion_path(index, stated, self._store.node), note)

    def consistency(self, old_size: int) -> tuple[bytes, ...]:
        """What shows that the present tree begins with the one of ``old_size`` entries (RFC 6962 section 2.1.2)."""
        return consistency_path(old_size, self.stated_size(self.checkpoint()), self._store.node)

    def must_open(self, entry: Entry, name: str, body_key: X25519PrivateKey | None) -> None:
        """Check that a part can be opened, before its opening is written down.

        Raises:
            Fault: ``document-unknown``, ``fact-missing``.
        """
        box = self._store.boxes(entry.index, entry.index + 1).get(entry.index)
        if name not in entry.body.get("parts", {}) or box is None or name not in records(box):
            raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such part, or it was erased", where=name)
        if entry.needs_two_keys(name) and body_key is None:
            raise Fault(FaultKind.FACT_MISSING, "that part opens with the requesting body's key as well", where=name)

    def part(self, entry: Entry, name: str, body_key: X25519PrivateKey | None = None) -> str:
        """The value of a part. Only the ledger calls this, after the opening is written down."""
        box = self._store.boxes(entry.index, entry.index + 1)[entry.index]
        period_key = self._keys.known_period_key(str(entry.body["period"]))
        digest = str(entry.body["parts"][name])
        return open_box(box, name, digest, period_key, body_key, entry.needs_two_keys(name))

    def box(self, index: int) -> bytes | None:
        return self._store.boxes(index, index + 1).get(index)

    def node(self, level: int, position: int) -> bytes:
        return self._store.node(level, position)

    def key_id(self) -> str:
        """The key that signs checkpoints now."""
        return self._store.facts()["key_id"]

    def rotations(self) -> list[int]:
        """Entries that changed the key, oldest first."""
        return self._store.rotations()

    def stated_size(self, note: str) -> int:
        """The size that a checkpoint of the present key states; zero for an empty tree's empty one."""
        if not note:
            return 0
        text = open_note(note, [read_vkey(self._store.facts()["vkey"])])
        return int(text.split("\n")[1])
