"""Runs the benchmarks of this folder, one after the other and each in a process of its own: ``make bench``.

``python -m tests.benchmarks [--write] [NAME ...]``. With ``--write`` what they print is kept under ``build/benchmarks``
and ``docs/performance.md`` is made anew from all that is kept there; names choose some, so that one can be run again.
"""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from broker.clock import SystemClock
from tests.benchmarks.page import Figures, render

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "build" / "benchmarks"
PAGE = ROOT / "docs" / "performance.md"


def machine() -> str:
    """Processor, cores, memory, system."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    memory = Path("/proc/meminfo").read_text(encoding="ascii").split()[1]
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{model}, {os.cpu_count()} cores, {int(memory) >> 20} GiB, {system}, Python {platform.python_version()}"


def run(name: str, *, keep: bool) -> int:
    """One benchmark; what it prints goes to the terminal, or is kept."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    busy = round(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
    begun_s = time.perf_counter()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    done = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.PIPE if keep else None, text=True)
    if keep and done.returncode == 0:
        found: Figures = {
            "when": f"{SystemClock().now_utc():%Y-%m-%d}",
            "took_s": round(time.perf_counter() - begun_s),
            "busy": busy,
            "figures": json.loads(done.stdout),
        }
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return abs(done.returncode)


def main() -> int:
    chosen = [word for word in sys.argv[1:] if not word.startswith("-")]
    write = "--write" in sys.argv[1:]
    names = sorted(file.stem for file in HERE.glob("bench_*.py") if not chosen or file.stem in chosen)
    worst = max((run(name, keep=write) for name in names), default=1)
    if write:
        kept = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(KEPT.glob("bench_*.json"))}
        PAGE.write_text(render(kept, machine()), encoding="utf-8")
    return worst


if __name__ == "__main__":
    sys.exit(main())
