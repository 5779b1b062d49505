"""``varco demo``: builds the world, starts the provider, the recorder and the broker, and prints one address."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from adapters.folder.recorder import Recorder
from adapters.folder.transits import feed_transits
from broker.clock import Clock
from broker.demo.provider import DemoAccount, DemoIssuer, DemoProvider, client
from broker.demo.world import World, filmed, gates
from conventions.demo import accounts

KEEP = timedelta(hours=6)
NAMES = {
    "c_g917": "Comune di Porto Mantovano",
    "carabinieri-mantova": "Comando provinciale dei Carabinieri di Mantova",
    "c_e542": "Comune di Levanto",
}


def provider(world: World) -> DemoProvider:
    """The certified provider with one issuer per force that has one."""
    private = json.loads((world.keys / "oidc-client.jwk").read_text(encoding="utf-8"))
    public = {name: value for name, value in private.items() if name != "d"}
    issuers = [
        DemoIssuer(
            port=int(issuer.rsplit(":", 1)[1]),
            issuer=issuer,
            name=NAMES[body],
            clients=[client("varco", world.base_url, body, public)],
            accounts=[DemoAccount(person.sub, person.name, person.acr) for person in accounts()[body]],
        )
        for body, issuer in world.issuers.items()
    ]
    return DemoProvider(issuers, world.folder / "provider")


@contextmanager
def surroundings(world: World, clock: Clock) -> Iterator[None]:
    """Everything around the broker: provider, recorder, plate readings; ended on leaving."""
    stop = threading.Event()
    recorder = Recorder(world.folder / "footage", filmed())
    readings = world.folder / "footage" / "transits.sqlite"
    threads = [
        threading.Thread(target=recorder.run, args=(clock.now_utc, stop, KEEP), name="recorder", daemon=True),
        threading.Thread(
            target=feed_transits, args=(readings, gates(), clock.now_utc, stop), name="gates", daemon=True
        ),
    ]
    with ExitStack() as stack:
        running = provider(world)
        running.start()
        stack.callback(running.stop)
        stack.callback(stop.set)
        for thread in threads:
            thread.start()
        yield


def world_file(folder: Path) -> Path:
    return folder / "world.json"
