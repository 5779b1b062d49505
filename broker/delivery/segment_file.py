"""One segment of a source as a seekable file, for the container library in a worker thread.

The bytes come through ``Clear.read`` on the event loop, in blocks, so that no more than a block is held and every
source is read in the same way: a folder, a recorder over HTTP.
"""

import asyncio
import concurrent.futures
import os

from adapters.port import Clear, Segment
from conventions.faults import Fault, FaultKind

BLOCK_BYTES = 256 * 1024
LARGEST_SEGMENT_BYTES = 1 << 40
READ_TIMEOUT_S = 10.0


class SegmentFile:
    """Read, seek and tell. Used in one thread that is not the loop's."""

    def __init__(
        self, clear: Clear, segment: Segment, loop: asyncio.AbstractEventLoop, timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self._clear = clear
        self._segment = segment
        self._loop = loop
        self._timeout_s = timeout_s
        self._size_bytes = segment.size_bytes
        self._at = 0
        self._block_start = 0
        self._block = b""

    def read(self, want_bytes: int = -1) -> bytes:
        """At most ``want_bytes``, empty at the end.

        Raises:
            Fault: what the source raises; ``source-timeout`` when it does not answer in time.
        """
        if self._size_bytes is not None and self._at >= self._size_bytes:
            return b""
        inside = self._at - self._block_start
        if not 0 <= inside < len(self._block):
            self._block_start = self._at - self._at % BLOCK_BYTES
            self._block = self._fetch(self._block_start, BLOCK_BYTES)
            inside = self._at - self._block_start
        data = self._block[inside:] if want_bytes < 0 else self._block[inside : inside + want_bytes]
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and give the new place."""
        end = self._size() if whence == os.SEEK_END else 0
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: end}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def _size(self) -> int:
        """The size, searched for byte by byte where the source does not say: some fifty small reads, once."""
        if self._size_bytes is None:
            beyond = BLOCK_BYTES
            while beyond < LARGEST_SEGMENT_BYTES and self._fetch(beyond, 1):
                beyond *= 2
            inside = 0
            while inside < beyond:
                middle = (inside + beyond) // 2
                inside, beyond = (middle + 1, beyond) if self._fetch(middle, 1) else (inside, middle)
            self._size_bytes = inside
        return self._size_bytes

    def _fetch(self, start: int, want_bytes: int) -> bytes:
        asked = asyncio.run_coroutine_threadsafe(self._read_range(start, want_bytes), self._loop)
        try:
            return asked.result(self._timeout_s)
        except concurrent.futures.TimeoutError:
            asked.cancel()
            raise Fault(FaultKind.SOURCE_TIMEOUT, "the source does not answer in time") from None

    async def _read_range(self, start: int, want_bytes: int) -> bytes:
        chunks, held_bytes = [], 0
        try:
            async for chunk in self._clear.read(self._segment, start, start + want_bytes - 1):
                chunks.append(chunk)
                held_bytes += len(chunk)
                if held_bytes > want_bytes:
                    raise Fault(FaultKind.SOURCE_MALFORMED, "the source answers with more than was asked")
        except Fault as fault:
            if fault.kind is FaultKind.RANGE_UNSATISFIABLE and self._segment.size_bytes is None:
                return b""  # the end of a segment of unknown size
            raise
        return b"".join(chunks)
