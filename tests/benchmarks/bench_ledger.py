"""Entries per second with durable group commits, and seconds to verify them offline. Prints JSON.

Run: ``python -m tests.benchmarks.bench_ledger [--entries 20000] [--verify 250000]``.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

from broker.ledger import offline
from broker.ledger.ledger import Ledger
from tests.ledger import made
from tests.ledger.made import TOWN, Town, build

PRODUCERS_COUNT = 100


async def append(ledger: Ledger, entries_count: int, *, two_key: bool) -> float:
    """Entries per second: each producer waits for its receipt before it asks again. What is decided is made before."""
    left = iter(range(entries_count))
    decided = made.refusal(two_key=two_key, plate=made.PLATE if two_key else None)

    async def producer() -> None:
        for _ in left:
            await ledger.record(decided)

    begin = time.perf_counter()
    await asyncio.gather(*(producer() for _ in range(PRODUCERS_COUNT)))
    return entries_count / (time.perf_counter() - begin)


async def viewings(ledger: Ledger, entries_count: int) -> float:
    """Entries per second when every permit is followed by its closing."""
    left = iter(range(entries_count // 2))
    decided = made.permit()

    async def producer() -> None:
        for _ in left:
            grant = await ledger.record(decided)
            await ledger.close(grant, made.outcome(grant.grant_id))

    begin = time.perf_counter()
    await asyncio.gather(*(producer() for _ in range(PRODUCERS_COUNT)))
    return entries_count / (time.perf_counter() - begin)


def measure(town: Town, entries_count: int, verify_count: int) -> dict[str, object]:
    ledger = town.ledger()
    ledger.start()
    found: dict[str, object] = {"producers_count": PRODUCERS_COUNT, "entries_count": entries_count}
    found["decisions_two_key_per_s"] = round(asyncio.run(append(ledger, entries_count, two_key=True)))
    found["decisions_one_key_per_s"] = round(asyncio.run(append(ledger, entries_count, two_key=False)))
    found["viewings_entries_per_s"] = round(asyncio.run(viewings(ledger, entries_count)))
    size = ledger.reading(TOWN).size()
    asyncio.run(viewings(ledger, max(0, verify_count - size)))
    size = ledger.reading(TOWN).size()
    ledger.stop()
    for workers in (1, 2):
        begin = time.perf_counter()
        report = offline.verify(town.file(), [town.vkeys[TOWN]], workers=workers)
        found[f"verify_{workers}_s"] = round(time.perf_counter() - begin, 3)
        assert report.whole, report
    found |= {"verified_count": size, "ledger_bytes": town.file().stat().st_size}
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--verify", type=int, default=250_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(build(Path(folder)), chosen.entries, chosen.verify), indent=1))


if __name__ == "__main__":
    main()
