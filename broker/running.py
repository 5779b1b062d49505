"""What is running is decided again: at every change it rests on, and at the latest at its own end.

Listens to the change feed; losing the feed, the policy store or the ledger ends every viewing. Source: design 2.
"""

import asyncio
from datetime import timedelta

import structlog

from broker.changes import (
    CaseChanged,
    Change,
    Changes,
    DocumentChanged,
    FeedLost,
    LedgerLost,
    OperatorChanged,
    SessionEnded,
    WindowChanged,
)
from broker.clock import Clock
from broker.pipeline import Gate
from conventions.faults import Fault
from conventions.terms import Reason

log = structlog.get_logger()
LONGEST_WAIT = timedelta(seconds=1)
"""How late a term that passes by the clock alone may be noticed."""


class Running:
    """Keeps the viewings in step with what they rest on."""

    def __init__(self, gate: Gate, changes: Changes, clock: Clock) -> None:
        self._gate = gate
        self._changes = changes
        self._clock = clock
        self.ready = asyncio.Event()
        """Set once the feed is heard: nothing may be served before."""

    async def run(self) -> None:
        """Follow the feed and the clock until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._tick())

    async def _listen(self) -> None:
        async with self._changes.feed() as changes:
            self.ready.set()
            async for change in changes:
                await self._follow(change)

    async def _follow(self, change: Change) -> None:
        try:
            match change:
                case SessionEnded():
                    await self._gate.end_session(change.session_id, Reason.SESSION_ENDED)
                case DocumentChanged() | OperatorChanged() | WindowChanged():
                    await self._gate.decide_again()
                case CaseChanged():
                    await self._gate.case_changed(change.case_id)
                case LedgerLost():
                    await self._gate.end_all(Reason.LEDGER_UNAVAILABLE)
                case FeedLost():
                    await self._gate.withdraw()
        except Fault as fault:
            log.error("running.fault", kind=fault.kind)
            await self._gate.end_all(Reason.ENGINE_FAULT)

    async def _tick(self) -> None:
        """Decide again whatever a passing instant may have changed; end what has gone idle."""
        while True:
            await asyncio.sleep(LONGEST_WAIT.total_seconds())
            try:
                await self._gate.decide_again()
            except Fault as fault:
                log.error("running.fault", kind=fault.kind)
                await self._gate.end_all(Reason.ENGINE_FAULT)
