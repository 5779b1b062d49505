"""Decisions per second over HTTP, each durably written down before it is answered, beside Cerbos with its file audit.

The broker runs in a process of its own (``loaded``), and so does the peer; wrk puts the same number of questions at a
time to both, in turns. Three kinds of work: ``live`` (one fact per convention), ``again`` (a recording, always the same
stretch) and ``unique`` (a recording, every stretch another, so that Casbin is asked each time). Afterwards the tree is
verified offline, and it must hold a permit for every answer. Prints JSON.

Run: ``python -m tests.benchmarks.bench_decisions [--conventions 1000,8000,8000/200,40000] [--seconds 5] [--rounds 2]
[--no-peer]``; after a slash, over how many controllers they are spread.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from broker.clock import SystemClock
from broker.demo.world import INSTALLATION_NAME
from broker.ledger import offline
from broker.ledger.homes import homes
from broker.ledger.reading import Reading
from conventions.identifiers import BodyId
from tests.benchmarks import peer
from tests.benchmarks.bench_bytes import free_port
from tests.benchmarks.load import Load, best, in_turns, load, resident_mib
from tests.benchmarks.loaded import client_of, town

HERE = Path(__file__).parent
WORKS = ("live", "again", "unique")
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WARM_UP_S = 2
DAYS_AGO_S = 5 * 86_400
START_WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that runs, and the tokens of its enforcement points."""

    folder: Path
    pid: int
    address: str
    said: dict[str, Any]
    towns_count: int
    tokens_file: Path

    def load(self, work: str, conventions_count: int, seconds: int) -> Load:
        variables = {"N": str(conventions_count), "TOWNS": str(self.towns_count), "WORK": work}
        variables |= {"TOKENS": str(self.tokens_file), "START_S": str(now_s() - DAYS_AGO_S)}
        return load(HERE / "decisions.lua", self.address, variables, seconds, self.pid)


@contextmanager
def broker(folder: Path, conventions_count: int, towns_count: int) -> Iterator[Broker]:
    """A broker in a process of its own, with tokens obtained as any machine obtains them."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.loaded"]
    command += [str(folder / "world"), str(conventions_count), str(towns_count), str(port)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = running.stdout.readline() if running.stdout is not None else ""
        if not line:
            raise SystemExit("the broker does not start")
        address = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=address, trust_env=False, timeout=30) as client:
            _await(client)
            key = ECKey.import_key(json.loads((folder / "world" / "keys" / "machine.jwk").read_text(encoding="utf-8")))
            tokens = [_token(client, key, client_of(number)) for number in range(towns_count)]
        file = folder / "tokens"
        file.write_text("\n".join(tokens), encoding="ascii")
        yield Broker(folder / "world", running.pid, address, json.loads(line), towns_count, file)
    finally:
        running.terminate()
        running.wait()


def now_s() -> int:
    return int(SystemClock().now_utc().timestamp())


def _await(client: httpx2.Client) -> None:
    until_s = time.monotonic() + START_WAIT_S
    while True:
        try:
            client.get("/.well-known/authzen-configuration")
            return
        except httpx2.TransportError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)


def _token(client: httpx2.Client, key: ECKey, client_id: str) -> str:
    claims = {"iss": client_id, "sub": client_id, "aud": str(client.base_url.join("/oauth2/token"))}
    claims |= {"exp": now_s() + 60, "jti": uuid.uuid4().hex}
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_id": client_id}
    form["client_assertion"] = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
    answer = client.post("/oauth2/token", data=form)
    if answer.status_code != httpx2.codes.OK:
        raise SystemExit(f"no token: {answer.text}")
    return str(answer.json()["access_token"])


def verified(folder: Path, towns_count: int) -> dict[str, int]:
    """Verify every tree offline; how many permits they hold, and how many refusals."""
    counts = {"permit": 0, "refuse": 0}
    towns = [BodyId(town(number)) for number in range(towns_count)]
    for home in homes(towns, folder / "data" / "ledger", folder / "keys" / "ledger"):
        if home.controller not in towns:
            continue
        reading = Reading(home.controller, home.folder, home.key_folder(INSTALLATION_NAME))
        report = offline.verify(home.folder / "ledger.sqlite", [reading.verifier_key()])
        if not report.whole:
            raise SystemExit(f"the tree does not verify: {report}")
        for entry in reading.entries():
            if entry.body["kind"] == "decision":
                counts[str(entry.body["decision"])] += 1
    return counts


def run(
    conventions_count: int, towns_count: int, seconds: int, rounds_count: int, program: Path | None
) -> dict[str, Any]:
    """Both sides with so many conventions."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        with broker(folder, conventions_count, towns_count) as ours:
            sides = {work: partial(ours.load, work, conventions_count, seconds) for work in WORKS}
            pids = {"broker_mib": ours.pid}
            if program is not None:
                ports = free_port(), free_port()
                pids["peer_mib"] = stack.enter_context(peer.serving(program, folder / "peer", conventions_count, ports))
                address, variables = f"http://127.0.0.1:{ports[0]}", {"N": str(conventions_count)}
                sides["peer"] = partial(load, HERE / "peer.lua", address, variables, seconds, pids["peer_mib"])
            warm = [ours.load(work, conventions_count, WARM_UP_S) for work in WORKS]
            rounds = in_turns(sides, rounds_count)
            memory = {side: resident_mib(pid) for side, pid in pids.items()}
        counts = verified(ours.folder, towns_count)
    answered = [*warm, *(one for work in WORKS for one in rounds[work])]
    answers_count = sum(one.answers_count for one in answered)
    if counts["refuse"] or counts["permit"] < answers_count:
        raise SystemExit(f"{answers_count} answers, but the trees hold {counts}")
    found: dict[str, Any] = {"conventions": conventions_count, "controllers": towns_count, **ours.said, **memory}
    found |= {side: best(each).plain for side, each in rounds.items()}
    if program is not None:
        found["ratio"] = {work: round(found[work]["per_s"] / found["peer"]["per_s"], 2) for work in WORKS}
    return found | {"entries_verified": counts["permit"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conventions", default="1000,8000,8000/200,40000")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--no-peer", action="store_true")
    args = parser.parse_args()
    sizes = [word.partition("/") for word in args.conventions.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        program = None if args.no_peer else peer.install(Path(folder))
        runs = [run(int(size), int(towns or 1), args.seconds, args.rounds, program) for size, _, towns in sizes]
        print(json.dumps(runs, indent=1))


if __name__ == "__main__":
    main()
