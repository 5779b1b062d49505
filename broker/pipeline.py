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

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
import uuid_utils

from adapters.port import Clear, Grant, LiveClear, Transits
from adapters.registry import Registry
from broker.clock import Clock
from broker.decision.decide import decide, faulted
from broker.decision.reading import Asked, again, read
from broker.decision.state import Standing, State
from broker.delivery.minimise import minimise
from broker.delivery.viewings import Viewing, Viewings, unavailable
from broker.delivery.workers import Workers
from broker.evidence import AccessRequest, Caller, Case, Ending, Machine, Outcome, Permit, Refusal, Refused
from broker.identity.cases import Cases
from broker.identity.identify import Identities
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, CaseId, GrantId, RequestId, SessionId
from conventions.spans import Span
from conventions.terms import SYSTEM_REASONS, Operation, Reason

log = structlog.get_logger()
LIVE = frozenset({Operation.LIVE_VIEW})
RECORDED = frozenset({Operation.RECORDING_VIEW, Operation.RECORDING_EXTRACT, Operation.DATA_DOWNLOAD})
"""INVARIANT: no other operation opens a camera, whatever its rules permit: listing is not looking."""
AT_ONCE_COUNT = 16
"""Viewings that one session may have open; without an end one person could leave nothing to the others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One controller's section of a plate search: rows, or why not. Sections never merge controllers (R4)."""

    controller: str
    transits: Transits | None
    refused: Refused | None
    fault: Fault | None


