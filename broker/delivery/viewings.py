"""The viewings that run: who may fetch under a grant, what was delivered, and how each ended.

One grant is one viewing. Every request and every chunk passes ``Viewing``; nothing leaves but through it. A viewing
ends once, with one ``Outcome``, whatever ends it; the outcome is handed to ``on_end`` and kept until that succeeds.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from adapters.port import Grant
from broker.clock import Clock
from broker.delivery.deliverable import Played
from broker.delivery.states import State
from broker.delivery.untouched import Untouched
from broker.delivery.viewing import Viewing
from broker.evidence import Ending, Outcome
from conventions.faults import Fault, FaultKind
from conventions.identifiers import GrantId, SessionId
from conventions.spans import instant
from conventions.terms import Reason

IDLE_S = 30
SWEEP_S = 0.2
REMEMBERED_COUNT = 4096
"""Ended grants that are still told apart from unknown ones."""
OnEnd = Callable[[Grant, Outcome], Awaitable[None]]
OnExpiry = Callable[[GrantId], Awaitable[None]]
EXPIRY_LOOKS_COUNT, EXPIRY_LOOK_S = 20, 0.05
"""At its end a grant is decided again. Texts may change at that very instant: they are waited for, without bytes."""

UNAVAILABLE = frozenset(
    {
        FaultKind.SOURCE_UNAVAILABLE,
        FaultKind.SOURCE_TIMEOUT,
        FaultKind.SOURCE_MALFORMED,
        FaultKind.FOOTAGE_MISSING,
    }
)
"""Faults of the source: the viewing ends as unavailable, never as refused (PM-4.1)."""


class Viewings:
    """The registry of one broker process. Use it from the event loop only."""

    def __init__(self, clock: Clock, on_end: OnEnd | None = None, idle_s: float = IDLE_S) -> None:
        self.on_end = on_end
        """Writes the closing entry; set before the first viewing is opened."""
        self.on_expiry: OnExpiry | None = None
        """Decides a grant again at its end: extends it, or cuts it with the reason."""
        self._clock = clock
        self._idle_s = idle_s
        self._running: dict[GrantId, Viewing] = {}
        self._ended: OrderedDict[GrantId, tuple[SessionId, Outcome]] = OrderedDict()
        self._unwritten: dict[GrantId, tuple[Grant, Outcome]] = {}
        """Endings that ``on_end`` has not taken yet."""

    def open(self, grant: Grant, deliverable: Untouched | Played, session_id: SessionId) -> Viewing:
        """Register a grant with its deliverable. Pending until the first request.

        Raises:
            Fault: ``grant-ended`` when the grant was registered before or has ended; ``delivery-failed``.
        """
        if self.on_end is None:
            raise Fault(FaultKind.DELIVERY_FAILED, "nobody would write how the viewing ends")
        if grant.grant_id in self._running or grant.grant_id in self._ended:
            raise Fault(FaultKind.GRANT_ENDED, "a grant is one viewing")
        if deliverable.grant_id != grant.grant_id:
            raise Fault(FaultKind.DELIVERY_FAILED, "the deliverable is of another grant")
        viewing = Viewing(grant, deliverable, session_id, self._clock, self._fault, self._expiring)
        self._running[grant.grant_id] = viewing
        return viewing

    def of(self, grant_id: GrantId, session_id: SessionId) -> Viewing:
        """The viewing that a request names.

        Raises:
            Fault: ``resource-unknown`` for a grant that does not exist or is another session's: the same answer;
                ``grant-ended`` for this session's grant that is over.
        """
        viewing = self._running.get(grant_id)
        if viewing is not None and viewing.session_id == session_id:
            viewing.touch()
            return viewing
        if viewing is None and self._ended.get(grant_id, ("", None))[0] == session_id:
            raise Fault(FaultKind.GRANT_ENDED, "the viewing has ended")
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such viewing")

    def status(self, grant_id: GrantId, session_id: SessionId) -> Mapping[str, object]:
        """State of a viewing of this session, and how it ended; asking is no request for footage.

        Raises:
            Fault: ``resource-unknown``.
        """
        viewing = self._running.get(grant_id)
        if viewing is not None and viewing.session_id == session_id:
            return {"state": viewing.state.value, "valid_until": instant(viewing.valid_until_utc)}
        session, outcome = self._ended.get(grant_id, (None, None))
        if viewing is not None or outcome is None or session != session_id:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such viewing")
        reason = outcome.reason.value if outcome.reason is not None else None
        return {"state": State.TERMINATED.value, "ending": outcome.ending.value, "reason": reason}

    def running(self) -> tuple[Viewing, ...]:
        """What runs now: for deciding again, and for the list that officials see."""
        return tuple(self._running.values())

    def count_of(self, session_id: SessionId) -> int:
        """How many viewings of a session run."""
        return sum(viewing.session_id == session_id for viewing in self._running.values())

    def unwritten_count(self) -> int:
        """Endings that could not be written yet: above zero is an alarm."""
        return len(self._unwritten)

    def suspend(self, grant_id: GrantId) -> None:
        """Hold the bytes while the grant is decided again. Unknown grants are nothing to hold."""
        if (viewing := self._running.get(grant_id)) is not None and viewing.state is not State.PENDING:
            viewing.move(State.SUSPENDED)

    def extend(self, grant_id: GrantId, valid_until_utc: datetime) -> None:
        """Go on, also after a suspension: decided again with the same answer, good until then."""
        if (viewing := self._running.get(grant_id)) is not None:
            viewing.renew(valid_until_utc)

    async def cut(self, grant_id: GrantId, reason: Reason) -> None:
        """End a viewing against the viewer's will: what waits for bytes is woken, what sends is stopped."""
        await self._end(grant_id, Ending.CUT, reason)

    async def close(self, grant_id: GrantId, session_id: SessionId) -> None:
        """The viewer is done."""
        viewing = self.of(grant_id, session_id)
        await self._end(viewing.grant.grant_id, Ending.COMPLETE if viewing.complete else Ending.CLOSED, None)

    async def sweep(self) -> None:
        """End what is idle or past its grant, and write the endings that could not be written before."""
        now_s = self._clock.monotonic_s()
        for viewing in self.running():
            done = Ending.COMPLETE if viewing.complete else None
            if viewing.expired:
                await self._expiring(viewing)
            if viewing.expired:
                await self._end(viewing.grant.grant_id, done or Ending.CUT, None)
            elif viewing.fault is not None:
                await self._end(viewing.grant.grant_id, _ending_of(viewing.fault), _reason_of(viewing.fault))
            elif now_s - viewing.touched_s >= self._idle_s:
                await self._end(viewing.grant.grant_id, done or Ending.IDLE, None)
        for grant_id, (grant, outcome) in list(self._unwritten.items()):
            await self._write(grant_id, grant, outcome)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(SWEEP_S)

    async def shutdown(self) -> None:
        """End everything and write every ending.

        Raises:
            Fault: ``ledger-unavailable`` when endings remain unwritten.
        """
        for viewing in self.running():
            await self._end(viewing.grant.grant_id, Ending.COMPLETE if viewing.complete else Ending.CLOSED, None)
        for grant_id, (grant, outcome) in list(self._unwritten.items()):
            await self._write(grant_id, grant, outcome)
        if self._unwritten:
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "endings of viewings could not be written")

    async def _expiring(self, viewing: Viewing) -> None:
        """Have a viewing decided again at its end; what nobody extends or cuts stays expired."""
        grant_id = viewing.grant.grant_id
        for _ in range(EXPIRY_LOOKS_COUNT):
            if self.on_expiry is None or grant_id not in self._running or not viewing.expired:
                return
            await self.on_expiry(grant_id)
            if viewing.expired and grant_id in self._running:
                await asyncio.sleep(EXPIRY_LOOK_S)

    async def _fault(self, viewing: Viewing, fault: Fault) -> None:
        """Source or delivery failed under a request: the viewing ends with it."""
        await self._end(viewing.grant.grant_id, _ending_of(fault), _reason_of(fault))

    async def _end(self, grant_id: GrantId, ending: Ending, reason: Reason | None) -> None:
        """End once: the first caller removes the viewing, so that a second one finds nothing."""
        viewing = self._running.pop(grant_id, None)
        if viewing is None:
            return
        viewing.terminate()
        outcome = viewing.outcome(ending, reason)
        self._ended[grant_id] = (viewing.session_id, outcome)
        while len(self._ended) > REMEMBERED_COUNT:
            self._ended.popitem(last=False)
        self._unwritten[grant_id] = (viewing.grant, outcome)
        try:
            await viewing.deliverable.close()
        finally:
            # Shielded: the request that found the end may itself be cancelled while the entry is written.
            await asyncio.shield(self._write(grant_id, viewing.grant, outcome))

    async def _write(self, grant_id: GrantId, grant: Grant, outcome: Outcome) -> None:
        try:
            if self.on_end is not None:
                await self.on_end(grant, outcome)
        except Fault:
            return  # kept; the next sweep tries again
        self._unwritten.pop(grant_id, None)


def unavailable(grant: Grant, fault: Fault) -> Outcome:
    """The outcome of a grant whose source never gave anything: permitted and unavailable, not refused.

    Source: PM-4.1.
    """
    return Outcome(grant.grant_id, _ending_of(fault), _reason_of(fault), 0, 0, None)


def _ending_of(fault: Fault) -> Ending:
    return Ending.UNAVAILABLE if fault.kind in UNAVAILABLE else Ending.FAULT


def _reason_of(fault: Fault) -> Reason | None:
    return Reason.SOURCE_UNAVAILABLE if fault.kind in UNAVAILABLE else None


__all__ = ["OnEnd", "State", "Viewing", "Viewings", "unavailable"]
