"""The door with one part broken at a time: each refuses with its own code, is written down, and opens no adapter."""

import asyncio
import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from adapters.port import Clear, Grant, LiveClear, SourceHealth, Transits
from adapters.registry import Registry
from broker.app import InForce
from broker.changes import Changes
from broker.decision.reading import Asked
from broker.decision.snapshot import Snapshot
from broker.decision.state import Standing, State
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.evidence import Case, Operator, Refused, Session
from broker.identity.cases import Cases
from broker.identity.identify import Identities
from broker.identity.sessions import Sessions
from broker.identity.trust import Issuers
from broker.ledger import offline
from broker.ledger.homes import create, homes
from broker.ledger.keyfiles import create_body_key
from broker.ledger.ledger import Ledger
from broker.logs import configure
from broker.pipeline import LIVE, RECORDED, Gate
from broker.storage import open_store
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CameraId, CaseId, PersonId, SessionId
from conventions.schema import Calendar
from conventions.spans import NEVER, Span, instant
from conventions.terms import Ground, Operation, Purpose, Reason
from policies.bundle import EMPTY, Bundle, Generation
from policies.engine import Answer, Engine
from policies.facts import Facts
from tests.ledger.made import StillClock
from tests.world.signed_demo import ISSUERS, NOW_UTC, published, state

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
        changes = Changes()
        self.store = open_store(f"sqlite:///{self.folder / 'varco.sqlite'}")
        sessions = Sessions(self.store, changes, self.clock)
        self.workers = Workers(processes_count=1)
        self.gate = Gate(
            self.standing, self.ledger, Registry([self.recorder], [Transit(self.recorder)]),
            Viewings(self.clock), self.workers, self.clock,
            Identities(sessions, Issuers(), InForce(self.standing)), Cases(self.store, changes, self.clock),
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
            return await self.gate.view(operator(), request)
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


def operator() -> Operator:
    session = Session(
        SessionId("s"), ISSUERS[FORCE], "op-101", FORCE, "acr", "ws", NOW_UTC, NOW_UTC + timedelta(hours=8)
    )
    return Operator(PERSON, FORCE, session)


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


def refused(door: Door, answer: Any, reason: Reason) -> dict[str, Any]:
    """Refused with this code, written down, nobody reached."""
    assert isinstance(answer, Refused), answer
    assert answer.reasons[0] is reason
    assert door.recorder.reached == []
    entry = door.entries()[answer.entry_index]
    assert (entry["decision"], entry["reasons"][0]) == ("refuse", reason)
    assert "grant" not in entry
    return entry


class Raising(Engine):
    """An engine with a bug."""

    def ask(self, facts: Facts) -> Answer:
        return {}["no such thing"]  # type: ignore[no-any-return]


class AllowingNobodyKnowsWhat(Engine):
    """An engine that allows by a clause that no document holds."""

    def ask(self, facts: Facts) -> Answer:
        return Answer(allowed=True, clause="c_g917/convention/carabinieri@1#99", not_after=NEVER)


def with_engine(engine: Engine) -> State:
    whole = state()
    return State(whole.snapshot, engine, whole.generation, NEVER)


def without_its_terms() -> Generation:
    """The rules of the demonstration, whose clauses nobody knows any more."""
    return Generation.of(
        Bundle.of(one.document, one.version, one.sha256, one.rules, ()) for one in state().engine.generation.bundles
    )


def without_calendars() -> State:
    demo = published()
    in_force = (found.document for found in demo.register.in_force(NOW_UTC))
    snapshot = Snapshot.of((text for text in in_force if not isinstance(text, Calendar)), NOW_UTC)
    return State(snapshot, state().engine, state().generation, NEVER)


async def test_the_whole_door_permits_and_reaches_the_recorder(door: Door) -> None:
    door.standing.swap(state())
    assert await door.asks() is FaultKind.SOURCE_UNAVAILABLE
    assert door.recorder.reached == ["live.view"]
    decided, closed = door.entries()
    assert (decided["decision"], closed["grant"], closed["ending"]) == ("permit", decided["grant"], "unavailable")
    assert door.ledger.open_grants() == ()


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(lambda: with_engine(Engine(EMPTY)), Reason.NO_CONVENTION, id="an empty rule set"),
        pytest.param(lambda: with_engine(Engine(without_its_terms())), Reason.ENGINE_FAULT, id="clauses without text"),
        pytest.param(lambda: with_engine(AllowingNobodyKnowsWhat(EMPTY)), Reason.ENGINE_FAULT, id="an unknown clause"),
        pytest.param(lambda: with_engine(Raising(EMPTY)), Reason.ENGINE_FAULT, id="an exception in the engine"),
        pytest.param(lambda: None, Reason.POLICY_UNAVAILABLE, id="no state at all"),
    ],
)  # fmt: skip
async def test_a_broken_policy_refuses_with_its_code(door: Door, made: Callable[[], State], reason: Reason) -> None:
    door.standing.swap(made())
    refused(door, await door.asks(), reason)


