"""One commit of one tree: build the entries, grow the tree, sign, write durably, verify. No thread, no waiting.

INVARIANT: a receipt exists only after its commit is on disk, the checkpoint's signature was verified and the entry was
proved to be under its root.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.port import Receipt
from broker.clock import Clock
from broker.ledger.envelopes import Draft
from broker.ledger.keyfiles import KeyFolder
from broker.ledger.notes import Checkpoint, Signer, open_checkpoint, sign_note
from broker.ledger.sealing import LOOKUP_PARTS, TWO_KEY_PARTS, Sealer, lookup_digest, without
from broker.ledger.store import Commit, TreeStore
from broker.ledger.tree import Growth, all_included, leaf_hash
from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.spans import instant


@dataclass(slots=True)
class Job:
    """One entry to write."""

    draft: Draft
    erases: tuple[int, str] | None = None
    """Entry and part that this entry destroys."""
    new_signer: Signer | None = None
    """A rotation: this entry's checkpoint is signed by the old key and by this one, later ones by this one alone."""
    facts: dict[str, str] = field(default_factory=dict)
    """Facts of the tree that change with this entry."""

    @property
    def alone(self) -> bool:
        """Whether it stands in a commit of its own."""
        return self.new_signer is not None or self.erases is not None


@dataclass(slots=True)
class Tree:
    """One tree as the writer sees it."""

    controller: BodyId
    store: TreeStore
    keys: KeyFolder
    signer: Signer
    lookup_key: bytes = field(repr=False)
    failed_at_s: float | None = None

    @property
    def up(self) -> bool:
        return self.failed_at_s is None

    def load(self, clock: Clock) -> None:
        """Read the tree again and probe it."""
        self.store.load(instant(clock.now_utc()))
        self.signer = self.keys.signer(self.store.key_id)
        self.failed_at_s = None


def write(tree: Tree, jobs: Sequence[Job]) -> list[Receipt | Fault]:
    """Write entries in one commit; for each its verified receipt, or why it alone was not written.

    Raises:
        Fault, SQLAlchemyError, OSError: nobody gets a receipt; the tree must be loaded again.
    """
    store, first = tree.store, tree.store.count
    commit = Commit(Growth(0, {}, []), [], [], "")
    sealer = Sealer(len(jobs))
    refused: dict[int, Fault] = {}
    for place, job in enumerate(jobs):
        try:
            body = _entry(tree, job, sealer, commit, first + len(commit.bodies))
        except Fault as fault:
            if fault.kind in (FaultKind.SETTINGS_INVALID, FaultKind.LEDGER_CORRUPT):
                raise
            refused[place] = fault
            continue
        commit.bodies.append(body)
        commit.leaves.append(leaf_hash(body))
        commit.facts |= job.facts
    if not commit.bodies:
        return list(refused.values())
    signers = [tree.signer]
    rotation = jobs[0].new_signer
    if rotation is not None:
        signers.append(rotation)
        vkey = rotation.verifier.vkey
        commit.facts |= {"key_id": rotation.verifier.key_id, "vkey": vkey, f"rotation.{first}": vkey}
    commit.growth = Growth(store.count, store.peaks, commit.leaves)
    stated = Checkpoint(store.origin, commit.growth.size, commit.growth.root)
    commit.note = sign_note(stated.text, signers)
    store.append(commit)
    store.follow(commit)
    receipts = iter(_receipts(tree, commit, first))
    if rotation is not None:
        tree.signer = rotation
    return [refused[place] if place in refused else next(receipts) for place in range(len(jobs))]


def _entry(tree: Tree, job: Job, sealer: Sealer, commit: Commit, index: int) -> bytes:
    """The bytes of one entry; its box, look-ups and grant go to the commit.

    Raises:
        Fault: ``grant-ended``, ``fact-missing``, ``document-unknown``: this entry alone is not written.
    """
    draft = job.draft
    if draft.closes is not None:
        known = draft.closes in tree.store.open or draft.closes in commit.opened
        if not known or draft.closes in commit.closed:
            raise Fault(FaultKind.GRANT_ENDED, "that grant is closed already, or was never open")
    clear = {**draft.clear, "key_id": tree.signer.verifier.key_id, "retention": draft.retention}
    parts = draft.parts
    if draft.two_key is not None:
        clear["two_key"] = draft.two_key
        body = tree.keys.body_key(draft.two_key)
        if body is None and not TWO_KEY_PARTS.isdisjoint(parts):
            if draft.must_seal:
                raise Fault(FaultKind.FACT_MISSING, "the requesting body has given no sealing key")
            clear["withheld"] = sorted(TWO_KEY_PARTS.intersection(parts))
            parts = {name: value for name, value in parts.items() if name not in TWO_KEY_PARTS}
    else:
        body = None
    if parts:
        month = str(clear["at"])[:7]
        digests, box = sealer.seal(parts, tree.keys.period_key(draft.retention, month), body)
        clear |= {"parts": digests, "seal": sealer.bind(box), "period": f"{draft.retention}-{month}"}
    if job.erases is not None:
        clear |= _erase(tree, commit, *job.erases)
    if job.new_signer is not None:
        clear["new_key"] = job.new_signer.verifier.vkey
    entry = canonical(clear)
    if parts:
        commit.boxes.append((index, box))
        for name in LOOKUP_PARTS.intersection(parts):
            found = lookup_digest(tree.lookup_key, name, parts[name])
            commit.lookups.append((found, index, name))
    if draft.opens is not None:
        commit.opened[draft.opens] = index
    if draft.closes is not None:
        commit.closed.append(draft.closes)
    return entry


def _erase(tree: Tree, commit: Commit, index: int, part: str) -> dict[str, object]:
    box = tree.store.boxes(index, index + 1).get(index)
    left = None if box is None else without(box, part)
    if box is None or left == box or left is None:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "that part is not there", where=part)
    commit.erased.append((index, part, left))
    return {"entry": index, "part": part, "new_seal": Sealer.bind(left)}


def _receipts(tree: Tree, commit: Commit, first: int) -> list[Receipt]:
    """Receipts of a durable commit, each verified: the signature once, the inclusion of every entry.

    Raises:
        Fault: ``signature-invalid`` or ``ledger-corrupt``; nobody gets a receipt then.
    """
    signed = open_checkpoint(commit.note, [tree.signer.verifier], tree.store.origin)
    paths, texts = commit.growth.paths(), _Hex()
    if not all_included(first, [leaf_hash(body) for body in commit.bodies], paths, signed.size, signed.root):
        raise Fault(FaultKind.LEDGER_CORRUPT, "an entry is not in the tree that was signed")
    return [
        Receipt(
            tree.controller, first + place, signed.size, leaf.hex(), tuple([texts[step] for step in path]), commit.note
        )
        for place, (leaf, path) in enumerate(zip(commit.leaves, paths, strict=True))
    ]


class _Hex(dict[bytes, str]):
    """Hash to hex; the paths of one commit have most steps in common."""

    def __missing__(self, key: bytes) -> str:
        text = self[key] = key.hex()
        return text
