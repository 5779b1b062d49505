"""Publishes event windows one after the other, until it is killed: ``python -m tests.end_to_end.publishing FOLDER``.

What was published stands on standard output before the next one begins.
"""

import sys
from pathlib import Path

from broker.clock import SystemClock
from broker.demo.acts import Acts
from broker.demo.world import World


def main() -> None:
    acts = Acts(World.at(Path(sys.argv[1])), SystemClock())
    while True:
        print(acts.window_until(3600), flush=True)


if __name__ == "__main__":
    main()
