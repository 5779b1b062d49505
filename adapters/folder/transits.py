"""Synthetic transits for the demonstration: Italian plate grammar and the errors of optical reading.

Real readings are personal data, so none is used; cars and motorcycles begin with series far from being issued. A
minute's transits are a pure function of seed and minute: the week behind and the minutes to come agree.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from adapters.folder.index import from_microseconds, microseconds
from adapters.folder.search import SCHEMA
from conventions.identifiers import CameraId, Plate, body_of

DEMO_PLATE = "VA123RC"
"""Passes every gate of every controller once in 47 minutes, and once more a few minutes before set-up."""
DEMO_MISREAD = "VA1Z3RC"
"""The same car with 2 read as Z: stored as read, so that an exact search does not find it."""
DEMO_EVERY_MIN = 47
DAYS = 7
PER_MINUTE_COUNT = 2.0
"""Mean transits a minute over all gates: about 20,000 in a week."""
LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
"""Car series since 1994: without I, O, Q, U."""
FLEET_COUNT = 4000
_FIRST = "LMNPRSTVW"
_MOPED = "23456789BCDFGHJKLMNPRSTVWXYZ"
_PROVINCES = ("MN", "SP", "NO", "MC", "AN", "GE", "MI")
_CONFUSED = {
    "0": "ODQ", "O": "0", "D": "0", "1": "IL", "L": "1", "2": "Z", "Z": "2", "5": "S", "S": "5", "8": "B", "B": "8",
    "6": "G", "G": "6C", "4": "A", "A": "4", "7": "T", "T": "7", "V": "UY", "M": "NH", "N": "MH", "C": "G",
}  # fmt: skip
_MISREAD_RATIO = 0.04
_MINUTE_US = 60_000_000
_LOCK_S = 10.0
Row = tuple[str, str, int, str, str, float, str, str, str]


def fleet(seed: int) -> tuple[tuple[str, str, str], ...]:
    """The cars of the neighbourhood: plate, country, vehicle class."""
    draw = np.random.default_rng([seed, 0])

    def pick(letters: str, count: int) -> str:
        return "".join(letters[place] for place in draw.integers(0, len(letters), count))

    def digits(count: int) -> str:
        return pick("0123456789", count)

    cars = []
    for kind in draw.random(FLEET_COUNT):
        if kind < 0.86:
            cars.append((pick(_FIRST, 1) + pick(LETTERS, 1) + digits(3) + pick(LETTERS, 2), "IT", "car"))
        elif kind < 0.92:
            cars.append((pick(_FIRST, 1) + pick("XYZW", 1) + digits(5), "IT", "motorcycle"))
        elif kind < 0.94:
            cars.append(("X" + pick(_MOPED, 5), "IT", "moped"))
        elif kind < 0.96:
            cars.append((_PROVINCES[int(draw.integers(len(_PROVINCES)))] + pick("ABDEF", 1) + digits(5), "IT", "car"))
        else:
            cars.append((pick(LETTERS, 3) + digits(4), ("FR", "DE", "CH")[int(draw.integers(3))], "car"))
    return tuple(cars)


def misread(text: str, draw: np.random.Generator) -> str:
    """One character taken for one that looks like it, if the text has such a character."""
    places = [place for place, letter in enumerate(text) if letter in _CONFUSED]
    if not places:
        return text
    place = places[int(draw.integers(len(places)))]
    likes = _CONFUSED[text[place]]
    return text[:place] + likes[int(draw.integers(len(likes)))] + text[place + 1 :]


def _row(camera: CameraId, at_us: int, raw: str, confidence: float, country: str, way: str, vehicle: str) -> Row:
    name = hashlib.sha256(f"{camera} {at_us} {raw}".encode()).hexdigest()[:24]
    return name, camera, at_us, Plate(raw).text, raw, confidence, country, way, vehicle


def minute_rows(
    minute: int, cameras: Sequence[CameraId], cars: Sequence[tuple[str, str, str]], seed: int
) -> Iterator[Row]:
    """The transits of one minute since 1970."""
    draw = np.random.default_rng([seed, minute])
    for _ in range(int(draw.poisson(PER_MINUTE_COUNT))):
        # A few cars pass often, most seldom.
        plate, country, vehicle = cars[int(draw.random() ** 2 * len(cars))]
        wrong = draw.random() < _MISREAD_RATIO
        read = misread(plate, draw) if wrong else plate
        raw = f"{read[:2]} {read[2:5]} {read[5:]}" if vehicle == "car" and draw.random() < 0.3 else read
        confidence = round(float(draw.uniform(0.42, 0.85) if wrong else draw.uniform(0.86, 0.995)), 3)
        way = ("approaching", "leaving")[int(draw.integers(2))]
        at_us = minute * _MINUTE_US + int(draw.integers(60_000)) * 1000
        yield _row(cameras[int(draw.integers(len(cameras)))], at_us, raw, confidence, country, way, vehicle)
    if minute % DEMO_EVERY_MIN == 0:
        yield from demo_pass(minute * _MINUTE_US, cameras)


def demo_pass(start_us: int, cameras: Sequence[CameraId]) -> Iterator[Row]:
    """The demo car through the gates of each controller, 20 s apart; the last reading of each pass is a misread."""
    for controller in sorted({body_of(camera) for camera in cameras}):
        gates = [camera for camera in cameras if body_of(camera) == controller]
        for place, camera in enumerate(gates):
            at_us = start_us + place * 20_000_000
            yield _row(camera, at_us, DEMO_PLATE, 0.97, "IT", "approaching", "car")
        yield _row(gates[-1], start_us + len(gates) * 20_000_000, DEMO_MISREAD, 0.58, "IT", "leaving", "car")


def prepare_transits(
    path: Path, cameras: Sequence[CameraId], now_utc: datetime, *, days: int = DAYS, seed: int = 1
) -> int:
    """Fill the store with the days before now; again is harmless. Gives the number of rows added."""
    cars, now_us = fleet(seed), microseconds(now_utc)
    last = now_us // _MINUTE_US
    rows = [row for minute in range(last - days * 1440, last) for row in minute_rows(minute, cameras, cars, seed)]
    recent_us = now_us - 4 * _MINUTE_US
    rows += demo_pass(recent_us - recent_us % _MINUTE_US, cameras)
    path.parent.mkdir(parents=True, exist_ok=True)
    return _insert(path, rows)


def feed_transits(
    path: Path,
    cameras: Sequence[CameraId],
    now_utc: Callable[[], datetime],
    stop: threading.Event,
    *,
    seed: int = 1,
    keep: timedelta = timedelta(days=DAYS),
) -> None:
    """Add each minute's transits as it ends, until ``stop`` is set; erase what is older than ``keep``."""
    cars, minute = fleet(seed), microseconds(now_utc()) // _MINUTE_US
    while not stop.wait(max(0.0, (from_microseconds((minute + 1) * _MINUTE_US) - now_utc()).total_seconds())):
        _insert(path, list(minute_rows(minute, cameras, cars, seed)), microseconds(now_utc() - keep))
        minute += 1


def _insert(path: Path, rows: list[Row], erase_before_us: int | None = None) -> int:
    db = sqlite3.connect(path, timeout=_LOCK_S)
    try:
        db.executescript(SCHEMA)
        with db:
            added = db.executemany("INSERT OR IGNORE INTO transit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows).rowcount
            if erase_before_us is not None:
                db.execute("DELETE FROM transit WHERE at_us < ?", (erase_before_us,))
        return added
    finally:
        db.close()
