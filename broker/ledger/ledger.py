"""Step 3, write it down, and step 7, how it ended. The only place where a ``Grant`` is made.

A permit becomes a grant when its entry is durably in the controller's tree and its receipt is verified; otherwise there
is a fault and no byte. Reading stands in ``reading``; the thread that writes in ``writer``.
"""

from collections.abc import Callable, Iterable, Mapping

import uuid_utils
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from adapters.port import Grant, Receipt
from broker.clock import Clock
from broker.evidence import Machine, Outcome, Permit, Refusal, Refused
from broker.ledger import sqlite
from broker.ledger.commit import Job, Tree
from broker.ledger.envelopes import (
    CHECKPOINT_KEY_ROTATION,
    ERASURE,
    NOTE_KINDS,
    closing_draft,
    decision_draft,
    left_open_draft,
    note_draft,
    shown_to_caller,
)
from broker.ledger.homes import Home, open_tree
from broker.ledger.reading import Entry, OpenGrant, Reading
from broker.ledger.writer import Writer
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, GrantId


class Ledger:
    """All trees of one process. ``start`` before use; one process at a time may write."""

    def __init__(
        self,
        installation: str,
        places: Iterable[Home],
        clock: Clock,
        on_lost: Callable[[BodyId], None] = lambda _controller: None,
    ) -> None:
        """``on_lost`` is called from the writer's thread when a tree can no longer be written."""
        self.installation = installation
        self.homes = {home.controller: home for home in places}
        self._clock = clock
        self._on_lost = on_lost
        self._trees: dict[BodyId, Tree] = {}
        self._locks: list[sqlite.OneWriter] = []
        self._regimes: dict[GrantId, str] = {}
        self._writer: Writer | None = None

    def start(self, moved_by: Mapping[BodyId, str] | None = None) -> None:
        """Open and check every tree, then start the writer.

        ``moved_by``: the reference of the controller's written decision, for a tree found elsewhere than declared.

        Raises:
            Fault: ``settings-invalid`` (place, retention, keys), ``ledger-corrupt``, ``ledger-unavailable``.
        """
        try:
            for home in self.homes.values():
                self._locks.append(sqlite.OneWriter(home.folder))
                decision = (moved_by or {}).get(home.controller)
                self._trees[home.controller] = open_tree(self.installation, home, self._clock, decision)
        except (SQLAlchemyError, OSError, Fault) as error:
            self._release()
            if isinstance(error, Fault):
                raise
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, f"a ledger cannot be opened: {type(error).__name__}") from error
        self._writer = Writer(self._trees, self._clock, self._on_lost)
        self._writer.start()

    def stop(self) -> None:
        """Write what is queued and let the trees go."""
        if self._writer is not None and not self._writer.ended:
            self._writer.stop()
        self._writer = None
        self._release()

    async def record(self, decided: Permit | Refusal) -> Grant | Refused:
        """Write a decision down.

        Raises:
            Fault: ``ledger-unavailable``, and nothing may be served; ``fact-missing`` when a permit has parts for a
                body that gave no sealing key.
        """
        request = decided.basis.request
        if isinstance(decided, Refusal):
            shown = shown_to_caller(decided)
            receipt = await self._submit(request.controller, Job(decision_draft(decided, None, shown)))
            return Refused(
                request.request_id, request.controller, decided.reasons, shown, decided.clauses, receipt.entry_index
            )
        grant_id = self._new_grant_id()
        if not isinstance(decided.basis.caller, Machine):
            self._regimes[grant_id] = decided.basis.regime
        receipt = await self._submit(request.controller, Job(decision_draft(decided, grant_id, None)))
        return Grant(
            grant_id=grant_id,
            controller=request.controller,
            operation=str(request.operation),
            cameras=request.cameras,
            span=request.span,
            valid_until_utc=decided.valid_until_utc,
            obligations=decided.obligations,
            receipt=receipt,
            mark=decided.mark,
            plate=request.plate,
        )

    async def close(self, grant: Grant, outcome: Outcome) -> Receipt:
        """Write how a viewing ended.

        Raises:
            Fault: ``grant-ended`` when it is closed already; ``ledger-unavailable``: the grant stays open to audit.
        """
        regime = self._regimes.get(grant.grant_id, "led")
        receipt = await self._submit(
            grant.controller, Job(closing_draft(grant, outcome, regime, self._clock.now_utc()))
        )
        self._regimes.pop(grant.grant_id, None)
        return receipt

    async def close_left_open(self, left: OpenGrant) -> Receipt:
        """Close a grant that an earlier run left open; what was delivered is recorded as not known."""
        draft = left_open_draft(left.grant_id, left.controller, left.entry_index, left.regime, self._clock.now_utc())
        return await self._submit(left.controller, Job(draft))

    async def note(
        self,
        controller: BodyId,
        kind: str,
        fields: Mapping[str, object],
        parts: Mapping[str, str] | None = None,
        *,
        regime: str | None = None,
        two_key: BodyId | None = None,
    ) -> Receipt:
        """Write an event: a session, a case, a document published, a failed sign-in, a fault ...

        ``fields`` are plain values that identify nobody; ``parts`` are sealed. With ``two_key`` the parts that the
        police seal are sealed to that body as well.

        Raises:
            Fault: ``request-malformed`` for an unknown kind or a reserved field; ``ledger-unavailable``.
        """
        if kind not in NOTE_KINDS:
            raise Fault(FaultKind.REQUEST_MALFORMED, "no such kind of event")
        draft = note_draft(kind, controller, self._clock.now_utc(), fields, parts or {}, regime, two_key)
        return await self._submit(controller, Job(draft))

    async def open_part(
        self,
        controller: BodyId,
        index: int,
        name: str,
        *,
        opened_by: str,
        why: str,
        body_key: X25519PrivateKey | None = None,
    ) -> str:
        """The value of a sealed part; an ``opening`` entry is written before it is given.

        Raises:
            Fault: ``document-unknown`` (no such part, or erased), ``fact-missing`` (the body's key is needed too),
                ``ledger-unavailable``.
        """
        reading = self.reading(controller)
        entry = reading.entry(index)
        reading.must_open(entry, name, body_key)
        await self.note(
            controller,
            "opening",
            {"entry": index, "part": name, "keys": 2 if entry.needs_two_keys(name) else 1},
            {"person": opened_by, "why": why},
            regime=str(entry.body.get("regime", "led")),
        )
        return reading.part(entry, name, body_key)

    async def erase_part(self, controller: BodyId, index: int, name: str, why: str) -> Receipt:
        """Destroy a sealed part and its look-up; the tree still verifies.

        Raises:
            Fault: ``document-unknown`` when it is not there, ``ledger-unavailable``.
        """
        draft = note_draft(ERASURE, controller, self._clock.now_utc(), {"why": why}, {})
        return await self._submit(controller, Job(draft, erases=(index, name)))

    async def rotate_key(self, controller: BodyId, why: str) -> Receipt:
        """Begin a new checkpoint key by an entry that the old key signs; the old one verifies for ever."""
        tree = self._tree(controller)
        draft = note_draft(CHECKPOINT_KEY_ROTATION, controller, self._clock.now_utc(), {"why": why}, {})
        return await self._submit(controller, Job(draft, new_signer=tree.keys.new_signer()))

    def reading(self, controller: BodyId) -> Reading:
        """Reads one controller's tree; beside the writer, from any thread."""
        tree = self._tree(controller)
        return Reading(controller, self.homes[controller].folder, tree.keys)

    def entries(self, controller: BodyId, first: int = 0, last: int | None = None) -> Iterable[Entry]:
        """The entries ``[first, last)`` in order."""
        return self.reading(controller).entries(first, last)

    def open_grants(self) -> tuple[OpenGrant, ...]:
        """Grants without a closing entry, of all controllers: visible to audit."""
        return tuple(left for controller in self._trees for left in self.reading(controller).open_grants())

    async def _submit(self, controller: BodyId, job: Job) -> Receipt:
        self._tree(controller)
        writer = self._writer
        if writer is None:
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "the ledger is not started")
        if writer.ended:
            for tree in self._trees.values():
                tree.failed_at_s = self._clock.monotonic_s() if tree.failed_at_s is None else tree.failed_at_s
            self._writer = writer = Writer(self._trees, self._clock, self._on_lost)
            writer.start()
        return await writer.submit(controller, job)

    def _tree(self, controller: BodyId) -> Tree:
        tree = self._trees.get(controller)
        if tree is None:
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "that controller has no ledger here")
        return tree

    def _new_grant_id(self) -> GrantId:
        now_utc = self._clock.now_utc()
        return GrantId(str(uuid_utils.uuid7(nanoseconds=int(now_utc.timestamp()) * 10**9 + now_utc.microsecond * 1000)))

    def _release(self) -> None:
        for tree in self._trees.values():
            tree.store.close()
        self._trees = {}
        for lock in self._locks:
            lock.release()
        self._locks = []
