"""From the register on disk to what decisions rest on, and how one more document gets in.

1. Verify the envelope as at now, under the trust in force (``conventions.verification``).
2. Refuse what the lint sends back as an error, and a deed that asks what its regulation excludes.
3. Make the next generation from the register with the document in it; until here nothing has changed.
4. Put the document on the disk (``conventions.shelf``): one generation or the other, never half; the rules are
   archived under their digest, for replay.
5. Swap the state in one reference, write the entry, and tell the change feed.

A document that is refused leaves the generation in force as it was. A register on disk that no longer verifies, or no
longer holds what it held, is another matter: nobody can tell what it hides (a suspension, say), so the generation is
withdrawn whole and nothing is decided until it reads well again (docs/decisions/0011). Source: design 3, 4; PM-P.4,
MC-3.1c.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from broker.changes import Changes, DocumentChanged
from broker.clock import Clock
from broker.decision.snapshot import Snapshot
from broker.decision.state import Standing, State
from broker.identity.claims import check_claims
from broker.replay import Recall, recalling
from broker.storage.archive import keep
from conventions import shelf
from conventions.calendars import end_of_day
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.lint import lint
from conventions.register import Register
from conventions.schema import Trust
from conventions.spans import NEVER, instant, parse_instant
from conventions.trust_set import TrustSet
from conventions.verification import VerifiedDocument, verify
from policies.bundle import EMPTY, Generation
from policies.engine import Engine
from policies.generator import generate
from policies.publication import compile_document

Listener = Callable[[State], None]
SHA256_DIGITS = 64
RETRY_AFTER_S = 5.0
"""How long a register that did not read well is left alone, unless its manifest changes before."""


def admit(
    register: Register, raw: bytes, anchors_pem: tuple[str, ...], at_utc: datetime, where: str = ""
) -> VerifiedDocument:
    """Steps 1 and 2: a document that may be published into this register, or the fault that keeps it out."""
    trust = TrustSet.of(anchors_pem, register.trust_documents(at_utc))
    verified = verify(raw, trust, at_utc, known=register, where=where)
    for finding in lint(verified.document, register, sha256=verified.sha256):
        if finding.severity == "error":
            place = f"{where}: {finding.where}" if where else finding.where
            raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, f"{finding.row}: {finding.message_it}", where=place)
    compile_document(verified.document, (known.document for known in register.known()))
    if isinstance(verified.document, Trust):
        check_claims(verified.document, _other_trust(register, verified.id, at_utc))
    return verified


def _other_trust(register: Register, but: str, at_utc: datetime) -> Iterator[Trust]:
    """The latest versions of the other trust documents that have not ended."""
    for name, history in register.histories.items():
        document = history[-1].document
        if isinstance(document, Trust) and name != but:
            if document.valid_until is None or at_utc < end_of_day(document.valid_until):
                yield document


class Publication:
    """Keeps the state in force in step with the register's folder."""

    def __init__(
        self, folder: Path, anchors_pem: tuple[str, ...], standing: Standing, changes: Changes, clock: Clock
    ) -> None:
        self.register = Register()
        self._folder = folder / "register"
        self._archive = folder / "rules"
        self._written = folder / "written.txt"
        self._anchors = anchors_pem
        self._standing = standing
        self._changes = changes
        self._clock = clock
        self._generation: Generation = EMPTY
        self._engine: Engine | None = None
        self._listeners: list[Listener] = []
        self._seen: tuple[int, int] = (0, 0)
        self._failed_at_s: float | None = None
        self._publishing = threading.Lock()

    def on_state(self, listener: Listener) -> None:
        """Have a listener told of every state, before it is in force."""
        self._listeners.append(listener)

    def load(self) -> None:
        """Read the folder and put what it holds in force.

        Raises:
            Fault: of the first defect; then no state is in force.
        """
        with self._publishing:
            self._load()

    def publish(self, raw: bytes, where: str = "") -> VerifiedDocument:
        """The procedure, steps 1 to 5 but for the entry, which the caller writes.

        Raises:
            Fault: the document's; the state in force stays.
        """
        if not self._changes.healthy:
            raise Fault(FaultKind.POLICY_UNAVAILABLE, "the change feed is lost")
        with self._publishing:
            if shelf.manifest(self._folder) and self._stamp() != self._seen:
                self._load()
            at_utc = self._clock.now_utc()
            verified = admit(self.register, raw, self._anchors, at_utc, where)
            after = self.register.published(verified, at_utc)
            state, generation = self._made(after, at_utc)
            keep(self._archive, generation)
            self.register = shelf.append(self._folder, self.register, verified, at_utc)
            self._seen = self._stamp()
            self._put(state, generation)
        self._changes.publish(DocumentChanged(BodyId(verified.document.controller), None))
        return verified

    def recalling(self) -> Recall:
        """Rules of past generations, for replay."""
        return recalling(self._archive)

    def unwritten(self) -> tuple[VerifiedDocument, ...]:
        """Published documents whose entry is not in a ledger yet, whoever published them; in order."""
        done = self._digests_written()
        return tuple(found for found in self.register if found.sha256 not in done)

    def _digests_written(self) -> set[str]:
        """Whole lines only: a process may have died while it wrote the last one."""
        if not self._written.exists():
            return set()
        return {line for line in self._written.read_text(encoding="ascii").split() if len(line) == SHA256_DIGITS}

    def written(self, verified: VerifiedDocument) -> None:
        """The entry is there; losing this note would only write it once more."""
        with self._written.open("a", encoding="ascii") as notes:
            notes.write(f"{verified.sha256}\n")

    def follow(self) -> bool:
        """Take over what another process published, and what a passing instant brought into or out of force.

        Raises:
            Fault: of the first defect; then no state is in force, what runs has been told, and ``follow`` goes on
                looking whether the register reads well again.
        """
        stamp = self._stamp()
        if not self._due(stamp):
            return False
        with self._publishing:
            try:
                if stamp != self._seen or self._failed_at_s is not None:
                    self._load()
                else:
                    at_utc = self._clock.now_utc()
                    self._put(*self._made(self.register, at_utc))
            finally:
                self._changes.publish(DocumentChanged(BodyId("installation"), None))
        return True

    def _due(self, stamp: tuple[int, int]) -> bool:
        if not self._changes.healthy:  # nobody would be told
            return False
        if stamp != self._seen:
            return True
        if self._failed_at_s is not None:
            return self._clock.monotonic_s() - self._failed_at_s >= RETRY_AFTER_S
        state, now_utc = self._standing.state, self._clock.now_utc()
        return now_utc < state.snapshot.at_utc or parse_instant(state.next_change) <= now_utc

    def _load(self) -> None:
        """Read the folder; what was known before must still be there, in the same order (rollback)."""
        self._seen = self._stamp()
        self._failed_at_s = self._clock.monotonic_s()
        loaded = False
        try:
            register = shelf.load(self._folder, self._anchors)
            had, found = [one.sha256 for one in self.register], [one.sha256 for one in register]
            if found[: len(had)] != had or not self._digests_written() <= set(found):
                gone = "documents are gone from the register"
                raise Fault(FaultKind.DOCUMENT_ROLLED_BACK, gone, where=shelf.MANIFEST)
            state, generation = self._made(register, self._clock.now_utc())
            keep(self._archive, generation)
            self._put(state, generation)
            self.register, self._failed_at_s, loaded = register, None, True
        finally:
            if not loaded:
                self._standing.swap(None)

    def _made(self, register: Register, at_utc: datetime) -> tuple[State, Generation]:
        generation = generate(register.known(), self._generation)
        engine = Engine(generation, self._engine)
        in_force = tuple(found.document for found in register.in_force(at_utc))
        next_utc = register.next_change_after(at_utc)
        next_change = instant(next_utc) if next_utc is not None else NEVER
        snapshot = Snapshot.of(in_force, at_utc, (found.document for found in register))
        return State(snapshot, engine, generation.digest, next_change), generation

    def _put(self, state: State, generation: Generation) -> None:
        for listener in self._listeners:
            listener(state)
        self._generation, self._engine = generation, state.engine
        self._standing.swap(state)

    def _stamp(self) -> tuple[int, int]:
        """Tells whether the manifest was replaced: cheap enough to ask several times a second."""
        try:
            found = (self._folder / shelf.MANIFEST).stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_ino)
