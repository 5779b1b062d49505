"""What lasts as long as the broker does: opened in order before anything is served, closed in the other order after.

1. Open and check the ledgers; close the grants that an earlier run left open.
2. Write the entries of publications that have none yet.
3. Follow the change feed, the viewings and the register's folder, and forget what is over, until the end.
4. End every viewing and write how it ended, then let the ledgers go.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from broker.clock import Clock
from broker.decision.state import Standing
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.ledger.ledger import Ledger
from broker.publication import Publication
from broker.running import Running
from broker.storage import Store
from broker.witness import Witness
from conventions.faults import Fault

log = structlog.get_logger()
FORGET_EVERY_S = 60.0
"""How often what no longer serves is forgotten: anybody may begin a sign-in."""
FOLLOW_EVERY_S = 0.1
"""How often the register's folder is looked at for what another process published."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """The parts with a beginning and an end."""

    ledger: Ledger
    publication: Publication
    standing: Standing
    witness: Witness
    running: Running
    viewings: Viewings
    workers: Workers
    store: Store
    clock: Clock

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """The application's lifespan."""
        async with AsyncExitStack() as stack:
            self.ledger.start()
            stack.callback(self.ledger.stop)
            stack.push_async_callback(self.witness.sum_up, everything=True)
            for left in self.ledger.open_grants():
                await self.ledger.close_left_open(left)
            stack.callback(self.workers.close)
            await self.workers.warm()
            stack.push_async_callback(self.viewings.shutdown)
            await self._write_publications()
            async with asyncio.TaskGroup() as group:
                kept = (self._follow(), forget(self.store, self.clock), self.witness.run())
                tasks = [group.create_task(each) for each in (self.running.run(), self.viewings.run(), *kept)]
                await self.running.ready.wait()
                yield
                for task in tasks:
                    task.cancel()

    async def _follow(self) -> None:
        """Keep up with the register's folder; while it does not read well, nothing is decided and what runs ends."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                changed = await asyncio.to_thread(self.publication.follow)
            except Fault as fault:
                log.error("publication.fault", kind=fault.kind, where=fault.where, detail=fault.detail)
                continue
            if changed:
                await self._write_publications()

    async def _write_publications(self) -> None:
        """Every publication has its entry, whichever process made it; what cannot be written now is written later."""
        try:
            for verified in await asyncio.to_thread(self.publication.unwritten):
                await self.witness.published(verified, self.standing.state.generation)
                await asyncio.to_thread(self.publication.written, verified)
        except Fault as fault:
            log.error("publication.unwritten", kind=fault.kind)


async def forget(store: Store, clock: Clock, every_s: float = FORGET_EVERY_S) -> None:
    """Forget sign-ins, tokens, logins and cases that are over, until cancelled; what cannot be now is later."""
    while True:
        try:
            await asyncio.to_thread(store.purge, clock.now_utc())
        except Fault as fault:
            log.error("storage.fault", kind=fault.kind)
        await asyncio.sleep(every_s)
