"""The demonstration as a newcomer meets it: every scene, against the running broker."""

import time

import pytest

from broker.clock import SystemClock
from broker.demo.scenes import Scenes
from tests.world.demo import RunningDemo

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]


@pytest.mark.requirement(
    "PM-1.2", "PM-1.1", "PM-2.4", "PM-2.8", "PM-3.1", "PM-3.2", "PM-3.5", "PM-3.8", "PM-3.15", "PM-3.16", "PM-6.4",
    "LEV-6.2", "LEV-8.1", "BEL-PR.2", "MC-P.1", "MC-P.2",
)  # fmt: skip
def test_every_scene_of_the_demonstration_is_seen_as_expected(demo: RunningDemo) -> None:
    rows = list(Scenes(demo.world, SystemClock(), time.sleep).play())

    assert [row for row in rows if not row.passed] == []
    assert sum(not row.left_out for row in rows) >= 30