def new_request_id() -> RequestId:
    """An identifier for what somebody asks in one go."""
    return RequestId(str(uuid_utils.uuid7()))


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
        identities: Identities,
        cases: Cases,
    ) -> None:
        self.standing = standing
        self.ledger = ledger
        self.viewings = viewings
        self._registry = registry
        self._workers = workers
        self._clock = clock
        self._identities = identities
        self._cases = cases
        self._controllers = frozenset(ledger.homes) - {INSTALLATION}
        self._running: dict[GrantId, Running] = {}
        self._opening: Counter[SessionId] = Counter()
        viewings.on_end, viewings.on_expiry = self._ended, self._expired

    # Steps 2 and 3 -------------------------------------------------------------------------------------------------

    def read(
        self,
        asked: Asked,
        case: Case | None = None,
        owed: frozenset[Reason] = frozenset(),
        joined: RequestId | None = None,
    ) -> AccessRequest:
        """Untrusted strings into a request; defects, and what the person owes, become reasons of its refusal.

        ``joined`` is the request id that the questions of one search over several controllers share (R4).
        """
        return read(asked, case, joined or new_request_id(), self._controllers, self._clock.now_utc(), owed)

    async def ask(self, caller: Caller, request: AccessRequest) -> Grant | Refused:
        """Decide and write down. The only way to a grant.

        Raises:
            Fault: ``ledger-unavailable``; nothing was decided that anybody may rely on.
        """
        return await self.ledger.record(self._decide(caller, request))

    def _decide(self, caller: Caller, request: AccessRequest, *, anew: bool = False) -> Permit | Refusal:
        """Step 2, with whatever goes wrong as a refusal. ``anew`` names the person of a running viewing again."""
        at_utc = self._clock.now_utc()
        generation = ""
        try:
            state = self.standing.state
            generation = state.generation
            if anew and not isinstance(caller, Machine):
                caller = self._identities.identify_again(caller.session.session_id)
            caller = self._identities.known_to(request.controller, caller)
            return decide(caller, request, state, at_utc)
        except Fault as fault:
            log.error("decision.fault", kind=fault.kind, request_id=request.request_id)
            return faulted(caller, request, _reason(fault), generation, at_utc)
        except Exception:  # the one place (style 5): a bug before a grant is a recorded refusal
            log.exception("decision.bug", request_id=request.request_id)
            return faulted(caller, request, Reason.ENGINE_FAULT, generation, at_utc)

    # Steps 4 to 7 --------------------------------------------------------------------------------------------------

    async def view(self, caller: Caller, request: AccessRequest) -> Viewing | Refused:
        """Open a camera, live or recorded: one grant, one viewing."""
        if request.operation not in LIVE | RECORDED:
            request = again(request, request.case, frozenset({Reason.OPERATION_UNKNOWN}))
        session_id = _session(caller)
        if self._opening[session_id] + self.viewings.count_of(session_id) >= AT_ONCE_COUNT:
            request = again(request, request.case, frozenset({Reason.MINIMISATION}))
        self._opening[session_id] += 1
        try:
            return await self._view(caller, request)
        finally:
            self._opening[session_id] -= 1
            self._opening += Counter()  # forget those at zero

    async def _view(self, caller: Caller, request: AccessRequest) -> Viewing | Refused:
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return granted
        async with self._closing_on_failure(granted):
            source = self._registry.video_of(granted.cameras[0])
            clear: Clear | LiveClear
            if request.operation in LIVE:
                clear = await source.open_live(granted)
            else:
                clear = await source.open_recording(granted)
            deliverable = await minimise(clear, granted, self._workers)
            viewing = self.viewings.open(granted, deliverable, _session(caller))
        running = self._running[granted.grant_id] = Running(caller, request, granted)
        await self._again(running)  # what changed while the source was opening
        return viewing

    async def search(self, caller: Caller, request: AccessRequest) -> Answer:
        """Search a plate at one controller: decision, entry and answer of its own."""
        try:
            granted = await self.ask(caller, request)
            if isinstance(granted, Refused):
                return Answer(request.controller, None, granted, None)
            async with self._closing_on_failure(granted):
                transits = await self._registry.transits_of(granted.cameras).search(granted)
            outcome = Outcome(granted.grant_id, Ending.COMPLETE, None, 0, 0, granted.span, len(transits.rows))
            await self.ledger.close(granted, outcome)
        except Fault as fault:  # of this controller: the other sections are answered all the same (R4)
            return Answer(request.controller, None, None, fault)
        return Answer(request.controller, transits, None, None)

    async def coverage(self, caller: Caller, request: AccessRequest) -> tuple[Span, ...] | Refused:
        """Where footage exists: listing is a read like any other (``inventory.list``)."""
        granted = await self.ask(caller, request)
        if isinstance(granted, Refused):
            return granted
        async with self._closing_on_failure(granted):
            spans = await self._registry.video_of(granted.cameras[0]).coverage(granted)
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
        """Put every running viewing to the generation in force; one whose answer differs is cut and written down.

        All together: the last of many is cut as soon as the first, and their entries share a commit.
        """
        await asyncio.gather(*(self._again(running) for running in tuple(self._running.values())))

    async def case_changed(self, case_id: CaseId) -> None:
        """Decide again what runs for a case that was closed or received its reference."""
        for running in tuple(self._running.values()):
            case = running.request.case
            if case is not None and case.case_id == case_id:
                now = None
                with suppress(Fault):
                    now = await asyncio.to_thread(self._cases.use, case.case_id, case.person)
                running.request = again(running.request, now)
                await self._again(running)

    async def _expired(self, grant_id: GrantId) -> None:
        if (running := self._running.get(grant_id)) is not None:
            await self._again(running)

    async def _again(self, running: Running) -> None:
        grant = running.grant
        decided = self._decide(running.caller, running.request, anew=True)
        if isinstance(decided, Permit) and decided.obligations <= grant.obligations:
            self.viewings.extend(grant.grant_id, decided.valid_until_utc)
            return
        # A permit with a further duty: what runs does not fulfil it, and is asked for anew.
        reason = decided.primary if isinstance(decided, Refusal) else Reason.MINIMISATION
        if self._running.pop(grant.grant_id, None) is None:
            return  # somebody else is ending it
        await self.viewings.cut(grant.grant_id, reason)
        if isinstance(decided, Refusal):
            await self.ledger.record(decided)

    async def end_session(self, session_id: str, reason: Reason) -> None:
        """Cut what a session was watching: logged out, suspended, or replaced by a newer one."""
        running = tuple(self._running.items())
        ended = [grant_id for grant_id, one in running if _session(one.caller) == session_id]
        await asyncio.gather(*(self.viewings.cut(grant_id, reason) for grant_id in ended))

    async def end_all(self, reason: Reason) -> None:
        """Cut everything: the ledger, the policy store or the change feed is lost."""
        await asyncio.gather(*(self.viewings.cut(grant_id, reason) for grant_id in tuple(self._running)))

    async def withdraw(self) -> None:
        """Nothing is decided any more, and what runs ends: changes may have been missed."""
        self.standing.swap(None)
        await self.end_all(Reason.POLICY_UNAVAILABLE)

    async def _ended(self, grant: Grant, outcome: Outcome) -> None:
        self._running.pop(grant.grant_id, None)
        try:
            await self.ledger.close(grant, outcome)
        except Fault as fault:
            if fault.kind is not FaultKind.GRANT_ENDED:  # written before, though the commit was reported lost
                raise

    @asynccontextmanager
    async def _closing_on_failure(self, grant: Grant) -> AsyncIterator[None]:
        """A permitted read that fails is written as such, not as a refusal (PM-4.1); no grant is left open by a bug."""
        outcome: Outcome | None = Outcome(grant.grant_id, Ending.FAULT, Reason.ENGINE_FAULT, 0, 0, None)
        try:
            yield
            outcome = None
        except Fault as fault:
            nowhere = fault.kind is FaultKind.RESOURCE_UNKNOWN  # permitted, and no recorder has it
            found = Fault(FaultKind.SOURCE_UNAVAILABLE, fault.detail) if nowhere else fault
            outcome = unavailable(grant, found)
            log.error("source.fault", kind=fault.kind, grant_id=grant.grant_id)
            raise found from fault
        finally:
            if outcome is not None:
                await asyncio.shield(self.ledger.close(grant, outcome))


def _session(caller: Caller) -> SessionId:
    """Whose requests a viewing serves; a machine has no session, so nobody can fetch under its grants."""
    return SessionId("") if isinstance(caller, Machine) else caller.session.session_id


_REASONS = {kind: Reason(kind.value) for kind in FaultKind if kind.value in SYSTEM_REASONS}


def _reason(fault: Fault) -> Reason:
    """The system's reason for a fault; kinds without one of their own are the engine's."""
    return _REASONS.get(fault.kind, Reason.ENGINE_FAULT)


__all__ = ["Answer", "Asked", "Gate", "Operation", "State"]
