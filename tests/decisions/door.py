"""The real gate over a temporary ledger, with a recorder that notes whoever reaches for it and is down."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.port import Clear, Grant, LiveClear, SourceHealth, Transits
from adapters.registry import Registry
from broker.app import InForce, trusted
from broker.changes import Changes
from broker.decision.reading import Asked
from broker.decision.state import Standing
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.evidence import Case, Operator, Refused
from broker.identity.cases import Cases
from broker.identity.identify import Identities
from broker.identity.sessions import Sessions
from broker.identity.trust import Issuers
from broker.ledger.homes import create, homes
from broker.ledger.keyfiles import create_body_key
from broker.ledger.ledger import Ledger
from broker.logs import configure
from broker.pipeline import Gate
from broker.storage import open_store
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CameraId, CaseId, PersonId
from conventions.spans import Span
from conventions.terms import Ground, Operation, Purpose, Reason
from tests.ledger.made import StillClock
from tests.world.signed_demo import ISSUERS, NOW_UTC, state

TOWN, FORCE = BodyId("c_g917"), BodyId("carabinieri-mantova")
NORTH, SCHOOL = CameraId("c_g917/varco-nord"), CameraId("c_g917/scuola")
PERSON = PersonId("carabinieri-mantova/op-101")
CRIME, OFFENCE = Purpose.CRIME_PREVENTION_REPRESSION, Ground.REPORTED_OR_DETECTED_OFFENCE
UNAVAILABLE = FaultKind.LEDGER_UNAVAILABLE


@dataclass
class Recorder:
    """A recorder and plate store that notes whoever reaches for it, and is down."""

    name: str = "recorder"
    reached: list[str] = field(default_factory=list)

    def cameras(self) -> tuple[CameraId, ...]:
        return (NORTH, SCHOOL)

    async def open_recording(self, grant: Grant) -> Clear:
        raise self._down(grant)

    async def open_live(self, grant: Grant) -> LiveClear:
        raise self._down(grant)

    async def coverage(self, grant: Grant) -> tuple[Span, ...]:
        raise self._down(grant)

    async def search(self, grant: Grant) -> Transits:
        raise self._down(grant)

    async def check(self) -> SourceHealth:
        raise Fault(FaultKind.SOURCE_UNAVAILABLE, "down")

    def _down(self, grant: Grant) -> Exception:
        self.reached.append(grant.operation)
        return Fault(FaultKind.SOURCE_UNAVAILABLE, "down")


@dataclass
class Careless(Recorder):
    """A recorder with a bug of its own."""

    def _down(self, grant: Grant) -> Exception:
        self.reached.append(grant.operation)
        return ZeroDivisionError("a bug")


@dataclass
class Door:
    """The real gate over a temporary ledger."""

    folder: Path
    recorder: Recorder
    standing: Standing = field(default_factory=Standing)
    clock: StillClock = field(default_factory=lambda: StillClock(NOW_UTC))

    def __post_init__(self) -> None:
        self.places = homes((TOWN,), self.folder / "ledger", self.folder / "keys")
        self.vkeys = {home.controller: create("prova", home) for home in self.places}
        public = create_body_key(self.folder / "force.key")
        for home in self.places:
            home.key_folder("prova").trust_body(FORCE, public)
        self.lost: list[BodyId] = []
        self.ledger = Ledger("prova", self.places, self.clock, self.lost.append)
        self.ledger.start()
        self.changes = changes = Changes()
        self.store = open_store(f"sqlite:///{self.folder / 'varco.sqlite'}")
        self.sessions = Sessions(self.store, changes, self.clock)
        issuers = Issuers()
        issuers.publish(trusted(state()))
        session, _, _ = self.sessions.open(
            issuer=ISSUERS[FORCE], subject="op-101", body=FORCE, acr="urn:varco:livello:2", issuer_session=None,
            workstation="ws", cookie_before=None,
        )  # fmt: skip
        self.operator = Operator(PERSON, FORCE, session)
        self.workers = Workers(processes_count=1)
        self.gate = Gate(
            self.standing, self.ledger, Registry([self.recorder], [Transit(self.recorder)]),
            Viewings(self.clock), self.workers, self.clock,
            Identities(self.sessions, issuers, InForce(self.standing)), Cases(self.store, changes, self.clock),
        )  # fmt: skip

    def close(self) -> None:
        self.ledger.stop()
        self.workers.close()
        self.store.close()

    async def asks(self, operation: Operation = Operation.LIVE_VIEW, camera: str = NORTH, **other: Any) -> Any:
        """The request that is permitted; gives a refusal, or the kind of the fault."""
        case = Case(CaseId("c"), PERSON, CRIME, OFFENCE, "RG 71/2026", None, NOW_UTC, NOW_UTC + timedelta(hours=8))
        request = self.gate.read(Asked(TOWN, operation, (camera,), **other), case)
        try:
            return await self.gate.view(self.operator, request)
        except Fault as fault:
            return fault.kind

    def entries(self, tree: BodyId = TOWN) -> list[dict[str, Any]]:
        return [entry.body for entry in self.ledger.entries(tree)]

    def file(self, tree: BodyId = TOWN) -> Path:
        return self.folder / "ledger" / tree / "ledger.sqlite"


@dataclass
class Transit:
    """The same recorder as a plate store."""

    recorder: Recorder
    name: str = "readings"

    def cameras(self) -> tuple[CameraId, ...]:
        return (NORTH,)

    async def search(self, grant: Grant) -> Transits:
        return await self.recorder.search(grant)

    async def check(self) -> SourceHealth:
        return await self.recorder.check()


def refused(door: Door, answer: Any, reason: Reason) -> dict[str, Any]:
    """Refused with this code, written down, nobody reached."""
    assert isinstance(answer, Refused), answer
    assert answer.reasons[0] is reason
    assert door.recorder.reached == []
    entry = door.entries()[answer.entry_index]
    assert (entry["decision"], entry["reasons"][0]) == ("refuse", reason)
    assert "grant" not in entry
    return entry


@pytest.fixture(scope="module", autouse=True)
def diagnostics() -> Iterator[None]:
    """As the broker sets them up: without values."""
    configure()
    yield
    structlog.reset_defaults()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path, Recorder())
    yield made
    made.close()
