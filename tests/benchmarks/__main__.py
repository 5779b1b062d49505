"""Runs every benchmark of this folder, one after the other and each in a process of its own: ``make bench``."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    worst = 0
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        sys.stdout.write(f"== {file.stem}\n")
        sys.stdout.flush()
        done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{file.stem}"], check=False)
        worst = max(worst, abs(done.returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main())