async def test_a_rule_that_is_no_text_refuses(door: Door) -> None:
    """Casbin is never handed what it would compare as something else."""
    bundles = []
    for one in state().engine.generation.bundles:
        rules = [type(rule)(**{each.name: getattr(rule, each.name) for each in fields(rule)}) for rule in one.rules]
        for rule in rules:
            object.__setattr__(rule, "not_after", None)
        bundles.append(Bundle(one.document, one.version, one.sha256, tuple(rules), one.terms, one.digest))
    door.standing.swap(with_engine(Engine(Generation(tuple(bundles), "0" * 64))))
    refused(door, await door.asks(), Reason.ENGINE_FAULT)


async def test_a_fact_that_cannot_be_resolved_refuses(door: Door) -> None:
    door.standing.swap(without_calendars())
    answer = await door.asks(camera=SCHOOL)
    assert isinstance(answer, Refused)
    assert Reason.FACT_MISSING in answer.reasons
    assert door.recorder.reached == []


async def test_a_refusal_for_want_of_rules_stands_in_the_controllers_own_tree(door: Door) -> None:
    answer = await door.asks()
    entry = refused(door, answer, Reason.POLICY_UNAVAILABLE)
    assert (answer.controller, entry["generation"], entry["facts"]) == (TOWN, "", [])


async def test_no_other_operation_opens_a_camera(door: Door) -> None:
    """Whatever the rules permit: listing, reporting or holding is not looking."""
    door.standing.swap(with_engine(Permissive(state().engine.generation)))
    span = {"starts": instant(NOW_UTC - timedelta(minutes=9)), "ends": instant(NOW_UTC - timedelta(minutes=8))}
    for operation in set(Operation) - LIVE - RECORDED:
        answer = await door.asks(operation, **span)
        assert isinstance(answer, Refused)
        assert {Reason.OPERATION_UNKNOWN, Reason.REQUEST_MALFORMED} & set(answer.reasons), operation
        assert door.recorder.reached == []
    assert await door.asks(Operation.RECORDING_VIEW, **span) is FaultKind.SOURCE_UNAVAILABLE
    assert door.recorder.reached == ["recording.view"]


class Permissive(Engine):
    """Rules that permit whatever nothing stands in the way of."""

    def ask(self, facts: Facts) -> Answer:
        return Answer(facts.standing == "clear", "c_g917/convention/carabinieri@1#3.4", NEVER)


async def test_a_recorder_with_a_bug_leaves_no_grant_open(tmp_path: Path) -> None:
    door = Door(tmp_path, Careless())
    door.standing.swap(state())
    with pytest.raises(ZeroDivisionError):
        await door.asks()
    decided, closed = door.entries()
    assert (closed["grant"], closed["ending"], closed["reason"]) == (decided["grant"], "fault", "engine-fault")
    assert door.ledger.open_grants() == ()
    door.close()


