"""The demonstration's recorder: writes footage segments and the index. The adapter itself only reads.

Segments are 30 s, aligned to the epoch, so that footage of one minute ago always exists while it runs.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from adapters.folder.film import ENCODER, FPS, Film, add_video, burn, film_of, picture_of
from adapters.folder.index import INDEX_FILE, SCHEMA, file_name, from_microseconds, microseconds
from conventions.identifiers import CameraId

SEGMENT_S = 30
_SEGMENT_US = SEGMENT_S * 1_000_000
_TONE_HZ = 440
_TONE_RATE_HZ = 16_000
_TONE_BLOCK = 1024
_LOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class FilmedCamera:
    """A demonstration camera. ``with_audio`` records a tone too, so that dropping it can be shown."""

    camera: CameraId
    with_audio: bool = False


def slot_of(at_utc: datetime) -> datetime:
    """Start of the 30 s slot that holds an instant."""
    return from_microseconds(microseconds(at_utc) // _SEGMENT_US * _SEGMENT_US)


class Recorder:
    """Writes segments of some cameras below a root. Safe to call from several threads and to start again."""

    def __init__(self, root: Path, cameras: Sequence[FilmedCamera], encoder: str = ENCODER) -> None:
        self.cameras = tuple(cameras)
        self._root = root
        self._encoder = encoder
        self._films: dict[CameraId, Film] = {}
        self._films_lock = threading.Lock()
        self._ordinals = {filmed.camera: place for place, filmed in enumerate(self.cameras)}
        root.mkdir(parents=True, exist_ok=True)
        with self._index() as db:
            db.execute(SCHEMA)

    def has(self, camera: CameraId, start_utc: datetime) -> bool:
        """Whether the slot is recorded: its row is there and its file as long as the row says."""
        with self._index() as db:
            row = db.execute(
                "SELECT size_bytes FROM segment WHERE camera = ? AND start_us = ?", (camera, microseconds(start_utc))
            ).fetchone()
        file = self._folder(camera) / file_name(start_utc, SEGMENT_S * 1000)
        return row is not None and file.is_file() and file.stat().st_size == row[0]

    def record(self, filmed: FilmedCamera, start_utc: datetime) -> None:
        """Encode one slot of one camera: file first, then the row."""
        folder = self._folder(filmed.camera)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file_name(start_utc, SEGMENT_S * 1000)
        unfinished = target.with_suffix(".part")
        self._encode(unfinished, filmed, start_utc)
        unfinished.replace(target)
        row = (filmed.camera, microseconds(start_utc), SEGMENT_S * 1000, target.stat().st_size, "h264")
        with self._index() as db:
            db.execute("INSERT OR REPLACE INTO segment VALUES (?, ?, ?, ?, ?)", row)

    def erase_before(self, end_utc: datetime) -> None:
        """What a recorder does at the end of its retention: the row goes first, then the file."""
        with self._index() as db:
            gone = db.execute(
                "DELETE FROM segment WHERE start_us < ? RETURNING camera, start_us, duration_ms",
                (microseconds(end_utc),),
            ).fetchall()
        for camera, start_us, duration_ms in gone:
            name = file_name(from_microseconds(start_us), duration_ms)
            (self._folder(CameraId(camera)) / name).unlink(missing_ok=True)

    def run(self, now_utc: Callable[[], datetime], stop: threading.Event, keep: timedelta) -> None:
        """Record every slot as it ends, until ``stop`` is set; erase what is older than ``keep``."""
        due = slot_of(now_utc())
        while not stop.is_set():
            end_utc = due + timedelta(seconds=SEGMENT_S)
            if stop.wait(max(0.0, (end_utc - now_utc()).total_seconds())):
                return
            for filmed in self.cameras:
                if not self.has(filmed.camera, due):
                    self.record(filmed, due)
                if stop.is_set():
                    return
            self.erase_before(now_utc() - keep)
            due = max(end_utc, slot_of(now_utc()) - timedelta(seconds=SEGMENT_S))

    def _encode(self, target: Path, filmed: FilmedCamera, start_utc: datetime) -> None:
        film, label = self._film(filmed.camera), filmed.camera.upper()
        first = microseconds(start_utc) // 1_000_000 * FPS
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
            video = add_video(output, self._encoder)
            audio = output.add_stream("aac", rate=_TONE_RATE_HZ, layout="mono") if filmed.with_audio else None
            tone = _tone(SEGMENT_S) if audio is not None else iter(())
            for count in range(SEGMENT_S * FPS):
                frame = film.at(first + count)
                burn(frame, f"{label}  {start_utc + timedelta(seconds=count / FPS):%Y-%m-%d %H:%M:%S}Z")
                output.mux(video.encode(picture_of(frame, count)))
                for block in tone:
                    output.mux(audio.encode(block) if audio is not None else [])
                    if block.pts is not None and block.pts / _TONE_RATE_HZ > count / FPS:
                        break
            output.mux(video.encode(None))
            if audio is not None:
                output.mux(audio.encode(None))

    def _film(self, camera: CameraId) -> Film:
        with self._films_lock:
            if camera not in self._films:
                self._films[camera] = film_of(self._ordinals[camera])
            return self._films[camera]

    def _folder(self, camera: CameraId) -> Path:
        return self._root / camera

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._root / INDEX_FILE, timeout=_LOCK_S)
        try:
            with db:
                yield db
        finally:
            db.close()


def _tone(length_s: int) -> Iterator[av.AudioFrame]:
    """A sine of 440 Hz in blocks of 1,024 samples."""
    for start in range(0, length_s * _TONE_RATE_HZ, _TONE_BLOCK):
        at = (start + np.arange(_TONE_BLOCK)) * (2 * np.pi * _TONE_HZ / _TONE_RATE_HZ)
        block = av.AudioFrame.from_ndarray((np.sin(at) * 0.2).astype(np.float32)[None, :], format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = _TONE_RATE_HZ, start, Fraction(1, _TONE_RATE_HZ)
        yield block
