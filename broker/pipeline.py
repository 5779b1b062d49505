"""The path of a request: seven steps, one file. Each takes only what the step before gives.

1. who          ``identity.identify``         request            -> ``Caller``
2. whether      ``decision.decide``           Caller, request    -> ``Permit`` | ``Refusal``
3. write down   ``ledger.record``             Permit | Refusal   -> ``Grant`` | ``Refused``
4. from where   ``adapters.port``             Grant              -> ``Clear``
5. how much     ``delivery.minimise``         Clear, Grant       -> ``Deliverable``
6. bytes        ``delivery.viewings``         Deliverable, Grant -> bytes, ``Outcome``
7. how it ended ``ledger.close``              Grant, Outcome     -> entry

INVARIANT: no adapter is contacted without a ``Grant``, and no ``Grant`` exists without a verified receipt.
Any exception before a grant is a recorded refusal ``engine-fault``; after it the viewing is cut and closed.
Source: design 2.
"""

from dataclasses import dataclass

import structlog
import uuid_utils

from adapters.port import Clear, Grant, LiveClear, Transits
from adapters.registry import Registry
from broker.clock import Clock
from broker.decision.decide import decide, faulted
from broker.decision.reading import Asked, read
from broker.decision.state import Standing, State
from broker.delivery.minimise import minimise
from broker.delivery.viewings import Viewing, Viewings
from broker.delivery.workers import Workers
from broker.evidence import AccessRequest, Caller, Case, Ending, Machine, Outcome, Permit, Refusal, Refused
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from conventions.identifiers import GrantId, RequestId, SessionId
from conventions.spans import Span
from conventions.terms import SYSTEM_REASONS, Operation, Reason

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """One controller's section of a plate search: rows, or why not. Sections never merge controllers (R4)."""

    controller: str
    transits: Transits | None
    refused: Refused | None
    fault: Fault | None


@dataclass(slots=True)
class Running:
    """A viewing and what it is decided again by."""

    caller: Caller
    request: AccessRequest
    grant: Grant