async def test_a_camera_that_no_recorder_serves_leaves_no_grant_open(door: Door) -> None:
    door.standing.swap(state())
    assert await door.asks(camera="c_g917/piazza") is FaultKind.SOURCE_UNAVAILABLE
    assert [entry["kind"] for entry in door.entries()] == ["decision", "closing"]
    assert door.ledger.open_grants() == ()


# The ledger ------------------------------------------------------------------------------------------------------


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """No file of this process may grow beyond what the ledger's log has: the write fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def moved_away(file: Path) -> Iterator[None]:
    hidden = file.with_name("elsewhere")
    file.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(file)


@contextmanager
def spoilt(file: Path) -> Iterator[None]:
    """Somebody made the newest checkpoint say something else."""
    with sqlite3.connect(file) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'read-only'); END")
    other.close()
    try:
        yield
    finally:
        with sqlite3.connect(file) as other:
            other.execute("DROP TRIGGER full")
        other.close()


@pytest.mark.requirement("PM-3.2")
@pytest.mark.parametrize("broken", [full_disk, locked, moved_away, spoilt])
async def test_a_ledger_that_cannot_be_written_opens_nothing_and_comes_back(
    door: Door, broken: Callable[[Path], Any]
) -> None:
    door.standing.swap(state())
    await door.asks()
    size, reached = door.ledger.reading(TOWN).size(), list(door.recorder.reached)
    with broken(door.file()):
        assert await door.asks() is UNAVAILABLE
        door.clock.pass_s(1)
        assert await door.asks() is UNAVAILABLE
        answer = await door.gate.search(operator(), door.gate.read(Asked(TOWN, "plate.search", (NORTH,))))
        assert answer.transits is None
        assert answer.fault is not None
        assert answer.fault.kind is UNAVAILABLE
    assert door.recorder.reached == reached, "not one byte, not one question"
    assert set(door.lost) == {TOWN}
    door.clock.pass_s(1)
    assert await door.asks() is FaultKind.SOURCE_UNAVAILABLE
    assert door.ledger.reading(TOWN).size() == size + 2
    door.ledger.stop()
    assert offline.verify(door.file(), [door.vkeys[TOWN]]).finding is None


async def test_a_ledger_that_is_not_started_opens_nothing(door: Door) -> None:
    door.standing.swap(state())
    door.ledger.stop()
    assert await door.asks() is UNAVAILABLE
    assert door.recorder.reached == []
    door.ledger.start()


async def test_a_ledger_that_another_process_writes_does_not_start(door: Door) -> None:
    other = Ledger("prova", door.places, door.clock)
    with pytest.raises(Fault) as found:
        other.start()
    assert found.value.kind is UNAVAILABLE


async def test_a_ledger_of_one_controller_says_nothing_of_another(door: Door) -> None:
    """A body that has no tree here is nobody: its question stands in the installation's own."""
    door.standing.swap(state())
    case = Case(CaseId("c"), PERSON, CRIME, OFFENCE, "RG 71/2026", None, NOW_UTC, NOW_UTC + timedelta(hours=8))
    request = door.gate.read(Asked("c_e542", "live.view", ("c_e542/porto",)), case)
    answer = await door.gate.view(operator(), request)
    assert isinstance(answer, Refused)
    assert answer.controller == "installation"
    assert json.dumps(door.entries()) == "[]"


async def test_somebody_who_goes_away_while_the_recorder_is_asked_leaves_no_grant_open(tmp_path: Path) -> None:
    @dataclass
    class Slow(Recorder):
        async def open_live(self, grant: Grant) -> LiveClear:
            self.reached.append(grant.operation)
            await asyncio.sleep(30)
            raise self._down(grant)

    door = Door(tmp_path, Slow())
    door.standing.swap(state())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(door.asks(), 0.2)
    assert [entry["kind"] for entry in door.entries()] == ["decision", "closing"]
    assert door.ledger.open_grants() == ()
    door.close()


def test_no_limit_is_left_behind() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096
