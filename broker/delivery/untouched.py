"""Bytes as the recorder holds them: whole segments inside the span, by byte range; for copies, bit for bit."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.port import Clear, Grant, Segment
from broker.delivery.deliverable import Kind, merged
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, GrantId
from conventions.spans import Span, instant

CHUNK_TIMEOUT_S = 10.0


class Untouched:
    """Segments that lie wholly inside the grant's span, numbered from 0.

    A segment that crosses an edge is left out: its bytes would show footage that was not granted.
    """

    kind = Kind.UNTOUCHED

    def __init__(self, clear: Clear, grant: Grant, segments: tuple[Segment, ...]) -> None:
        self.grant_id = grant.grant_id
        self.segments = segments
        self.media_type = clear.media_type
        self.spans = merged(segment.span for segment in segments)
        self._clear = clear

    def segment(self, number: int) -> Segment:
        """One segment by its number.

        Raises:
            Fault: ``resource-unknown``.
        """
        if not 0 <= number < len(self.segments):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such segment")
        return self.segments[number]

    def range_of(self, number: int, first_byte: int, last_byte: int | None) -> tuple[int, int | None]:
        """A range checked against the size, both ends included; the end stays open when the size is not known.

        Raises:
            Fault: ``range-unsatisfiable``, ``resource-unknown``.
        """
        size_bytes = self.segment(number).size_bytes
        if size_bytes is not None:
            last_byte = size_bytes - 1 if last_byte is None else min(last_byte, size_bytes - 1)
        if first_byte < 0 or (last_byte is not None and last_byte < first_byte):
            raise Fault(FaultKind.RANGE_UNSATISFIABLE, "the range lies outside the segment")
        return first_byte, last_byte

    async def chunks(self, number: int, first_byte: int = 0, last_byte: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of one segment.

        Raises:
            Fault: what the source raises; ``source-timeout`` when it stalls.
        """
        first_byte, last_byte = self.range_of(number, first_byte, last_byte)
        source = self._clear.read(self.segment(number), first_byte, last_byte)
        while True:
            try:
                async with asyncio.timeout(CHUNK_TIMEOUT_S):
                    chunk = await anext(source, b"")
            except TimeoutError:
                raise Fault(FaultKind.SOURCE_TIMEOUT, "the source does not answer in time") from None
            if not chunk:
                return
            yield chunk

    async def close(self) -> None:
        await self._clear.close()


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """One file of a copy handed over. ``span`` is the footage in it."""

    name: str
    span: Span
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What travels beside a bit-exact copy: proves whose grant it is and that nothing was altered.

    Source: C-31, LEV-24.2.
    """

    grant_id: GrantId
    controller: BodyId
    camera: str
    ledger_entry: int
    files: tuple[CopiedFile, ...]

    def as_json(self) -> dict[str, object]:
        """Plain values, for the canonical writer."""
        return {
            "grant": self.grant_id,
            "controller": self.controller,
            "camera": self.camera,
            "ledger_entry": self.ledger_entry,
            "files": [
                {
                    "name": file.name,
                    "from": instant(file.span.start_utc),
                    "to": instant(file.span.end_utc),
                    "size_bytes": file.size_bytes,
                    "sha256": file.sha256,
                }
                for file in self.files
            ],
        }


async def sidecar(copy: Untouched, grant: Grant) -> Sidecar:
    """Read every file of a copy once and write down its digest."""
    files = []
    for number, segment in enumerate(copy.segments):
        digest, size_bytes = hashlib.sha256(), 0
        async for chunk in copy.chunks(number):
            await asyncio.to_thread(digest.update, chunk)
            size_bytes += len(chunk)
        name = f"{instant(segment.span.start_utc)}_{segment.span.length_s}.mp4".replace(":", "")
        files.append(CopiedFile(name, segment.span, size_bytes, digest.hexdigest()))
    return Sidecar(grant.grant_id, grant.controller, grant.cameras[0], grant.receipt.entry_index, tuple(files))