class Gate:
    """The door. Holds no data of its own beside the viewings that run."""

    def __init__(
        self,
        standing: Standing,
        ledger: Ledger,
        registry: Registry,
        viewings: Viewings,
        workers: Workers,
        clock: Clock,
    ) -> None:
        self.standing = standing
        self.ledger = ledger
        self.viewings = viewings
        self._registry = registry
        self._workers = workers
        self._clock = clock
        self._running: dict[GrantId, Running] = {}
        viewings.on_end = self._ended

    # Steps 2 and 3 -------------------------------------------------------------------------------------------------

    def read(self, asked: Asked, case: Case | None = None, owed: frozenset[Reason] = frozenset()) -> AccessRequest:
        """Untrusted strings into a request; defects, and what the person owes, become reasons of its refusal."""
        known = frozenset(self.standing.state.snapshot.controllers)
        return read(asked, case, RequestId(str(uuid_utils.uuid7())), known, self._clock.now_utc(), owed)

    async def ask(self, caller: Caller, request: AccessRequest) -> Grant | Refused:
        """Decide and write down. The only way to a grant.

        Raises:
            Fault: ``ledger-unavailable``; nothing was decided that anybody may rely on.
        """
        return await self.ledger.record(self._decide(caller, request))

    def _decide(self, caller: Caller, request: AccessRequest) -> Permit | Refusal:
        at_utc = self._clock.now_utc()
        generation = ""
        try:
            state = self.standing.state
            generation = state.generation
            return decide(caller, request, state, at_utc)
        except Fault as fault:
            log.error("decision.fault", kind=fault.kind, request_id=request.request_id)
            return faulted(caller, request, _reason(fault), generation, at_utc)
        except Exception:  # the one place (style 5): a bug before a grant is a recorded refusal
            log.exception("decision.bug", request_id=request.request_id)
            return faulted(caller, request, Reason.ENGINE_FAULT, generation, at_utc)

    # Steps 4 to 7 --------------------------------------------------------------------------------------------------

    async def play(self, caller: Caller, request: AccessRequest) -> Viewing | Refused:
        """Open a recording: one grant, one viewing."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return granted
        source = self._registry.video_of(granted.cameras[0])
        try:
            clear: Clear = await source.open_recording(granted)
            deliverable = await minimise(clear, granted, self._workers)
        except Fault as fault:
            raise await self._unavailable(granted, fault) from fault
        return self._run(caller, request, granted, self.viewings.open(granted, deliverable, _session(caller)))

    async def watch(self, caller: Caller, request: AccessRequest) -> Viewing | Refused:
        """Open a camera live."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return granted
        source = self._registry.video_of(granted.cameras[0])
        try:
            clear: LiveClear = await source.open_live(granted)
            deliverable = await minimise(clear, granted, self._workers)
        except Fault as fault:
            raise await self._unavailable(granted, fault) from fault
        return self._run(caller, request, granted, self.viewings.open(granted, deliverable, _session(caller)))

    async def search(self, caller: Caller, request: AccessRequest) -> Answer:
        """Search a plate at one controller: decision, entry and answer of its own."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return Answer(request.controller, None, granted, None)
        try:
            transits = await self._registry.transits_of(granted.cameras[0]).search(granted)
        except Fault as fault:
            return Answer(request.controller, None, None, await self._unavailable(granted, fault))
        outcome = Outcome(granted.grant_id, Ending.COMPLETE, None, 0, 0, granted.span, len(transits.rows))
        await self.ledger.close(granted, outcome)
        return Answer(request.controller, transits, None, None)

    async def coverage(self, caller: Caller, request: AccessRequest) -> tuple[Span, ...] | Refused:
        """Where footage exists: listing is a read like any other (``inventory.list``)."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return granted
        try:
            spans = await self._registry.video_of(granted.cameras[0]).coverage(granted)
        except Fault as fault:
            raise await self._unavailable(granted, fault) from fault
        outcome = Outcome(granted.grant_id, Ending.COMPLETE, None, 0, 0, None, len(spans))
        await self.ledger.close(granted, outcome)
        return spans

    async def read_within(self, caller: Caller, request: AccessRequest) -> Grant | Refused:
        """A read whose answer the caller makes at once (inventory, ledger): decided, written, closed."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Grant):
            await self.ledger.close(granted, Outcome(granted.grant_id, Ending.COMPLETE, None, 0, 0, None))
        return granted

    # A grant is decided again --------------------------------------------------------------------------------------

    async def decide_again(self) -> None:
        """Put every running viewing to the generation in force; one whose answer differs is written down and cut."""
        for running in tuple(self._running.values()):
            again = self._decide(running.caller, running.request)
            if isinstance(again, Permit):
                self.viewings.extend(running.grant.grant_id, again.valid_until_utc)
                continue
            await self.viewings.cut(running.grant.grant_id, again.primary)
            await self.ledger.record(again)

    async def end_session(self, session_id: str, reason: Reason) -> None:
        """Cut what a session was watching: logged out, suspended, or replaced by a newer one."""
        for running in tuple(self._running.values()):
            if not isinstance(running.caller, Machine) and running.caller.session.session_id == session_id:
                await self.viewings.cut(running.grant.grant_id, reason)

    async def end_all(self, reason: Reason) -> None:
        """Cut everything: the ledger, the policy store or the change feed is lost."""
        for grant_id in tuple(self._running):
            await self.viewings.cut(grant_id, reason)

    def _run(self, caller: Caller, request: AccessRequest, grant: Grant, viewing: Viewing) -> Viewing:
        self._running[grant.grant_id] = Running(caller, request, grant)
        return viewing

    async def _ended(self, grant: Grant, outcome: Outcome) -> None:
        self._running.pop(grant.grant_id, None)
        await self.ledger.close(grant, outcome)

    async def _unavailable(self, grant: Grant, fault: Fault) -> Fault:
        """A permitted read that the source could not serve is written as such, not as a refusal (PM-4.1)."""
        log.error("source.fault", kind=fault.kind, grant_id=grant.grant_id)
        await self.ledger.close(grant, Outcome(grant.grant_id, Ending.UNAVAILABLE, _reason(fault), 0, 0, None))
        return fault


def _session(caller: Caller) -> SessionId:
    """Whose requests a viewing serves; a machine has no session, so nobody can fetch under its grants."""
    return SessionId("") if isinstance(caller, Machine) else caller.session.session_id


_REASONS = {kind: Reason(kind.value) for kind in FaultKind if kind.value in SYSTEM_REASONS}


def _reason(fault: Fault) -> Reason:
    """The system's reason for a fault; kinds without one of their own are the source's or the engine's."""
    if fault.kind in (FaultKind.SOURCE_TIMEOUT, FaultKind.SOURCE_MALFORMED, FaultKind.FOOTAGE_MISSING):
        return Reason.SOURCE_UNAVAILABLE
    return _REASONS.get(fault.kind, Reason.ENGINE_FAULT)


__all__ = ["Answer", "Asked", "Gate", "Operation", "State"]
