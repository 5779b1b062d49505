"""Footage in a folder as a recorder: ``<root>/<controller>/<camera>/<start instant>_<seconds>.mp4`` and an index.

It reads. It never writes, never follows a link, never leaves its root.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

from adapters.folder.files import CHUNK_BYTES, check_footage, open_footage, read_cached
from adapters.folder.index import IndexedFile, files_within, newest
from adapters.folder.live import FolderLive
from adapters.guard import only_camera
from adapters.port import Clear, Grant, LiveClear, Segment, SourceHealth, SourceState
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId, GrantId
from conventions.spans import Span

STALE_AFTER = timedelta(minutes=5)
"""Without newer footage than this the source counts as degraded."""


class FolderClear:
    """The segments of one grant; reading opens each file anew, so that nothing outlives the grant."""

    media_type = "video/mp4"

    def __init__(
        self,
        root: Path,
        grant: Grant,
        camera: CameraId,
        files: tuple[tuple[Segment, IndexedFile], ...],
    ) -> None:
        self.grant_id: GrantId = grant.grant_id
        self.segments = tuple(segment for segment, _ in files)
        self._files = dict(files)
        self._root = root
        self._camera = camera
        self._closed = False

    async def read(self, segment: Segment, first_byte: int = 0, last_byte: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of one segment, chunks of at most 1 MiB; both ends of the range are included.

        Raises:
            Fault: ``grant-ended`` once closed; ``range-unsatisfiable``; ``footage-missing`` or ``source-malformed``
                when the file has gone, or grown or shrunk, since the grant was opened.
        """
        size_bytes = segment.size_bytes or 0
        last = size_bytes - 1 if last_byte is None else min(last_byte, size_bytes - 1)
        if not 0 <= first_byte <= last:
            raise Fault(FaultKind.RANGE_UNSATISFIABLE, "the range lies outside the segment")
        self._require_open()
        indexed = self._files.get(segment)
        if indexed is None:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "the segment is not of this grant")
        file = open_footage(self._root, self._camera, indexed.name)
        try:
            check_footage(file, size_bytes)
            at = first_byte
            while at <= last:
                want = min(CHUNK_BYTES, last + 1 - at)
                chunk = read_cached(file, want, at) or await asyncio.to_thread(os.pread, file, want, at)
                if not chunk:
                    raise Fault(FaultKind.SOURCE_MALFORMED, "the footage ends before its length")
                self._require_open()
                yield chunk
                at += len(chunk)
        except OSError:
            raise Fault(FaultKind.SOURCE_UNAVAILABLE, "the footage cannot be read") from None
        finally:
            os.close(file)

    async def close(self) -> None:
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise Fault(FaultKind.GRANT_ENDED, "the grant has ended")


class FolderSource:
    """A recorder whose footage lies in a folder.

    ``clock_offset_ms`` is how far the recorder's clock is known to run ahead: what it calls 10:00:05 with an
    offset of 5,000 ms happened at 10:00:00.
    """

    def __init__(
        self,
        name: str,
        root: Path,
        cameras: tuple[CameraId, ...],
        now_utc: Callable[[], datetime],
        clock_offset_ms: int = 0,
    ) -> None:
        self.name = name
        self._root = root
        self._cameras = cameras
        self._now_utc = now_utc
        self._clock_offset_ms = clock_offset_ms
        self._ahead = timedelta(milliseconds=clock_offset_ms)

    def cameras(self) -> tuple[CameraId, ...]:
        return self._cameras

    async def open_recording(self, grant: Grant) -> Clear:
        camera, span = self._asked(grant)
        files = await asyncio.to_thread(self._find, camera, span)
        if not files:
            raise Fault(FaultKind.FOOTAGE_MISSING, "no footage in the span")
        return FolderClear(self._root, grant, camera, files)

    async def open_live(self, grant: Grant) -> LiveClear:
        camera = only_camera(grant, self._cameras, self._now_utc())
        if grant.span is not None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "live has no span")
        file = await asyncio.to_thread(newest, self._root, camera)
        return FolderLive(self._root, grant.grant_id, camera, file, self._now_utc)

    async def coverage(self, grant: Grant) -> tuple[Span, ...]:
        camera, span = self._asked(grant)
        indexed = await asyncio.to_thread(files_within, self._root, camera, self._recorded(span))
        merged: list[Span] = []
        for file in indexed:
            whole = self._true(file.span)
            part = Span(max(whole.start_utc, span.start_utc), min(whole.end_utc, span.end_utc))
            if merged and merged[-1].end_utc == part.start_utc:
                merged[-1] = Span(merged[-1].start_utc, part.end_utc)
            else:
                merged.append(part)
        return tuple(merged)

    async def check(self) -> SourceHealth:
        now_utc = self._now_utc()
        state, detail = SourceState.UP, "footage is current"
        try:
            for camera in self._cameras:
                latest = await asyncio.to_thread(newest, self._root, camera)
                if self._true(latest.span).end_utc < now_utc - STALE_AFTER:
                    state, detail = SourceState.DEGRADED, "a camera has no recent footage"
        except Fault as fault:
            state, detail = SourceState.DOWN, fault.detail
        return SourceHealth(state, detail, self._clock_offset_ms, now_utc)

    def _asked(self, grant: Grant) -> tuple[CameraId, Span]:
        camera = only_camera(grant, self._cameras, self._now_utc())
        if grant.span is None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a recording needs a span")
        return camera, grant.span

    def _find(self, camera: CameraId, span: Span) -> tuple[tuple[Segment, IndexedFile], ...]:
        """Index rows as segments, each file looked at once before anything is promised."""
        found = []
        for indexed in files_within(self._root, camera, self._recorded(span)):
            file = open_footage(self._root, camera, indexed.name)
            try:
                check_footage(file, indexed.size_bytes)
            finally:
                os.close(file)
            found.append((Segment(camera, self._true(indexed.span), indexed.size_bytes, indexed.codec), indexed))
        return tuple(found)

    def _true(self, recorded: Span) -> Span:
        return Span(recorded.start_utc - self._ahead, recorded.end_utc - self._ahead)

    def _recorded(self, true: Span) -> Span:
        return Span(true.start_utc + self._ahead, true.end_utc + self._ahead)
