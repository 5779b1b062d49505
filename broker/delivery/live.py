"""Live as a view: a short window of fragments that moves, remuxed or rendered; nothing older is kept."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from adapters.port import Grant, LiveClear
from broker.delivery import playlist
from broker.delivery.deliverable import Kind, Piece
from broker.delivery.live_reader import Group, LiveReader
from broker.delivery.plan import MEDIA_START_S, duration
from broker.delivery.playlist import Line
from broker.delivery.render import RenderJob, even_size, sane_rate
from broker.delivery.workers import Workers
from conventions.faults import Fault, FaultKind
from conventions.spans import Span

WINDOW_COUNT = 6
WINDOW_BYTES = 2_500_000
WAITING_COUNT = 3
"""Groups that may wait to be rendered; older ones are dropped, since live must stay live."""
FIRST_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Shown:
    line: Line
    piece: Piece


class Live:
    """One live viewing. Made by ``begin``; reads its source until ``close``."""

    live = True
    spans: tuple[Span, ...] = ()

    def __init__(self, clear: LiveClear, grant: Grant, workers: Workers, kind: Kind) -> None:
        self.grant_id = grant.grant_id
        self.kind = kind
        self._clear = clear
        self._mark = grant.mark
        self._workers = workers
        self._loop = asyncio.get_running_loop()
        self._window: deque[_Shown] = deque()
        self._made_count = 0
        self._jumps_gone_count = 0
        self._latest_end_s: Fraction | None = None
        self._init: bytes | None = None
        self._format: tuple[int, int, Fraction] | None = None
        self._fault: Fault | None = None
        self._changed = asyncio.Condition()
        self._waiting: asyncio.Queue[Group | Fault] = asyncio.Queue()
        self._reader = LiveReader(clear.open_input, self._take, self._take, whole=kind is Kind.RENDERED)
        self._work: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._work = self._loop.create_task(self._show_all(), name="live-view")
        self._reader.start()

    async def playlist(self) -> str:
        await self._first()
        lines = [shown.line for shown in self._window]
        return playlist.write(lines, live=True, jumps_before_count=self._jumps_gone_count)

    async def init(self, number: int) -> bytes:
        await self._first()
        if number != 0 or self._init is None:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such header")
        return self._init

    async def fragment(self, number: int) -> Piece:
        await self._first()
        for shown in self._window:
            if shown.line.number == number:
                return shown.piece
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such fragment, or no longer")

    async def close(self) -> None:
        self._reader.stop()
        if self._work is not None:
            self._work.cancel()
        await self._clear.close()
        self._window.clear()

    async def _first(self) -> None:
        """Wait until there is something to show; a source that failed has nothing more."""
        try:
            async with asyncio.timeout(FIRST_TIMEOUT_S), self._changed:
                await self._changed.wait_for(lambda: bool(self._window) or self._fault is not None)
        except TimeoutError:
            raise Fault(FaultKind.SOURCE_TIMEOUT, "live does not begin") from None
        if self._fault is not None:
            raise self._fault

    def _take(self, what: Group | Fault) -> None:
        """From the reader's thread; a loop that has closed needs nothing more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, what)

    def _put(self, what: Group | Fault) -> None:
        while self._waiting.qsize() >= WAITING_COUNT:
            self._waiting.get_nowait()
        self._waiting.put_nowait(what)

    async def _show_all(self) -> None:
        """Make each group a fragment of the window, until the source ends or a fragment cannot be made."""
        fault: Fault | None = None
        while fault is None:
            what = await self._waiting.get()
            try:
                if isinstance(what, Fault):
                    raise what
                await self._show(what)
            except Fault as raised:
                fault = raised
            async with self._changed:
                self._fault = fault
                self._changed.notify_all()

    async def _show(self, group: Group) -> None:
        start_utc = self._clear.started_utc + duration(group.first_s - MEDIA_START_S)
        length_s = group.end_s - group.first_s
        init, data = await self._make(group, start_utc)
        if self._init is None:
            self._init = init
        elif self._init != init:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the live source changed its picture format")
        jump = self._latest_end_s is not None and self._latest_end_s != group.first_s
        self._latest_end_s = group.end_s
        line = Line(self._made_count, length_s, start_utc, jump=jump)
        self._made_count += 1
        self._window.append(_Shown(line, Piece(data, Span(start_utc, start_utc + duration(length_s)))))
        while len(self._window) > WINDOW_COUNT or sum(len(shown.piece.data) for shown in self._window) > WINDOW_BYTES:
            if len(self._window) == 1:
                break
            self._jumps_gone_count += self._window.popleft().line.jump

    async def _make(self, group: Group, start_utc: datetime) -> tuple[bytes, bytes]:
        if self.kind is Kind.REMUXED:
            return group.cut.init, group.cut.data
        wide, high, rate = self._format = self._format or (*even_size(group.width_px, group.height_px), group.rate)
        made = await self._workers.render(
            RenderJob(
                group.cut.init + group.cut.data,
                group.first_s,
                group.end_s,
                group.first_s,
                start_utc,
                self._mark,
                wide,
                high,
                sane_rate(rate),
                self._made_count,
                self._workers.encoder,
            )
        )
        return made.init, made.data
