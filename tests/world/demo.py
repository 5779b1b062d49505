"""The whole demonstration, running: a real broker process, the certified provider, real footage, one per test session.

Tests that use it share one worker (``xdist_group("demo")``), since building the world costs seconds.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from broker.clock import SystemClock
from broker.demo.visitor import Visitor
from broker.demo.world import World, build

FILM = ("c_g917/varco-nord", "c_g917/piazza")
START_LIMIT_S = 60


class RunningDemo:
    """A demonstration and the process that serves it."""

    def __init__(self, world: World, process: subprocess.Popen[bytes]) -> None:
        self.world = world
        self.process = process
        self.visitors: list[Visitor] = []

    @property
    def base_url(self) -> str:
        return self.world.base_url

    def visitor(self, issuer: str, code: str) -> Visitor:
        """Somebody who has signed in."""
        visitor = Visitor(self.base_url, issuer, code, SystemClock())
        self.visitors.append(visitor)
        return visitor.sign_in()

    def register(self) -> Path:
        return self.world.folder / "data" / "register"


@contextmanager
def running(world: World) -> Iterator[RunningDemo]:
    """Serve a world in a process of its own, as ``varco demo --keep`` does; ended by process id."""
    command = [sys.executable, "-m", "broker", "demo", "--keep", "--data", str(world.folder)]
    log = world.folder / "broker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(world, process, log)
            found = RunningDemo(world, process)
            yield found
            for visitor in found.visitors:
                visitor.close()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def _wait(world: World, process: subprocess.Popen[bytes], log: Path) -> None:
    until_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise RuntimeError(f"the demonstration ended at its start:\n{log.read_text()[-3000:]}")
        try:
            if httpx2.get(f"{world.base_url}/login", trust_env=False, timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the demonstration did not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with two filmed cameras."""
    return build(tmp_path_factory.mktemp("demo"), SystemClock().now_utc(), lambda *_: None, film=FILM)


@pytest.fixture(scope="session")
def demo(demo_world: World) -> Iterator[RunningDemo]:
    """The demonstration, running."""
    with running(demo_world) as found:
        yield found
