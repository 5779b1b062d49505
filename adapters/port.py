"""The ports to recorders and plate stores: what an adapter is given, and what it may give.

An adapter opens only with a ``Grant``. It holds the upstream credential and never passes it on, never writes,
never follows a redirect off its host. The outside never names an upstream event or file: a resource is
(camera, span), and the adapter turns it into events afterwards (design 8).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from conventions.identifiers import BodyId, CameraId, GrantId, Plate
from conventions.spans import Span


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an entry is in a controller's tree, verified before the grant exists.

    ``checkpoint`` is a C2SP signed note; ``proof`` the RFC 6962 inclusion path, hex, leaf to root.
    """

    tree: BodyId
    entry_index: int
    tree_size: int
    leaf_hash: str
    proof: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A permit that is written down: one viewing. Constructed only by the ledger's writer.

    ``span`` is the footage asked for; ``None`` for live. ``cameras`` are all of ``controller``.
    ``obligations`` are values of ``policies.obligations.Obligation``. ``plate`` is set only for ``plate.search``.
    """

    grant_id: GrantId
    controller: BodyId
    operation: str
    cameras: tuple[CameraId, ...]
    span: Span | None
    valid_until_utc: datetime
    obligations: frozenset[str]
    receipt: Receipt
    mark: str = ""
    """Text burnt into rendered views: operator code, never a name."""
    plate: Plate | None = field(default=None, repr=False)


class SourceState(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What ``varco adapter check`` prints; no address, path or credential."""

    state: SourceState
    detail: str
    clock_offset_ms: int | None
    checked_utc: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of footage as the source holds it. ``size_bytes`` may be ``None`` when the source does not say."""

    camera: CameraId
    span: Span
    size_bytes: int | None
    codec: str
    """``h264``, ``hevc``, ``mjpeg`` ..., as ffmpeg names it."""


@runtime_checkable
class Clear(Protocol):
    """Source material of one grant, not yet minimised: only ``delivery`` may read it.

    ``segments`` are in time order and cover what exists of the grant's span (gaps are absent). ``media_type`` is
    that of one segment. ``read`` yields the bytes of one segment, chunks of at most 1 MiB, honouring a byte range.
    """

    grant_id: GrantId
    segments: tuple[Segment, ...]
    media_type: str

    def read(self, segment: Segment, first_byte: int = 0, last_byte: int | None = None) -> AsyncIterator[bytes]: ...

    async def close(self) -> None: ...


@runtime_checkable
class LiveClear(Protocol):
    """Live source material: ``open_input`` gives something PyAV opens, valid until ``close``.

    The value stays inside the process; it may be a path or a private pipe and is never shown or logged.
    """

    grant_id: GrantId
    camera: CameraId

    def open_input(self) -> str: ...

    @property
    def started_utc(self) -> datetime:
        """The instant that the first frame of ``open_input`` shows."""
        ...

    async def close(self) -> None: ...


class VideoSource(Protocol):
    """A recorder. Raises ``Fault`` of kinds source-unavailable, source-timeout, source-malformed, footage-missing."""

    name: str

    def cameras(self) -> tuple[CameraId, ...]: ...

    async def open_recording(self, grant: Grant) -> Clear: ...

    async def open_live(self, grant: Grant) -> LiveClear: ...

    async def coverage(self, grant: Grant) -> tuple[Span, ...]:
        """Where footage of the grant's camera exists inside its span (operation ``inventory.list``)."""
        ...

    async def check(self) -> SourceHealth: ...


@dataclass(frozen=True, slots=True)
class Transit:
    """A plate reading; see docs/transits.md. ``confidence_ratio`` is 0..1."""

    transit_id: str
    camera: CameraId
    at_utc: datetime
    plate: Plate
    plate_raw: str = field(repr=False)
    confidence_ratio: float
    country: str
    direction: str
    """``approaching``, ``leaving`` or ``unknown``."""
    vehicle_class: str


@dataclass(frozen=True, slots=True)
class Transits:
    """The answer to one plate search: in time order, at most the source's limit; ``more`` tells that it was cut."""

    grant_id: GrantId
    rows: tuple[Transit, ...]
    more: bool


class TransitSource(Protocol):
    """A plate store. Searches exactly ``grant.plate`` on exactly ``grant.cameras`` inside ``grant.span``."""

    name: str

    def cameras(self) -> tuple[CameraId, ...]: ...

    async def search(self, grant: Grant) -> Transits: ...

    async def check(self) -> SourceHealth: ...
