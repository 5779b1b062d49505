"""The demonstration as these tests need it: its people, what they ask, its ledgers read from their files."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.folder.recorder import FilmedCamera, Recorder, slot_of
from broker.clock import SystemClock
from broker.demo.acts import Acts
from broker.demo.visitor import Visitor
from broker.demo.world import INSTALLATION_NAME, World, build
from broker.ledger import offline
from broker.ledger.homes import homes
from broker.ledger.reading import Entry, Reading
from conventions.identifiers import INSTALLATION, BodyId, CameraId
from conventions.spans import instant
from tests.world.demo import RunningDemo, running

TOWN, LEVANTO, CARABINIERI = "c_g917", "c_e542", "carabinieri-mantova"
NORTH, SQUARE, SCHOOL, PORT = "c_g917/varco-nord", "c_g917/piazza", "c_g917/scuola", "c_e542/porto"
CRIME, OFFENCE = "crime-prevention-repression", "reported-or-detected-offence"
REFERENCE = "annotazione di servizio 71"
CLOCK = SystemClock()


class Books:
    """The ledgers of a world, read beside the process that writes them."""

    def __init__(self, world: World) -> None:
        self.world = world
        named = [BodyId(path.name) for path in (world.folder / "data" / "ledger").iterdir()]
        self._homes = {
            home.controller: home for home in homes(named, world.folder / "data/ledger", world.keys / "ledger")
        }

    def reading(self, tree: str) -> Reading:
        home = self._homes[BodyId(tree)]
        return Reading(home.controller, home.folder, home.key_folder(INSTALLATION_NAME))

    def entry(self, tree: str, index: int) -> Mapping[str, Any]:
        return self.reading(tree).entry(index).body

    def entries(self, tree: str, first: int = 0) -> list[Entry]:
        return list(self.reading(tree).entries(first))

    def size(self, tree: str) -> int:
        return self.reading(tree).size()

    def sizes(self) -> dict[str, int]:
        return {tree: self.size(tree) for tree in self._homes}

    def tells_of(self, event: str, count: int, first: int) -> bool:
        """Whether attempts of strangers are written from an entry on; after many in a minute one entry counts them."""
        ends_s, found = CLOCK.monotonic_s() + 90, 0
        while found < count and CLOCK.monotonic_s() < ends_s:
            told = [entry.body for entry in self.entries(INSTALLATION, first)]
            found = sum(int(one.get("count", 1)) for one in told if one.get("event") == event)
            assert {one["reason"] for one in told if one.get("event") == event} <= {"not-authenticated"}
            time.sleep(0.05)
        return found >= count

    def closing_of(self, tree: str, index: int) -> Mapping[str, Any] | None:
        """The closing entry of a decision."""
        closings = (entry.body for entry in self.entries(tree, index) if entry.body["kind"] == "closing")
        return next((body for body in closings if body["decision_entry"] == index), None)

    def verified(self, tree: str) -> offline.Report:
        reading = self.reading(tree)
        return offline.verify(self._homes[BodyId(tree)].folder / "ledger.sqlite", [reading.verifier_key()])

    @property
    def trees(self) -> list[str]:
        return list(self._homes)


@dataclass
class Town:
    """A running demonstration, with people who stay signed in."""

    demo: RunningDemo
    _people: dict[str, Visitor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books = Books(self.demo.world)
        self.acts = Acts(self.demo.world, CLOCK)

    @property
    def world(self) -> World:
        return self.demo.world

    def person(self, issuer: str, code: str) -> Visitor:
        """Signed in once for all tests: one credential has one session."""
        key = f"{issuer} {code}"
        if key not in self._people:
            self._people[key] = self.demo.visitor(issuer, code)
        return self._people[key]

    def operator(self) -> Visitor:
        return self.person(CARABINIERI, "op-101")

    def case(self, visitor: Visitor | None = None, **other: Any) -> str:
        """A case that is whole, but for what is said otherwise."""
        wish = {"purpose": CRIME, "ground": OFFENCE, "reference": REFERENCE, **other}
        said = (visitor or self.operator()).ask("POST", "/api/v1/cases", wish)
        assert said.status == 201, said
        return str(said.body["case"])

    def rest(self) -> None:
        """End what the people of a test left running: one session watches only so many at once."""
        left = [grant.grant_id for grant in self.books.reading(TOWN).open_grants()]
        for visitor in self.demo.visitors if left else ():
            for grant in left:
                visitor.ask("DELETE", f"/api/v1/viewings/{grant}")

    @property
    def log(self) -> str:
        return (self.world.folder / "broker.log").read_text(encoding="utf-8")


def live(case: str | None, **other: Any) -> dict[str, Any]:
    """The live request that is permitted; every test differs from it in what it names."""
    return {"controller": TOWN, "camera": NORTH, "operation": "live.view", "case": case, **other}


def recorded(case: str | None, *, ago: timedelta = timedelta(minutes=10), lasts: timedelta = timedelta(minutes=2),
             **other: Any) -> dict[str, Any]:  # fmt: skip
    starts_utc = CLOCK.now_utc() - ago
    span = {"starts": instant(starts_utc), "ends": instant(starts_utc + lasts)}
    return {**live(case), "operation": "recording.view", **span, **other}


def plate(case: str | None, **other: Any) -> dict[str, Any]:
    now_utc = CLOCK.now_utc()
    span = {"starts": instant(now_utc - timedelta(hours=24)), "ends": instant(now_utc)}
    return {"controllers": [TOWN], "plate": "AB123CD", "case": case, **span, **other}


def blind_world(folder: Path) -> World:
    """A world whose recorder is nowhere to be found: whoever reaches for it is told 502, whoever is refused is not."""
    world = build(folder, CLOCK.now_utc(), lambda *_: None, film=())
    settings = world.settings_file.read_text(encoding="utf-8")
    assert 'root = "footage"' in settings
    world.settings_file.write_text(settings.replace('root = "footage"', 'root = "nowhere"'), encoding="utf-8")
    return world


def filmed_world(folder: Path, camera: str = NORTH) -> World:
    """A world with the last two minutes of one camera."""
    world = build(folder, CLOCK.now_utc(), lambda *_: None, film=())
    filmed = FilmedCamera(CameraId(camera))
    recorder = Recorder(world.folder / "footage", [filmed])
    for count in range(1, 5):
        recorder.record(filmed, slot_of(CLOCK.now_utc()) - count * timedelta(seconds=30))
    return world


def copied(world: World, folder: Path) -> Path:
    """The data of a world, to look into or to spoil."""
    return shutil.copytree(world.folder / "data", folder / "data")


@contextmanager
def serving(world: World) -> Iterator[Town]:
    with running(world) as demo:
        yield Town(demo)


__all__ = ["INSTALLATION", "Books", "Town", "World", "serving"]
