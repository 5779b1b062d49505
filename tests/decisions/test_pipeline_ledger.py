"""A ledger that cannot be written opens nothing: not one byte, not one question to a recorder."""

import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.decision.reading import Asked
from broker.evidence import Case, Refused
from broker.ledger import offline
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CaseId
from tests.decisions.door import CRIME, NORTH, OFFENCE, PERSON, TOWN, UNAVAILABLE, Door, diagnostics, door
from tests.world.signed_demo import NOW_UTC, state

__all__ = ["diagnostics", "door"]


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
        answer = await door.gate.search(door.operator, door.gate.read(Asked(TOWN, "plate.search", (NORTH,))))
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
    answer = await door.gate.view(door.operator, request)
    assert isinstance(answer, Refused)
    assert answer.controller == "installation"
    assert json.dumps(door.entries()) == "[]"


def test_no_limit_is_left_behind() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096
