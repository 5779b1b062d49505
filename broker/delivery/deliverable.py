"""What leaves: the three deliveries, as values that the viewings registry serves and closes.

Kinds: *untouched* (byte ranges of segment files), *remuxed* (no re-encoding, no audio track), *rendered* (mark burnt
in). Views are played; an untouched deliverable is copied.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from conventions.identifiers import GrantId
from conventions.spans import Span


class Kind(StrEnum):
    UNTOUCHED = "untouched"
    REMUXED = "remuxed"
    RENDERED = "rendered"


@dataclass(frozen=True, slots=True)
class Piece:
    """One fragment, with the footage it shows."""

    data: bytes = field(repr=False)
    span: Span


class Deliverable(Protocol):
    """Common to all. ``spans`` is what it can deliver, in time order; empty for live."""

    grant_id: GrantId
    kind: Kind
    spans: tuple[Span, ...]

    async def close(self) -> None: ...


@runtime_checkable
class Played(Deliverable, Protocol):
    """A view as HLS. An unknown number is ``resource-unknown``; faults of source and delivery come through."""

    live: bool

    async def playlist(self) -> str: ...

    async def init(self, number: int) -> bytes: ...

    async def fragment(self, number: int) -> Piece: ...


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The union of spans, in time order, those that touch made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start_utc <= found[-1].end_utc:
            found[-1] = Span(found[-1].start_utc, max(found[-1].end_utc, span.end_utc))
        else:
            found.append(span)
    return tuple(found)
