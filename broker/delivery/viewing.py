"""One viewing: the requests under one grant, counted, held and cut."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from adapters.port import Grant
from broker.clock import Clock
from broker.delivery.deliverable import Piece, Played, merged
from broker.delivery.states import State, require_transition
from broker.delivery.untouched import Untouched
from broker.evidence import Ending, Outcome
from conventions.faults import Fault, FaultKind
from conventions.identifiers import SessionId
from conventions.spans import Span
from conventions.terms import Reason

_ASKED_WRONGLY = frozenset({FaultKind.RESOURCE_UNKNOWN, FaultKind.RANGE_UNSATISFIABLE, FaultKind.GRANT_ENDED})
"""Faults of a request that do not end the viewing."""


class Viewing:
    """Made by ``Viewings.open``. ``on_fault`` ends it when source or delivery fails; ``on_expiry`` decides it again."""

    def __init__(
        self,
        grant: Grant,
        deliverable: Untouched | Played,
        session_id: SessionId,
        clock: Clock,
        on_fault: "Callable[[Viewing, Fault], Awaitable[None]]",
        on_expiry: "Callable[[Viewing], Awaitable[None]]",
    ) -> None:
        self.grant = grant
        self.deliverable = deliverable
        self.session_id = session_id
        self.state = State.PENDING
        self.valid_until_utc = grant.valid_until_utc
        self.fault: Fault | None = None
        self._clock = clock
        self._on_fault = on_fault
        self._on_expiry = on_expiry
        self._opened_s = self.touched_s = clock.monotonic_s()
        self._bytes_count = 0
        self._footage: tuple[Span, ...] = ()
        self._tasks: set[asyncio.Task[object]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def bytes_count(self) -> int:
        return self._bytes_count

    @property
    def footage(self) -> tuple[Span, ...]:
        """What was really delivered: the union, in time order."""
        return self._footage

    @property
    def complete(self) -> bool:
        """Whether everything that could be delivered was."""
        spans = self.deliverable.spans
        return bool(spans) and all(any(had.covers(span) for had in self._footage) for span in spans)

    async def playlist(self) -> str:
        async with self._request():
            text = await self._played().playlist()
            self._count(len(text), None)
            return text

    async def init(self, number: int = 0) -> bytes:
        async with self._request():
            data = await self._played().init(number)
            self._count(len(data), None)
            return data

    async def segment(self, number: int) -> bytes:
        """One fragment, as the playlist numbers them."""
        async with self._request():
            piece: Piece = await self._played().fragment(number)
            await self._held()
            self._count(len(piece.data), piece.span)
            return piece.data

    @property
    def media_type(self) -> str:
        """Of one untouched segment."""
        return self._copied().media_type

    @property
    def total_bytes(self) -> int:
        """Size of the first untouched segment."""
        return self.size_bytes(0)

    def size_bytes(self, number: int) -> int:
        """Size of one untouched segment.

        Raises:
            Fault: ``resource-unknown``; ``range-unsatisfiable`` when the source does not say.
        """
        size_bytes = self._copied().segment(number).size_bytes
        if size_bytes is None:
            raise Fault(FaultKind.RANGE_UNSATISFIABLE, "the source does not say how long the segment is")
        return size_bytes

    async def stream(self, first_byte: int = 0, last_byte: int | None = None, number: int = 0) -> AsyncIterator[bytes]:
        """The bytes of one untouched segment, chunks of at most 1 MiB; both ends of the range are included.

        A cut reaches whoever iterates, wherever it waits: as ``grant-ended`` while it waits here, as a cancellation
        while it waits for the client. Either way the connection must be dropped.

        Raises:
            Fault: ``grant-ended`` when cut; what the source raises.
        """
        async with self._request():
            async for chunk in self._chunks(number, first_byte, last_byte):
                yield chunk

    async def pump(
        self,
        send: Callable[[bytes], Awaitable[None]],
        first_byte: int = 0,
        last_byte: int | None = None,
        number: int = 0,
    ) -> None:
        """As ``stream``, and a cut arrives as ``grant-ended`` even while ``send`` waits for the client."""
        async with self._request():
            async for chunk in self._chunks(number, first_byte, last_byte):
                await send(chunk)

    async def _chunks(self, number: int, first_byte: int, last_byte: int | None) -> AsyncIterator[bytes]:
        copied = self._copied()
        span = copied.segment(number).span
        async for chunk in copied.chunks(number, first_byte, last_byte):
            await self._held()
            self._count(len(chunk), span)
            yield chunk
            self.touch()

    @property
    def expired(self) -> bool:
        """Whether it is time to decide again; until then nothing leaves."""
        return self._clock.now_utc() >= self.valid_until_utc

    def touch(self) -> None:
        """A request, or a chunk that was taken: not idle."""
        self.touched_s = self._clock.monotonic_s()

    def move(self, after: State) -> None:
        """Change state by the table."""
        require_transition(self.state, after)
        self.state = after
        if after is State.SUSPENDED:
            self._flowing.clear()
        else:
            self._flowing.set()

    def renew(self, valid_until_utc: datetime) -> None:
        self.valid_until_utc = valid_until_utc
        if self.state is State.SUSPENDED:
            self.move(State.PERMITTING)

    def terminate(self) -> None:
        """Wake and stop every request under the grant, save the one that asks for it."""
        self.move(State.TERMINATED)
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    def outcome(self, ending: Ending, reason: Reason | None) -> Outcome:
        footage = Span(self._footage[0].start_utc, self._footage[-1].end_utc) if self._footage else None
        duration_s = -int(-(self._clock.monotonic_s() - self._opened_s) // 1)
        return Outcome(self.grant.grant_id, ending, reason, self._bytes_count, duration_s, footage)

    @asynccontextmanager
    async def _request(self) -> AsyncIterator[None]:
        """One request: it runs only while the viewing does, and a cut reaches it as ``grant-ended``."""
        if self.state is State.PENDING:
            self.move(State.PERMITTING)
        await self._held()
        self.touch()
        task = asyncio.current_task()
        if task is None:
            raise Fault(FaultKind.DELIVERY_FAILED, "a request runs in a task")
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if self.state is State.TERMINATED and task.uncancel() == 0:
                raise Fault(FaultKind.GRANT_ENDED, "the viewing was cut") from None
            raise
        except Fault as fault:
            if fault.kind not in _ASKED_WRONGLY:
                self.fault = fault
                await self._on_fault(self, fault)
            raise
        finally:
            self._tasks.discard(task)

    async def _held(self) -> None:
        """Wait while suspended; go on only under a grant that holds.

        Raises:
            Fault: ``grant-ended``.
        """
        await self._flowing.wait()
        if self.state is State.PERMITTING and self.expired:
            await self._on_expiry(self)
        if self.state is not State.PERMITTING or self.expired:
            raise Fault(FaultKind.GRANT_ENDED, "the grant has ended")

    def _count(self, bytes_count: int, span: Span | None) -> None:
        """Counted before they leave: the ledger never says less than was delivered."""
        self._bytes_count += bytes_count
        if span is not None and not any(had.covers(span) for had in self._footage):
            self._footage = merged((*self._footage, span))

    def _played(self) -> Played:
        if isinstance(self.deliverable, Untouched):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "this viewing is a copy")
        return self.deliverable

    def _copied(self) -> Untouched:
        if not isinstance(self.deliverable, Untouched):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "this viewing is played")
        return self.deliverable
