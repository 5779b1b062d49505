"""Runs the benchmarks of this folder, one after the other and each in a process of its own: ``make bench``.

``python -m tests.benchmarks [--write] [NAME ...]``. With ``--write`` what they print is kept under ``build/benchmarks``
and ``docs/performance.md`` is made anew from all that is kept there; names choose some, so that one can be run again.
"""

import json
import os
import platform
import resource
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


def machine_cpu_s() -> float:
    """Processor time that everybody on this machine has used."""
    words = Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, words)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_cpu_s() -> float:
    """Processor time of what was started here and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(name: str, *, keep: bool) -> int:
    """One benchmark; what it prints goes to the terminal, or is kept."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    begun_s, whole_s, own_s = time.perf_counter(), machine_cpu_s(), own_cpu_s()
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    done = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.PIPE if keep else None, text=True)
    took_s = time.perf_counter() - begun_s
    others_s = machine_cpu_s() - whole_s - (own_cpu_s() - own_s)
    if keep and done.returncode == 0:
        found: Figures = {
            "when": f"{SystemClock().now_utc():%Y-%m-%d}",
            "took_s": round(took_s),
            "others_share": round(max(0.0, others_s / took_s / (os.cpu_count() or 1)), 2),
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
