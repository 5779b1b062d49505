"""Every benchmark runs, with next to nothing to do; what it measures is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.page import ROWS, SECTIONS, render

ROOT = Path(__file__).parents[2]
LITTLE = {
    "bench_bytes": ("--mib", "1", "--clients", "1", "--rounds", "1"),
    "bench_cut": ("--cuts", "2"),
    "bench_decisions": ("--conventions", "4,4/2", "--seconds", "1", "--rounds", "1", "--no-peer"),
    "bench_ledger": ("--entries", "200", "--verify", "300"),
    "bench_policy": ("5",),
    "bench_replay": ("--entries", "50", "--conventions", "5"),
}


def test_every_benchmark_is_tried_and_has_its_place_on_the_page():
    found = {file.stem for file in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    assert found == set(LITTLE) == {name for name, *_ in SECTIONS} == {name for name, _ in ROWS}


@pytest.mark.parametrize("name", sorted(LITTLE))
def test_a_benchmark_runs_and_its_figures_go_on_the_page(name):
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *LITTLE[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    kept = {name: {"when": "2026-01-01", "took_s": 1, "others_share": 0.4, "figures": json.loads(done.stdout)}}
    page = render(kept, "a machine")
    assert "the machine was shared" in page
    assert page.count("## ") == 2
