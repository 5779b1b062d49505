"""Real footage, real workers; a clock that the test moves."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.folder import FolderSource
from adapters.port import Grant
from broker.delivery.minimise import minimise
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.evidence import Outcome
from conventions.identifiers import SessionId
from tests.adapters.conftest import CAMERA, OTHER, record_footage
from tests.adapters.contract import TestClock

SESSION = SessionId("session-of-a-test")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Path:
    return record_footage(tmp_path_factory.mktemp("footage"))


@pytest.fixture(scope="session")
def shared_pool():
    """The processes live as long as the session: each takes a second to start."""
    workers = Workers(processes_count=1)
    yield workers
    workers.close()


@dataclass
class Door:
    """Source, delivery and viewings put together as the pipeline does it, without the decision."""

    root: Path
    workers: Workers
    clock: TestClock = field(default_factory=TestClock)
    outcomes: list[tuple[Grant, Outcome]] = field(default_factory=list)

    def __post_init__(self):
        self.source = FolderSource("folder", self.root, (CAMERA, OTHER), self.clock.now_utc)
        self.viewings = Viewings(self.clock, self.closed)

    async def closed(self, grant, outcome):
        self.outcomes.append((grant, outcome))

    async def deliverable(self, grant):
        live = grant.span is None
        clear = await (self.source.open_live if live else self.source.open_recording)(grant)
        return await minimise(clear, grant, self.workers)

    async def open(self, grant, session_id=SESSION):
        return self.viewings.open(grant, await self.deliverable(grant), session_id)

    def file(self, number, camera=CAMERA):
        return sorted((self.root / camera).iterdir())[number]


@pytest.fixture
def door(recorded, tmp_path, shared_pool) -> Door:
    root = tmp_path / "footage"
    shutil.copytree(recorded, root)
    return Door(root, shared_pool)
