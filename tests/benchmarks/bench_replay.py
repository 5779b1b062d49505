"""Decisions replayed per second: entries read from a tree on the disk, each put again to the rules of its day.

Decisions of a thousand conventions are really made and really written down first. Prints JSON.

Run: ``python -m tests.benchmarks.bench_replay [--entries 20000] [--conventions 1000]``.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from broker.clock import SystemClock
from broker.decision.decide import decide
from broker.decision.reading import Asked, read
from broker.decision.snapshot import Snapshot
from broker.decision.state import State
from broker.evidence import Machine
from broker.ledger.homes import create, homes
from broker.ledger.ledger import Ledger
from broker.replay import Verdict, replay
from conventions.identifiers import BodyId, RequestId
from conventions.spans import NEVER
from policies.engine import Engine
from policies.generator import draft
from tests.benchmarks.loaded import PURPOSE, Texts, client_of, force, town

CLOCK = SystemClock()
AT_ONCE_COUNT = 100


async def fill(ledger: Ledger, state: State, entries_count: int, conventions_count: int) -> None:
    """Half permits, half refusals for a purpose that nobody granted."""
    caller, here = Machine(client_of(0), BodyId(town(0)), "token"), frozenset({BodyId(town(0))})
    left = iter(range(entries_count))

    async def ask() -> None:
        for number in left:
            asked = Asked(
                controller=town(0),
                operation="live.view",
                cameras=(f"{town(0)}/one",),
                purpose=PURPOSE if number % 2 else "live-traffic-flow",
                person=f"{force(number % conventions_count)}/agent",
            )
            now_utc = CLOCK.now_utc()
            request = read(asked, None, RequestId(f"request-{number}"), here, now_utc)
            await ledger.record(decide(caller, request, state, now_utc))

    await asyncio.gather(*(ask() for _ in range(AT_ONCE_COUNT)))


def measure(entries_count: int, conventions_count: int) -> dict[str, Any]:
    now_utc = CLOCK.now_utc()
    texts = Texts(now_utc, 1).all(conventions_count, "{}")
    generation = draft(texts)
    state = State(Snapshot.of(texts, now_utc), Engine(generation), generation.digest, NEVER)
    with tempfile.TemporaryDirectory() as name:
        places = homes([BodyId(town(0))], Path(name) / "ledger", Path(name) / "keys")
        for place in places:
            create("benchmark", place)
        ledger = Ledger("benchmark", places, CLOCK)
        ledger.start()
        asyncio.run(fill(ledger, state, entries_count, conventions_count))
        begun_s = time.perf_counter()
        engine = Engine(generation)
        entries = ((entry.index, entry.body) for entry in ledger.entries(BodyId(town(0))))
        verdicts = [one.verdict for one in replay(entries, lambda _: engine)]
        took_s = time.perf_counter() - begun_s
        ledger.stop()
    identical_count = verdicts.count(Verdict.IDENTICAL)
    if identical_count != entries_count:
        raise SystemExit(f"{identical_count} of {entries_count} replay identically")
    return {"conventions": conventions_count, "entries_count": entries_count, "per_s": round(entries_count / took_s)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--conventions", type=int, default=1_000)
    args = parser.parse_args()
    print(json.dumps(measure(args.entries, args.conventions), indent=1))


if __name__ == "__main__":
    main()
