"""A real process that writes a ledger and dies, or runs out of disk, where it is told to.

``python -m tests.ledger.crashing FOLDER die POINT...``: for each point, a process of its own fills the ledger in
``FOLDER/POINT`` and is killed with signal 9 at that point: before or after a statement, before or after a commit.
``... limit BYTES...``: the same, with files that may not grow beyond so many bytes. ``... once``: no death at all.
What was acknowledged is on disk in ``FOLDER/POINT/acknowledged`` before the next entry is asked for.
"""

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from broker.ledger.ledger import Ledger
from conventions.faults import Fault
from tests.ledger import made
from tests.ledger.made import StillClock, Town

PRODUCERS_COUNT, VIEWINGS_COUNT = 3, 4


class Points:
    """Counts what the database is asked to do."""

    def __init__(self, fatal: int) -> None:
        self._fatal = fatal
        self._passed = 0

    def passed(self, *_: object) -> None:
        self._passed += 1
        if self._passed == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around_commit(self, connection: Connection) -> None:
        """Die with the commit not begun, or done and not yet known."""
        self.passed()
        database = connection.connection.dbapi_connection
        assert database is not None
        database.commit()
        self.passed()

    def watch(self) -> None:
        event.listen(Engine, "before_cursor_execute", self.passed)
        event.listen(Engine, "after_cursor_execute", self.passed)
        event.listen(Engine, "commit", self.around_commit)


async def fill(ledger: Ledger, acknowledged: int) -> None:
    async def producer() -> None:
        for _ in range(VIEWINGS_COUNT):
            try:
                grant = await ledger.record(made.permit())
                os.write(acknowledged, f"{grant.receipt.entry_index} {grant.receipt.leaf_hash}\n".encode())
                receipt = await ledger.close(grant, made.outcome(grant.grant_id))
                os.write(acknowledged, f"{receipt.entry_index} {receipt.leaf_hash}\n".encode())
            except Fault as fault:
                os.write(acknowledged, f"refused {fault.kind}\n".encode())

    await asyncio.gather(*(producer() for _ in range(PRODUCERS_COUNT)))


def run(folder: Path) -> None:
    ledger = Town(folder, StillClock(), {}).ledger()
    acknowledged = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    ledger.start()
    asyncio.run(fill(ledger, acknowledged))
    ledger.stop()
    os.write(acknowledged, b"ended\n")


def main() -> None:
    folder, how, *points = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    if how == "once":
        run(folder)
    for point in points:
        child = os.fork()
        if child == 0:
            if how == "die":
                Points(point).watch()
            else:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (point, point))
            try:
                run(folder / str(point))
            finally:
                os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
