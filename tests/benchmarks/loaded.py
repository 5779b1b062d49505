"""A broker with very many conventions: the real application over a signed world, then a generation made beside it.

Signing 40,000 conventions would take longer than measuring them, so the demonstration's documents are really signed,
verified and published, and the many are made from plain documents and put in force by one swap. Everything that a
request meets is the application's own: server, headers, token, decision, trees on the disk.

``python -m tests.benchmarks.loaded FOLDER CONVENTIONS TOWNS PORT`` prints one JSON line and serves until it is ended.
"""

import gc
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from broker.app import create
from broker.cli_serve import serve_app
from broker.clock import SystemClock
from broker.decision.snapshot import Snapshot
from broker.decision.state import State
from broker.demo.world import INSTALLATION_NAME, World, build
from broker.ledger.homes import create as create_tree
from broker.ledger.homes import homes
from broker.settings import load
from conventions.identifiers import BodyId
from conventions.schema import AnyDocument, parse
from conventions.spans import NEVER, instant
from policies.engine import Engine
from policies.generator import draft
from tests.decisions import made

OPERATIONS = ("live.view", "recording.view", "recording.extract", "plate.search")
PURPOSE = "urban-security"
ISSUER = "https://issuer.example"
YEAR = timedelta(days=365)


def town(number: int) -> str:
    return f"town-{number:03}"


def force(number: int) -> str:
    return f"force-{number:05}"


def client_of(number: int) -> str:
    """The enforcement point of a town."""
    return f"pep-{number:03}"


@dataclass(frozen=True, slots=True)
class Texts:
    """Makes the documents: towns with two cameras and an enforcement point, conventions with list and act."""

    now_utc: datetime
    towns_count: int

    @property
    def dates(self) -> dict[str, str]:
        return {"valid_from": f"{self.now_utc - YEAR:%Y-%m-%d}", "valid_until": f"{self.now_utc + YEAR:%Y-%m-%d}"}

    def plain(self, kind: str, identifier: str) -> dict[str, Any]:
        return {
            "format": "varco-document/1",
            "kind": kind,
            "id": identifier,
            "version": "1",
            "title": kind,
            **self.dates,
        }

    def all(self, conventions_count: int, public_jwk: str) -> list[AnyDocument]:
        """Read one by one by the real schema, as a register is."""
        texts = [
            parse(made.regulation(town(number), configuration={"retention_images": "P7D"}, **self.dates))
            for number in range(self.towns_count)
        ]
        for number in range(conventions_count):
            texts += made.read(*self.convention(number))
        return [*texts, parse(self.trust(public_jwk))]

    def trust(self, public_jwk: str) -> dict[str, Any]:
        point = {"name": "benchmark", "public_jwk": public_jwk, "operations": list(OPERATIONS)}
        points = [{"client_id": client_of(at), "controller": town(at), **point} for at in range(self.towns_count)]
        vouched = {"issuer": ISSUER, "name": "benchmark", "bodies": [force(0)], "client_id": "varco"}
        issuers = [{**vouched, "algorithms": ["ES256"]}]
        return {**self.plain("trust", "town-000/trust/benchmark"), "issuers": issuers, "enforcement_points": points}

    def convention(self, number: int) -> list[dict[str, Any]]:
        here, body = town(number % self.towns_count), force(number)
        everything = made.clause(
            "1",
            bodies=[body],
            roles=["partner-operator", "partner-responsible"],
            operations=list(OPERATIONS),
            classes=["live-video", "recorded-video", "transit-record"],
            purposes=["crime-prevention-repression", PURPOSE],
            cameras=[f"{here}/one", f"{here}/two"],
        )
        deed = made.convention(
            everything,
            id=f"{here}/convention/{body}",
            parties=[made.party(here), made.party(body)],
            controllers=[here],
            rests_on=f"{here}/regulation/r",
            **self.dates,
        )
        since = instant(self.now_utc - timedelta(days=30))
        person = {"id": f"{body}/agent", "title": "agent 1", "unit": "first", "level": "all", "since": since}
        person |= {"roles": ["partner-operator"], "issuer": ISSUER, "subject": f"{body}-agent", "instructions": "1"}
        listed = made.operators(
            body, id=f"{here}/operator-list/{body}", under=deed["id"], persons=[person], **self.dates
        )
        act = self.plain("appointment-act", f"{here}/appointment-act/{body}")
        act |= {"body": body, "person": person["id"], "number": "1", "date": self.dates["valid_from"]}
        return [deed, listed, act | {"operations": list(OPERATIONS), "tasks": "the patrol"}]


@dataclass(slots=True)
class Loaded:
    """The application, and what was put in force beside its register."""

    app: FastAPI
    world: World
    texts: list[AnyDocument]
    said: dict[str, Any]

    def put(self, texts: list[AnyDocument], previous: State | None = None) -> State:
        """Put these documents in force beside the register's own, as a publication does: listeners, then the swap."""
        services = self.app.state.services
        generation = draft(texts)
        now_utc = services.clock.now_utc()
        known = [found.document for found in services.publication.register.in_force(now_utc)]
        engine = Engine(generation, previous.engine if previous is not None else None)
        state = State(Snapshot.of([*known, *texts], now_utc), engine, generation.digest, NEVER)
        services.publication._put(state, generation)
        return state


def assemble(folder: Path, conventions_count: int, towns_count: int, port: int, more_settings: str = "") -> Loaded:
    """Make the world, the trees of the towns, and the application with everything in force."""
    begun_s = time.perf_counter()
    now_utc = SystemClock().now_utc()
    world = build(folder, now_utc, lambda *_: None, port, film=())
    with world.settings_file.open("a", encoding="utf-8") as settings:
        settings.write(more_settings)
    app = create(load(world.settings_file), folder)
    gate = app.state.services.gate
    places = homes(map(BodyId, map(town, range(towns_count))), folder / "data" / "ledger", world.keys / "ledger")
    for place in places:
        if place.controller not in gate.ledger.homes:
            create_tree(INSTALLATION_NAME, place)
            gate.ledger.homes[place.controller] = place
    gate._controllers = frozenset(gate.ledger.homes)  # the towns' regulations are not in the signed register
    key = json.loads((world.keys / "machine.jwk").read_text(encoding="utf-8"))
    public = json.dumps({name: value for name, value in key.items() if name != "d"})
    texts = Texts(now_utc, towns_count).all(conventions_count, public)
    loaded = Loaded(app, world, texts, {})
    state = loaded.put(texts)
    rules_count = sum(len(bundle.rules) for bundle in state.engine.generation.bundles)
    loaded.said = {"rules_count": rules_count, "loaded_s": round(time.perf_counter() - begun_s, 1)}
    return loaded


def main() -> None:
    folder, conventions_count, towns_count, port = sys.argv[1:]
    loaded = assemble(Path(folder), int(conventions_count), int(towns_count), int(port))
    loaded.texts = []
    gc.collect()
    sys.stdout.write(json.dumps(loaded.said) + "\n")
    sys.stdout.flush()
    serve_app(loaded.app, "127.0.0.1", int(port))


if __name__ == "__main__":
    main()
