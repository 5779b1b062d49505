"""Decisions in process, at 1,000, 8,000 and 40,000 conventions: memo cold and warm, refusals with reasons, publishing.

Prints one JSON object. ``python -m tests.benchmarks.bench_policy [conventions ...]``
Source: design 11 (p99 under 0.5 ms, flat; publishing one convention among 8,000 under 1 s).
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from statistics import quantiles
from typing import Any

from conventions.schema import AnyDocument
from policies.bundle import Generation
from policies.engine import Engine
from policies.facts import Facts
from policies.generator import generate
from policies.reasons import why
from tests.decisions import made

TOWNS_COUNT = 200
QUESTIONS_COUNT = 4_000


class Signed:
    """What the generator reads of a verified document; nothing here is published."""

    def __init__(self, document: AnyDocument, number: int) -> None:
        self.document = document
        self.sha256 = f"{number:064x}"


def town(number: int) -> str:
    return f"town-{number % TOWNS_COUNT:03}"


def world(conventions_count: int) -> list[Any]:
    """Towns with two cameras; every convention opens live view, recordings and plates to a force of its own."""
    documents = [
        made.regulation(town(number), cameras=[made.camera(town(number)), made.camera(town(number), "two")])
        for number in range(TOWNS_COUNT)
    ]
    for number in range(conventions_count):
        documents += signed_pair(number)
    return [Signed(document, index) for index, document in enumerate(made.read(*documents))]


def signed_pair(number: int) -> list[dict[str, Any]]:
    here, force = town(number), f"force-{number:05}"
    everything = made.clause(
        "1",
        bodies=[force],
        roles=["partner-operator", "partner-responsible"],
        operations=["live.view", "recording.view", "plate.search"],
        classes=["live-video", "recorded-video", "transit-record"],
        purposes=["crime-prevention-repression", "urban-security"],
        cameras=[f"{here}/one", f"{here}/two"],
    )
    deed = made.convention(
        everything,
        id=f"{here}/convention/{force}",
        parties=[made.party(here), made.party(force)],
        controllers=[here],
        rests_on=f"{here}/regulation/r",
    )
    listed = made.operators(force, id=f"{here}/operator-list/{force}", under=deed["id"])
    return [deed, listed]


def questions(conventions_count: int, **other: str) -> list[Facts]:
    """One question to each of many conventions, spread over all."""
    step = max(1, conventions_count // QUESTIONS_COUNT)
    plain = made.facts()
    base = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return [
        Facts(
            **base
            | {
                "controller": town(number),
                "requesting_body": f"force-{number:05}",
                "camera": f"{town(number)}/one",
                "areas": (f"{town(number)}/area/x", "it:001001", "it:001"),
            }
            | other
        )
        for number in range(0, conventions_count, step)
    ]


def timed(work: Callable[[Facts], object], asked: list[Facts]) -> dict[str, float]:
    """Wall time and, since the machine is shared, the time of this thread alone."""
    wall: list[float] = []
    own: list[float] = []
    gc.collect()
    gc.freeze()  # as a broker process does once it has loaded its register
    begun = time.perf_counter()
    for facts in asked:
        start, own_start = time.perf_counter(), time.thread_time()
        work(facts)
        wall.append(time.perf_counter() - start)
        own.append(time.thread_time() - own_start)
    whole_s = time.perf_counter() - begun
    cut, own_cut = quantiles(wall, n=100), quantiles(own, n=100)
    return {
        "p50_us": round(cut[49] * 1e6, 1),
        "p99_us": round(cut[98] * 1e6, 1),
        "thread_p99_us": round(own_cut[98] * 1e6, 1),
        "per_second": round(len(asked) / whole_s),
    }


def run(conventions_count: int) -> dict[str, Any]:
    documents = world(conventions_count)
    start = time.perf_counter()
    generation: Generation = generate(documents)
    generate_s = time.perf_counter() - start
    engine = Engine(generation)
    allowed, refused = questions(conventions_count), questions(conventions_count, role="dpo")
    if not engine.ask(allowed[0]).allowed or engine.ask(refused[0]).allowed:
        raise SystemExit("the world does not decide as it should")
    engine = Engine(generation)

    def explained(facts: Facts) -> object:
        return engine.ask(facts).allowed or why(engine.between(facts.controller, facts.requesting_body), facts)

    figures: dict[str, Any] = {
        "conventions": conventions_count,
        "rules": sum(len(bundle.rules) for bundle in generation.bundles),
        "generate_s": round(generate_s, 2),
        "cold": timed(engine.ask, allowed),
        "warm": timed(engine.ask, allowed),
        "refused_with_reasons_cold": timed(explained, refused),
        "refused_with_reasons_warm": timed(explained, refused),
    }
    more = [Signed(document, -1 - index) for index, document in enumerate(made.read(*signed_pair(conventions_count)))]
    start = time.perf_counter()
    after = Engine(generate([*documents, *more], generation), engine)
    after.ask(questions(conventions_count + 1)[-1])
    figures["publish_one_s"] = round(time.perf_counter() - start, 3)
    figures["warm_after_publishing"] = timed(after.ask, allowed)
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return figures


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] or [1_000, 8_000, 40_000]
    print(json.dumps([run(size) for size in sizes], indent=2))
