"""What changes while a source is opening or somebody watches is not missed, and no grant is left open."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.folder import FolderSource
from adapters.folder.recorder import FilmedCamera, slot_of
from adapters.folder.recorder import Recorder as DemoRecorder
from adapters.port import Grant, LiveClear
from broker.decision.state import State
from broker.delivery.viewings import Viewing
from broker.evidence import Refused
from broker.identity.events import Ending
from broker.running import Running
from conventions.demo import DemoDocument
from conventions.faults import Fault, FaultKind
from conventions.spans import instant
from conventions.terms import Reason
from tests.decisions.door import NORTH, Door, Recorder, diagnostics, door, refused
from tests.world.signed_demo import NOW_UTC, SignedDemo, state

__all__ = ["diagnostics", "door"]


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


@dataclass
class Filming(Recorder):
    """A recorder that works, and during whose opening something happens."""

    root: Path = Path()
    happens: Callable[[], object] = lambda: None

    async def open_live(self, grant: Grant) -> LiveClear:
        self.happens()
        return await FolderSource("folder", self.root, (NORTH,), lambda: NOW_UTC).open_live(grant)


def suspended() -> State:
    """The demonstration after the mayor has suspended the convention."""
    demo = SignedDemo()
    for text in demo.texts:
        demo.publish(text)
    demo.publish(DemoDocument("suspension", NOTICE))
    return demo.state()


NOTICE = {
    "format": "varco-document/1",
    "kind": "notice",
    "id": "c_g917/notice/sospensione",
    "version": "1",
    "title": "Sospensione",
    "valid_from": "2026-03-14",
    "on": "c_g917/convention/carabinieri",
    "act": "suspension",
    "by": "c_g917",
    "signs_as": "mayor",
    "reason": "verifica in corso",
    "effective_from": instant(NOW_UTC - timedelta(seconds=1)),
}


@pytest.mark.requirement("PM-6.4")
@pytest.mark.parametrize("what", ["suspension", "session", "nothing"])
async def test_what_changes_while_the_recorder_opens_is_not_missed(tmp_path: Path, what: str) -> None:
    """Between the entry and the first byte lies the opening of a source, which may take seconds."""
    filmed = FilmedCamera(NORTH)
    DemoRecorder(tmp_path / "film", [filmed]).record(filmed, slot_of(NOW_UTC) - timedelta(seconds=30))
    door = Door(tmp_path, Filming(root=tmp_path / "film"))
    door.standing.swap(state())
    after = suspended()
    expected = {"suspension": "convention-suspended", "session": "session-ended", "nothing": None}[what]
    door.recorder.happens = {  # type: ignore[attr-defined]
        "suspension": lambda: door.standing.swap(after),
        "session": lambda: door.sessions.end(door.operator.session.session_id, Ending.LOGGED_OUT),
        "nothing": lambda: None,
    }[what]
    viewing = await door.asks()
    assert isinstance(viewing, Viewing), viewing
    kinds = [entry["kind"] for entry in door.entries()]
    if expected is None:
        assert kinds == ["decision"]
        await door.gate.end_all(Reason.SESSION_ENDED)
    else:
        assert kinds == ["decision", "closing", "decision"]
        assert [entry.get("reason") for entry in door.entries()][1] == expected
        assert door.entries()[2]["reasons"][0] == expected
    with pytest.raises(Fault) as found:
        door.gate.viewings.of(viewing.grant.grant_id, door.operator.session.session_id)
    assert found.value.kind is FaultKind.GRANT_ENDED
    door.close()


async def test_a_feed_that_is_lost_withdraws_the_rules(door: Door) -> None:
    """Nobody would hear of a suspension any more."""
    door.standing.swap(state())
    running = Running(door.gate, door.changes, door.clock)
    task = asyncio.get_running_loop().create_task(running.run())
    await running.ready.wait()
    assert await door.asks() is FaultKind.SOURCE_UNAVAILABLE
    door.recorder.reached.clear()
    door.changes.lose()
    async with asyncio.timeout(5):
        while not isinstance(await door.asks(), Refused):
            door.recorder.reached.clear()
    refused(door, await door.asks(), Reason.POLICY_UNAVAILABLE)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
