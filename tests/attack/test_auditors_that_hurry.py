"""Verifying and replaying a ledger is heavy: whoever may do it cannot use it to stop everybody else."""

import asyncio
import threading

import pytest

from broker.routes.services import beside


@pytest.mark.requirement("PM-3.5")
async def test_many_heavy_readings_leave_the_threads_of_the_others_free():
    held, started = threading.Event(), []

    def heavy() -> None:
        started.append(threading.current_thread().name)
        held.wait(30)

    readings = asyncio.gather(*(beside(heavy) for _ in range(40)))
    try:
        assert await asyncio.wait_for(asyncio.to_thread(int), 10) == 0  # somebody signs in meanwhile
        assert len(started) <= 1
    finally:
        held.set()
        await readings
    assert len(started) == 40
