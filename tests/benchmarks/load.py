"""Loads an address with wrk and reads what it says; and what a process costs while it answers."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

CONNECTIONS_COUNT = 100
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One round: answers per second, latency, and processor time of the server per answer."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    answers_count: int

    @property
    def plain(self) -> dict[str, float]:
        return asdict(self)


def load(script: Path, address: str, variables: Mapping[str, str], seconds: int, pid: int) -> Load:
    """One round of wrk: one thread, a hundred connections."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is needed (a Debian package)")
    command = [wrk, "-t1", f"-c{CONNECTIONS_COUNT}", f"-d{seconds}s", "--latency", "-s", str(script), address]
    before_s = cpu_s(pid)
    given = ["env", *(f"{name}={value}" for name, value in variables.items())]
    done = subprocess.run([*given, *command], capture_output=True, text=True, check=True)
    spent_s = cpu_s(pid) - before_s
    said = done.stdout
    failed = re.search(r"(Non-2xx.*|Socket errors.*)", said)
    if failed is not None or done.stderr:
        raise SystemExit(f"not every request was answered: {failed and failed[1]} {done.stderr}")
    answers_count = int(_found(r"(\d+) requests in", said))
    return Load(
        per_s=round(float(_found(r"Requests/sec:\s+([\d.]+)", said))),
        p50_ms=_latency("50", said),
        p99_ms=_latency("99", said),
        cpu_us=round(1e6 * spent_s / max(1, answers_count)),
        answers_count=answers_count,
    )


def best(rounds: list[Load]) -> Load:
    """The round least disturbed by others on the machine."""
    return max(rounds, key=lambda one: one.per_s)


def in_turns(sides: Mapping[str, Callable[[], Load]], rounds_count: int) -> dict[str, list[Load]]:
    """Each side measured after the other, several times, so that a busy moment does not fall on one alone."""
    found: dict[str, list[Load]] = {name: [] for name in sides}
    for _ in range(rounds_count):
        for name, side in sides.items():
            found[name].append(side())
    return found


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(_found(r"VmRSS:\s+(\d+)", status)) // 1024


def _latency(share: str, said: str) -> float:
    found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b", said)
    if found is None:
        raise SystemExit("wrk says no latency")
    return round(float(found[1]) * _MS[found[2]], 1)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"wrk says no {pattern}")
    return found[1]
