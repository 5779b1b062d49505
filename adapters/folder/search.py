"""A plate store in one SQLite file, opened read-only. Searches are exact; nothing is guessed."""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapters.folder.index import from_microseconds, microseconds, reading
from adapters.guard import require_running
from adapters.port import Grant, SourceHealth, SourceState, Transit, Transits
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId, Plate
from conventions.spans import Span

TRANSITS_FILE = "transits.sqlite"
LIMIT = 200
SCHEMA = """
CREATE TABLE IF NOT EXISTS transit (
    transit_id TEXT NOT NULL PRIMARY KEY,
    camera TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    plate TEXT NOT NULL,
    plate_raw TEXT NOT NULL,
    confidence_ratio REAL NOT NULL,
    country TEXT NOT NULL,
    direction TEXT NOT NULL,
    vehicle_class TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS transit_plate ON transit (plate, at_us);
CREATE INDEX IF NOT EXISTS transit_camera ON transit (camera, at_us)
"""
DIRECTIONS = frozenset({"approaching", "leaving", "unknown"})
_Row = tuple[str, str, int, str, str, float, str, str, str]


class FolderTransits:
    """Transits of some cameras, by exact normalised plate, camera and half-open span; at most 200 and ``more``."""

    def __init__(
        self, name: str, path: Path, cameras: tuple[CameraId, ...], now_utc: Callable[[], datetime], limit: int = LIMIT
    ) -> None:
        self.name = name
        self._path = path
        self._cameras = cameras
        self._now_utc = now_utc
        self._limit = limit

    def cameras(self) -> tuple[CameraId, ...]:
        return self._cameras

    async def search(self, grant: Grant) -> Transits:
        """Rows in time order.

        Raises:
            Fault: ``grant-ended``; ``resource-unknown`` for a camera that is not served here; ``request-malformed``
                without plate or span; ``source-unavailable``, ``source-timeout`` or ``source-malformed``.
        """
        require_running(grant, self._now_utc())
        if grant.plate is None or grant.span is None or not grant.cameras:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a plate search needs plate, cameras and span")
        if not set(grant.cameras) <= set(self._cameras):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "this source does not serve the camera")
        found = await asyncio.to_thread(self._rows, grant.plate, grant.cameras, grant.span)
        rows = tuple(_transit(row, grant) for row in found)
        return Transits(grant.grant_id, rows[: self._limit], more=len(rows) > self._limit)

    async def check(self) -> SourceHealth:
        now_utc = self._now_utc()
        state, detail = SourceState.UP, "readings are there"
        try:
            if await asyncio.to_thread(self._newest_us) is None:
                state, detail = SourceState.DEGRADED, "no readings"
        except Fault as fault:
            state, detail = SourceState.DOWN, fault.detail
        return SourceHealth(state, detail, None, now_utc)

    def _rows(self, plate: Plate, cameras: tuple[CameraId, ...], span: Span) -> list[_Row]:
        places = ",".join("?" * len(cameras))
        with reading(self._path) as db:
            return db.execute(
                "SELECT transit_id, camera, at_us, plate, plate_raw, confidence_ratio, country, direction,"  # noqa: S608 only marks
                f" vehicle_class FROM transit WHERE plate = ? AND at_us >= ? AND at_us < ? AND camera IN ({places})"
                " ORDER BY at_us, transit_id LIMIT ?",
                (plate.text, microseconds(span.start_utc), microseconds(span.end_utc), *cameras, self._limit + 1),
            ).fetchall()

    def _newest_us(self) -> int | None:
        with reading(self._path) as db:
            newest: int | None = db.execute("SELECT max(at_us) FROM transit").fetchone()[0]
            return newest


def _transit(row: _Row, grant: Grant) -> Transit:
    """One row, checked again against the grant: a store that answers with other people's transits is not believed.

    Raises:
        Fault: ``source-malformed``.
    """
    transit_id, camera, at_us, plate, plate_raw, confidence, country, direction, vehicle_class = row
    texts = (transit_id, camera, plate, plate_raw, country, direction, vehicle_class)
    whole = all(isinstance(text, str) for text in texts) and isinstance(at_us, int) and isinstance(confidence, float)
    if not whole or not math.isfinite(confidence) or not 0 <= confidence <= 1 or direction not in DIRECTIONS:
        raise Fault(FaultKind.SOURCE_MALFORMED, "the store holds a transit that cannot be")
    at_utc, read = from_microseconds(at_us), Plate(plate)
    if read != grant.plate or camera not in grant.cameras or grant.span is None or at_utc not in grant.span:
        raise Fault(FaultKind.SOURCE_MALFORMED, "the store answers with a transit that was not asked for")
    return Transit(transit_id, CameraId(camera), at_utc, read, plate_raw, confidence, country, direction, vehicle_class)
