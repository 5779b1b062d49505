"""Killed at any point, or out of disk at any write: what was acknowledged is there, and the next start is clean."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from broker.ledger import offline
from tests.ledger.made import TOWN, Town, build

ROOT = Path(__file__).parents[2]
POINTS = [*range(1, 40), *range(40, 240, 12)]
LIMITS = [0, 1, 4_095, 4_096, *range(20_000, 400_000, 24_576), 10_000_000]


def play(folder: Path, how: str, points: list[int]) -> dict[int, Town]:
    towns = {point: build(folder / str(point)) for point in points}
    subprocess.run(
        [sys.executable, "-m", "tests.ledger.crashing", str(folder), how, *map(str, points)], cwd=ROOT, check=True
    )
    return towns


def acknowledged(town: Town) -> list[str]:
    file = town.folder / "acknowledged"
    return file.read_text().splitlines() if file.exists() else []


def check(town: Town) -> int:
    """Restart, verify, and find every acknowledged entry; gives how many there were."""
    ledger = town.ledger()
    ledger.start()
    reading = ledger.reading(TOWN)
    left_open = {left.grant_id for left in ledger.open_grants()}
    entries = list(reading.entries())
    ledger.stop()
    report = offline.verify(town.file(), [town.vkeys[TOWN]])
    assert report.finding is None, report
    assert report.open_grants_count == len(left_open)
    count = 0
    for line in acknowledged(town):
        if line[0].isdigit():
            index, leaf = line.split(" ")
            assert offline.tree.sha256(b"\x00" + entries[int(index)].raw).hexdigest() == leaf
            count += 1
    return count


@pytest.mark.timeout(300)
@pytest.mark.requirement("PM-3.2")
def test_killed_at_any_point(tmp_path: Path):
    towns = play(tmp_path, "die", POINTS)
    counts = {point: check(town) for point, town in towns.items()}
    assert not any("ended" in acknowledged(towns[point]) for point in POINTS if point < 40)
    assert min(counts.values()) == 0
    assert max(counts.values()) > 12


@pytest.mark.timeout(300)
@pytest.mark.requirement("PM-3.2")
def test_out_of_disk_at_any_write(tmp_path: Path):
    towns = play(tmp_path, "limit", LIMITS)
    counts = [check(town) for town in towns.values()]
    assert counts[0] == 0
    assert any(0 < count < 24 for count in counts)
    assert counts[-1] == 24
    refused = [line for town in towns.values() for line in acknowledged(town) if line.startswith("refused")]
    assert set(refused) == {"refused ledger-unavailable"}


@pytest.mark.timeout(300)
def test_killed_from_outside_while_writing(tmp_path: Path):
    town = build(tmp_path / "town")
    for delay_s in (0.0, 0.003, 0.011):
        before = len(acknowledged(town))
        child = subprocess.Popen([sys.executable, "-m", "tests.ledger.crashing", str(town.folder), "once"], cwd=ROOT)
        while len(acknowledged(town)) == before and child.poll() is None:
            time.sleep(0.001)
        time.sleep(delay_s)
        child.kill()
        child.wait()
        check(town)
    assert len(acknowledged(town)) > 2
