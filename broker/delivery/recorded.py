"""A recording as a view: fragments made on demand, found by time, never stored.

``Remuxed`` copies packets, without audio and without re-encoding. ``Rendered`` decodes and draws in a worker process.
"""

import asyncio
from collections.abc import Sequence

from adapters.port import Clear, Grant
from broker.delivery import plan, playlist
from broker.delivery.container import Cut, Track, cut, look
from broker.delivery.deliverable import Kind, Piece, merged
from broker.delivery.plan import Fragment, Part
from broker.delivery.render import RenderJob, even_size, sane_rate
from broker.delivery.segment_file import SegmentFile
from broker.delivery.workers import Workers
from conventions.faults import Fault, FaultKind

_LOOKS_COUNT = 4
"""Segments looked into at the same time."""


async def look_into(clear: Clear, part: Part, workers: Workers) -> Track:
    file = SegmentFile(clear, part.segment, asyncio.get_running_loop())
    return await workers.in_thread(look, file)


async def look_into_all(clear: Clear, parts: Sequence[Part], workers: Workers) -> list[Track]:
    """The tracks of all parts, a few at a time."""
    gate = asyncio.Semaphore(_LOOKS_COUNT)

    async def one(part: Part) -> Track:
        async with gate:
            return await look_into(clear, part, workers)

    return await asyncio.gather(*(one(part) for part in parts))


class _Recorded:
    """What both have: a plan, and cutting by it."""

    live = False

    def __init__(self, clear: Clear, grant: Grant, workers: Workers, fragments: tuple[Fragment, ...]) -> None:
        self.grant_id = grant.grant_id
        self.spans = merged(fragment.span for fragment in fragments)
        self._clear = clear
        self._workers = workers
        self._fragments = fragments

    async def close(self) -> None:
        await self._clear.close()

    def _planned(self, number: int) -> Fragment:
        if not 0 <= number < len(self._fragments):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such fragment")
        return self._fragments[number]

    async def _cut(self, number: int) -> Cut:
        fragment = self._planned(number)
        file = SegmentFile(self._clear, fragment.part.segment, asyncio.get_running_loop())
        first_dts, end_dts = fragment.dts or (None, None)
        return await self._workers.in_thread(
            cut, file, first_dts, fragment.first_s, fragment.end_s, fragment.media_s, number, end_dts
        )


class Remuxed(_Recorded):
    """Packets as the camera made them, in fragmented MP4 with the video track only."""

    kind = Kind.REMUXED

    def __init__(self, clear: Clear, grant: Grant, workers: Workers, clipped: Sequence[tuple[Part, Track]]) -> None:
        super().__init__(clear, grant, workers, tuple(plan.copies(clipped)))
        self._inits = list(dict.fromkeys(track.init for _, track in clipped))
        headers = {part: self._inits.index(track.init) for part, track in clipped}
        self._headers = [headers[fragment.part] for fragment in self._fragments]

    async def playlist(self) -> str:
        return playlist.write(list(plan.lines(self._fragments, self._headers)), live=False)

    async def init(self, number: int) -> bytes:
        if not 0 <= number < len(self._inits):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such header")
        return self._inits[number]

    async def fragment(self, number: int) -> Piece:
        made = await self._cut(number)
        if not made.samples_count or made.init != self._inits[self._headers[number]]:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the footage has changed since it was opened")
        return Piece(made.data, self._fragments[number].span)


class Rendered(_Recorded):
    """Pictures with the mark burnt in; size and rate are those of the first segment throughout."""

    kind = Kind.RENDERED

    def __init__(self, clear: Clear, grant: Grant, workers: Workers, clipped: Sequence[Part], first: Track) -> None:
        super().__init__(clear, grant, workers, tuple(plan.grid(clipped)))
        self._mark = grant.mark
        self._width_px, self._height_px = even_size(first.width_px, first.height_px)
        self._rate = sane_rate(first.rate)
        self._init: bytes | None = None

    async def playlist(self) -> str:
        return playlist.write(list(plan.lines(self._fragments, [0] * len(self._fragments))), live=False)

    async def init(self, number: int) -> bytes:
        if number != 0:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such header")
        if self._init is None:
            self._init = (await self._workers.render(self._job(b"", self._planned(0), 0))).init
        return self._init

    async def fragment(self, number: int) -> Piece:
        planned, source = self._planned(number), await self._cut(number)
        job = self._job(source.init + source.data if source.samples_count else b"", planned, number)
        made = await self._workers.render(job)
        if not made.frames_count:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the footage holds no pictures where the recorder says so")
        if made.init != await self.init(0):
            raise Fault(FaultKind.DELIVERY_FAILED, "the encoder changed its header")
        return Piece(made.data, planned.span)

    def _job(self, source: bytes, planned: Fragment, number: int) -> RenderJob:
        return RenderJob(
            source,
            planned.first_s + planned.media_s,
            planned.end_s + planned.media_s,
            planned.part.first_s + planned.media_s,
            planned.span.start_utc,
            self._mark,
            self._width_px,
            self._height_px,
            self._rate,
            number,
            self._workers.encoder,
        )
