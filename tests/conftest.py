"""What all tests share: the property profiles, and that nothing is left out silently."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.world.demo import demo, demo_world

__all__ = ["demo", "demo_world"]  # one demonstration for all tests of a process: only here is it a fixture

# Seeded: the fast profile draws the same examples on every run; the deep one searches (`make deep`).
settings.register_profile(
    "fast", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "deep", derandomize=False, deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fast")  # before pytest reads --hypothesis-profile, which wins

INSTALL = "make test as root installs it, or: sudo apt-get install --no-install-recommends"


def program(name: str, package: str = "") -> Path:
    """A real program that a test starts. One that is missing fails the test and says how to get it."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; {INSTALL} {package or name}", pytrace=False)
    return Path(found)


@pytest.fixture(scope="session")
def chromium() -> Path:
    return program("chromium")


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return program("ffmpeg")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that skips itself has failed: what is not run is not known to work."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report


def pytest_configure():
    """Tables are printed as wide as in a terminal, whatever the tests' own output is joined to."""
    os.environ["COLUMNS"] = "160"  # noqa: TID251 (rich reads it when a console is made)


def pytest_collection_modifyitems(items):
    """A requirement mark names its rows; tests of one file share a process, unless they name a group of their own."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
        for mark in item.iter_markers("requirement"):
            if not mark.args or mark.kwargs or not all(isinstance(row, str) for row in mark.args):
                raise pytest.UsageError(f"{item.nodeid}: requirement takes rows, such as 'PM-3.2'")
