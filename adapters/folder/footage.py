"""Footage for the demonstration, made at set-up: the last minutes without a gap, and the first minute of every hour.

Idempotent: what is there is kept. Seen on two cores: about 0.12 s a segment of 30 s, busy with other work: 8 to 13 s
for four cameras with 8 continuous minutes and 6 hours (112 segments, about 130 MB).
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from pathlib import Path

from adapters.folder.film import ENCODER
from adapters.folder.recorder import SEGMENT_S, FilmedCamera, Recorder, slot_of
from conventions.identifiers import CameraId

RECENT = timedelta(minutes=8)
"""Continuous footage up to the last finished slot."""
EVERY = timedelta(hours=1)
"""Before that, the first minute of each clock hour."""
Progress = Callable[[int, int, str], None]
"""Called with segments done, segments in all, and the camera."""


def silent(done_count: int, total_count: int, camera: str) -> None:
    """No progress shown."""


def slots(now_utc: datetime, hours: int) -> tuple[datetime, ...]:
    """The slots that ``prepare`` fills, newest first."""
    length = timedelta(seconds=SEGMENT_S)
    end_utc = slot_of(now_utc)
    found = [end_utc - length * count for count in range(1, RECENT // length + 1)]
    hour = now_utc.replace(minute=0, second=0, microsecond=0)
    while hour > now_utc - timedelta(hours=hours):
        found += [start for start in (hour, hour + length) if start < found[0] and start not in found]
        hour -= EVERY
    return tuple(sorted(found, reverse=True))


def prepare(
    root: Path,
    cameras: Sequence[FilmedCamera],
    now_utc: datetime,
    hours: int,
    progress: Progress = silent,
    *,
    encoder: str = ENCODER,
) -> Recorder:
    """Make sure that the footage is there, and give the recorder that can go on from it.

    Raises:
        Fault: ``footage-missing`` when the film package is not installed.
    """
    recorder = Recorder(root, cameras, encoder)
    wanted = [(filmed, start) for start in slots(now_utc, hours) for filmed in cameras]
    missing = [(filmed, start) for filmed, start in wanted if not recorder.has(filmed.camera, start)]
    progress(len(wanted) - len(missing), len(wanted), "")
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="footage") as pool:
        running = {pool.submit(recorder.record, filmed, start): filmed.camera for filmed, start in missing}
        for done, future in enumerate(as_completed(running), start=len(wanted) - len(missing) + 1):
            future.result()
            progress(done, len(wanted), running[future])
    return recorder


__all__ = ["CameraId", "FilmedCamera", "Progress", "Recorder", "prepare", "silent", "slots"]
