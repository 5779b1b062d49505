"""Where the work is done that must not hold up the event loop: threads for containers, processes for pictures."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from broker.delivery.render import Encoder, Rendered, RenderFailure, RenderJob, render
from conventions.faults import Fault, FaultKind

RENDER_TIMEOUT_S = 20.0
P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """The pools of one broker process. Processes start when the first view is rendered, or at ``warm``."""

    def __init__(self, processes_count: int = 2, threads_count: int = 8, encoder: Encoder | None = None) -> None:
        self.encoder = encoder or Encoder()
        self._processes_count = processes_count
        self._threads = ThreadPoolExecutor(max_workers=threads_count, thread_name_prefix="delivery")
        self._processes: ProcessPoolExecutor | None = None
        self._closed = False

    async def in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))

    async def warm(self) -> None:
        """Start the processes, so that the first viewer does not wait for them."""
        loop = asyncio.get_running_loop()
        pool = self._pool()
        await asyncio.gather(*(loop.run_in_executor(pool, os.getpid) for _ in range(self._processes_count)))

    async def render(self, job: RenderJob) -> Rendered:
        """Make one fragment.

        A worker that dies takes its neighbours' work along: they are tried once more in a new pool, and only work
        that fails twice is given up.

        Raises:
            Fault: ``delivery-failed``; no half-marked picture ever leaves.
        """
        for _ in range(2):
            pool = self._pool()
            try:
                made = await asyncio.wait_for(
                    asyncio.get_running_loop().run_in_executor(pool, render, job), RENDER_TIMEOUT_S
                )
            except BrokenProcessPool:
                self._forget(pool)
                continue
            except TimeoutError:
                self._forget(pool)
                raise Fault(FaultKind.DELIVERY_FAILED, "rendering took too long") from None
            if isinstance(made, RenderFailure):
                raise Fault(FaultKind.DELIVERY_FAILED, made.detail)
            return made
        raise Fault(FaultKind.DELIVERY_FAILED, "rendering ended abruptly")

    def close(self) -> None:
        self._closed = True
        if self._processes is not None:
            self._forget(self._processes)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _pool(self) -> ProcessPoolExecutor:
        if self._closed:
            raise Fault(FaultKind.DELIVERY_FAILED, "delivery is closing")
        if self._processes is None:
            self._processes = ProcessPoolExecutor(
                self._processes_count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
            )
        return self._processes

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        if self._processes is pool:
            self._processes = None
        pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """In a new worker: leave interrupts to the broker, and go when the broker has gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_go_with_parent, name="go-with-parent", daemon=True).start()


def _go_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
