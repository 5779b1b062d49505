"""The one thread that writes: everything queued goes into one commit for each tree.

A commit that fails fails all who wait for it, and the tree takes nothing more until it is read again and a probe is on
disk. There is no partial acknowledgement. The thread is daemonic: it never keeps a dying process alive.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sqlalchemy.exc import SQLAlchemyError

from adapters.port import Receipt
from broker.clock import Clock
from broker.ledger.commit import Job, Tree, write
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

COMMIT_MAX_COUNT = 2_000
RETRY_AFTER_S = 0.25
"""How long a tree that failed is left alone before it is tried again."""


@dataclass(slots=True)
class Waiting:
    """An entry to write, and who waits for it."""

    controller: BodyId
    job: Job
    future: "asyncio.Future[Receipt]"
    loop: asyncio.AbstractEventLoop


class Writer:
    """Owns the trees while it runs."""

    def __init__(self, trees: Mapping[BodyId, Tree], clock: Clock, on_lost: Callable[[BodyId], None]) -> None:
        """``on_lost`` is called from the writer's thread, once for each time a tree goes down."""
        self._trees = trees
        self._clock = clock
        self._on_lost = on_lost
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._taken: list[Waiting] = []
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._queue.put(None)
        self._thread.join()

    @property
    def ended(self) -> bool:
        return self._ended

    async def submit(self, controller: BodyId, job: Job) -> Receipt:
        """Write an entry and wait for its receipt.

        Raises:
            Fault: ``ledger-unavailable``; nothing may be served on the strength of this entry.
        """
        loop = asyncio.get_running_loop()
        waiting = Waiting(controller, job, loop.create_future(), loop)
        with self._lock:
            if self._ended:
                raise _unavailable("the writer has ended")
            self._queue.put(waiting)
        return await waiting.future

    def _run(self) -> None:
        try:
            while self._take():
                by_tree: dict[BodyId, list[Waiting]] = defaultdict(list)
                for waiting in self._taken:
                    by_tree[waiting.controller].append(waiting)
                for controller, queued in by_tree.items():
                    for batch in _batches(queued):
                        _resolve(batch, self._write(self._trees[controller], batch))
        finally:
            with self._lock:
                self._ended = True
            left = self._taken
            while not self._queue.empty():
                one = self._queue.get()
                left += [] if one is None else [one]
            _resolve(left, [_unavailable("the writer has ended") for _ in left])

    def _take(self) -> bool:
        """Wait for one entry, then take all that are queued; false when told to stop."""
        first = self._queue.get()
        self._taken = [] if first is None else [first]
        while first is not None and len(self._taken) < COMMIT_MAX_COUNT:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            self._taken.append(more)
        return first is not None

    def _write(self, tree: Tree, batch: list[Waiting]) -> list[Receipt | Fault]:
        try:
            self._ready(tree)
            return write(tree, [waiting.job for waiting in batch])
        except (SQLAlchemyError, OSError, Fault) as error:
            if tree.up:
                self._on_lost(tree.controller)
                tree.failed_at_s = self._clock.monotonic_s()
            kind = error.kind if isinstance(error, Fault) else type(error).__name__
            return [_unavailable(f"the ledger cannot be written: {kind}") for _ in batch]

    def _ready(self, tree: Tree) -> None:
        if tree.failed_at_s is None:
            return
        if self._clock.monotonic_s() - tree.failed_at_s < RETRY_AFTER_S:
            raise _unavailable("the last write failed")
        tree.failed_at_s = self._clock.monotonic_s()
        tree.load(self._clock)


def _unavailable(detail: str) -> Fault:
    return Fault(FaultKind.LEDGER_UNAVAILABLE, detail)


def _batches(queued: list[Waiting]) -> list[list[Waiting]]:
    """What must stand in a commit of its own, does; everything else goes together."""
    batches: list[list[Waiting]] = [[]]
    for waiting in queued:
        if waiting.job.alone:
            batches += [[waiting], []]
        else:
            batches[-1].append(waiting)
    return [batch for batch in batches if batch]


def _resolve(batch: list[Waiting], results: Iterable[Receipt | Fault]) -> None:
    """Hand results to those who wait: one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Receipt], Receipt | Fault]]] = defaultdict(list)
    for waiting, result in zip(batch, results, strict=True):
        by_loop[waiting.loop].append((waiting.future, result))
    for loop, resolved in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_deliver, resolved)


def _deliver(resolved: "list[tuple[asyncio.Future[Receipt], Receipt | Fault]]") -> None:
    for future, result in resolved:
        if future.done():
            continue
        if isinstance(result, Fault):
            future.set_exception(result)
        else:
            future.set_result(result)
