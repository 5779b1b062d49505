"""Which attempts of strangers have an entry each, and which are counted: nobody fills the ledger by knocking.

The first of a minute stand alone, what follows is counted until the minute is over. Only counts that are not written
yet are lost by a kill; no refusal becomes a permit by being counted. Source: LEV-32.4.
"""

from dataclasses import dataclass
from datetime import datetime

from broker.clock import Clock

SINGLE_COUNT = 20
"""Attempts of one kind from one place in a minute that have an entry each."""
PLACES_COUNT = 64
"""Places told apart in a minute; those that come later are counted together."""
ELSEWHERE = "elsewhere"
MINUTE_S = 60.0

Kind = tuple[tuple[str, str], ...]
"""The fields of the entry in clear, in order."""


@dataclass(slots=True)
class Count:
    """What happened in a minute that began at ``since_s``: entries written alone, and attempts only counted."""

    kind: Kind
    place: str
    since_s: float
    first_utc: datetime
    last_utc: datetime
    alone_count: int = 0
    count: int = 0


class Tally:
    """Counts in memory, for the event loop alone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[tuple[Kind, str], Count] = {}
        self._over: list[Count] = []

    def stands_alone(self, kind: Kind, place: str) -> bool:
        """Whether this attempt has an entry of its own; if not it is counted here."""
        self._turn()
        now_utc = self._clock.now_utc()
        if (kind, place) not in self._running and len(self._running) >= PLACES_COUNT:
            place = ELSEWHERE
        found = self._running.get((kind, place))
        if found is None:
            found = self._running[kind, place] = Count(kind, place, self._clock.monotonic_s(), now_utc, now_utc)
        if found.alone_count < SINGLE_COUNT:
            found.alone_count += 1
            return True
        if found.count == 0:
            found.first_utc = now_utc
        found.last_utc = now_utc
        found.count += 1
        return False

    def take(self, *, everything: bool = False) -> list[Count]:
        """Counts of minutes that are over, to be written; ``give_back`` what could not be."""
        self._turn(everything=everything)
        taken, self._over = self._over, []
        return taken

    def give_back(self, counts: list[Count]) -> None:
        self._over = [*counts, *self._over]

    def _turn(self, *, everything: bool = False) -> None:
        now_s = self._clock.monotonic_s()
        for key, found in list(self._running.items()):
            if everything or now_s - found.since_s >= MINUTE_S:
                del self._running[key]
                if found.count:
                    self._over.append(found)
