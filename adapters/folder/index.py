"""The index of a footage folder: which stretch of which camera lies on disk.

One SQLite file beside the footage, written by whatever records (``recorder``), opened read-only by the source.
A file's name follows from its row, so that the index cannot point outside the folder.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId
from conventions.spans import Span, instant

INDEX_FILE = "index.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    camera TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms > 0),
    size_bytes INTEGER NOT NULL,
    codec TEXT NOT NULL,
    PRIMARY KEY (camera, start_us)
) WITHOUT ROWID
"""
LONGEST_SEGMENT = timedelta(hours=1)
"""No segment is longer: lets a look-up start one hour before the span instead of at the beginning."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUSY_S = 2.0


def microseconds(at_utc: datetime) -> int:
    """Whole microseconds since 1970, exact."""
    return (at_utc - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    return _EPOCH + count * _MICROSECOND


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One segment as the recorder wrote it down, in the recorder's own time."""

    start_utc: datetime
    duration_ms: int
    size_bytes: int
    codec: str

    @property
    def span(self) -> Span:
        return Span(self.start_utc, self.start_utc + timedelta(milliseconds=self.duration_ms))

    @property
    def name(self) -> str:
        return file_name(self.start_utc, self.duration_ms)


def file_name(start_utc: datetime, duration_ms: int) -> str:
    """``<start instant>_<seconds>.mp4``."""
    return f"{instant(start_utc)}_{duration_ms // 1000}.{duration_ms % 1000:03d}.mp4"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a source's database read-only and turn its errors into faults.

    Raises:
        Fault: ``source-unavailable`` when it is not there, ``source-timeout`` when it stays locked,
            ``source-malformed`` when it is not a database of the expected shape.
    """
    if path.is_symlink() or not path.is_file():
        raise Fault(FaultKind.SOURCE_UNAVAILABLE, "the index of the source is not there")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        locked = error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        kind = FaultKind.SOURCE_TIMEOUT if locked else FaultKind.SOURCE_MALFORMED
        raise Fault(kind, "the index of the source does not answer") from None
    except (sqlite3.DatabaseError, TypeError, OverflowError, ValueError):
        raise Fault(FaultKind.SOURCE_MALFORMED, "the index of the source is not readable") from None


def files_within(root: Path, camera: CameraId, span: Span) -> tuple[IndexedFile, ...]:
    """Files of a camera that overlap a span of the recorder's time, in time order.

    Raises:
        Fault: as ``reading``; also ``source-malformed`` when two files overlap or a row cannot be.
    """
    first_us = microseconds(span.start_utc) - LONGEST_SEGMENT // _MICROSECOND
    with reading(root / INDEX_FILE) as db:
        rows = db.execute(
            "SELECT start_us, duration_ms, size_bytes, codec FROM segment"
            " WHERE camera = ? AND start_us > ? AND start_us < ? ORDER BY start_us",
            (camera, first_us, microseconds(span.end_utc)),
        ).fetchall()
        found = [IndexedFile(from_microseconds(int(s)), int(d), int(b), str(c)) for s, d, b, c in rows]
    for file in found:
        if not 0 < file.duration_ms <= LONGEST_SEGMENT // timedelta(milliseconds=1) or file.size_bytes < 0:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the index holds a segment that cannot be")
    for earlier, later in pairwise(found):
        if earlier.span.overlaps(later.span):
            raise Fault(FaultKind.SOURCE_MALFORMED, "the index holds two segments over the same time")
    return tuple(file for file in found if file.span.overlaps(span))


def newest(root: Path, camera: CameraId) -> IndexedFile:
    """The latest file of a camera.

    Raises:
        Fault: ``footage-missing`` when it has none; as ``reading``.
    """
    with reading(root / INDEX_FILE) as db:
        row = db.execute(
            "SELECT start_us, duration_ms, size_bytes, codec FROM segment WHERE camera = ?"
            " ORDER BY start_us DESC LIMIT 1",
            (camera,),
        ).fetchone()
        if row is None:
            raise Fault(FaultKind.FOOTAGE_MISSING, "the camera has no footage")
        return IndexedFile(from_microseconds(int(row[0])), int(row[1]), int(row[2]), str(row[3]))
