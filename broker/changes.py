"""The change feed: what happened that a running grant, a session or a cached answer rests on.

This form lives in one process. INVARIANT: a listener has seen an event when ``publish`` returns, so that no cache
answers from before it. A feed that may have lost an event says so (``healthy``) and never recovers by itself:
whatever rests on it must end.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CaseId, DocumentId, PersonId, SessionId

QUEUE_LIMIT_COUNT = 10_000


@dataclass(frozen=True, slots=True)
class DocumentChanged:
    """A document was published, suspended, withdrawn, or came into or went out of force."""

    controller: BodyId
    document: DocumentId | None
    """``None`` when several changed at once."""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A login no longer holds; ``why`` is a word of ``identity.sessions.Ending``."""

    session_id: SessionId
    why: str


@dataclass(frozen=True, slots=True)
class OperatorChanged:
    """The standing of a person changed: list, act, level, instructions, suspension."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class WindowChanged:
    """An event window or a calendar of a controller opened or closed."""

    controller: BodyId


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """A case received its reference or was closed."""

    case_id: CaseId


@dataclass(frozen=True, slots=True)
class MachineEnded:
    """Tokens of an enforcement point were revoked; ``token_id`` is ``None`` for all of them."""

    client_id: str
    token_id: str | None


@dataclass(frozen=True, slots=True)
class LedgerLost:
    """A controller's ledger can no longer be written: nothing of it may be served."""

    controller: BodyId


@dataclass(frozen=True, slots=True)
class FeedLost:
    """The last event of a feed: others may have been missed."""


Change = (
    DocumentChanged
    | SessionEnded
    | OperatorChanged
    | WindowChanged
    | CaseChanged
    | MachineEnded
    | LedgerLost
    | FeedLost
)
Listener = Callable[[Change], None]


class Changes:
    """The feed inside one process; safe to publish from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}
        self._lock = threading.RLock()
        self._healthy = True

    @property
    def healthy(self) -> bool:
        """Whether every event so far reached every listener. Once false, it stays so."""
        return self._healthy

    def publish(self, change: Change) -> None:
        """Tell every listener, in the caller's thread, in the order of publication.

        Raises:
            Fault: ``policy-unavailable`` when the feed is lost; then nothing may rest on it.
        """
        with self._lock:
            if not self._healthy:
                raise Fault(FaultKind.POLICY_UNAVAILABLE, "the change feed is lost")
            delivered = False
            try:
                for listener in tuple(self._listeners.values()):
                    listener(change)
                delivered = True
            finally:
                if not delivered:
                    self.lose()

    def lose(self) -> None:
        """Declare the feed lost, and tell everybody as far as they can still be told."""
        with self._lock:
            if not self._healthy:
                return
            self._healthy = False
            listeners = tuple(self._listeners.values())
            with ExitStack() as everybody:  # one that raises does not keep the next from hearing it
                for listener in reversed(listeners):
                    everybody.callback(listener, FeedLost())

    @contextmanager
    def subscribed(self, listener: Listener) -> Iterator[None]:
        """Have ``listener`` called for every event inside the block."""
        end = self.subscribe(listener)
        try:
            yield
        finally:
            end()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called at once for every event; it must be quick. Gives the function that ends it."""
        ticket = object()
        with self._lock:
            self._listeners[ticket] = listener

        def end() -> None:
            with self._lock:
                self._listeners.pop(ticket, None)

        return end

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[AsyncIterator[Change]]:
        """Events from now on, for a coroutine. A reader that falls too far behind gets ``FeedLost`` and no more."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Change] = asyncio.Queue()

        def put(change: Change) -> None:
            if queue.qsize() == QUEUE_LIMIT_COUNT:
                queue.put_nowait(FeedLost())
            elif queue.qsize() < QUEUE_LIMIT_COUNT:
                queue.put_nowait(change)

        def listen(change: Change) -> None:
            loop.call_soon_threadsafe(put, change)

        with self.subscribed(listen):
            if not self._healthy:
                queue.put_nowait(FeedLost())
            yield _until_lost(queue)


async def _until_lost(queue: asyncio.Queue[Change]) -> AsyncIterator[Change]:
    while True:
        change = await queue.get()
        yield change
        if isinstance(change, FeedLost):
            return
