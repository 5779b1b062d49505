"""Containers: look into a segment, and cut packets out of it as fragmented MP4. Nothing is decoded here.

Blocking: runs in a worker thread. Times are of three kinds: *ticks* of the source's time base; *in-file* seconds from
the first picture of the segment; *media* seconds on the timeline that the player sees.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeAlias

import av
from av.container import InputContainer

from conventions.faults import Fault, FaultKind

REMUXABLE = frozenset({"h264", "hevc"})
"""Codecs that go into MP4 as they are; others are rendered."""
LARGEST_FRAGMENT_BYTES = 1_500_000
"""With its source and one block this stays below 4 MiB a client."""
LARGEST_GROUP_BYTES = 8 << 20
"""Most that one fragment to render may need, back to its key frame."""
FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof+frag_discont+skip_trailer",
    "use_editlist": "0",
    "frag_duration": "99000000",
    "avoid_negative_ts": "disabled",
    "write_btrt": "0",  # the mean rate of the whole file would give every segment another header
}
Packets: TypeAlias = "list[av.Packet[av.VideoStream]]"
_REORDER_S = Fraction(1, 2)


class Readable(Protocol):
    """What the container library reads from."""

    def read(self, want_bytes: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One packet in decoding order: in-file seconds, bytes, whether decoding can start there."""

    at_s: Fraction
    dts: int
    size_bytes: int
    key: bool


@dataclass(frozen=True, slots=True)
class Track:
    """The video of one segment."""

    codec: str
    width_px: int
    height_px: int
    rate: Fraction
    end_s: Fraction
    samples: tuple[Sample, ...]
    init: bytes
    """``ftyp`` and ``moov`` that its fragments need."""
    has_audio: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """One fragment: ``init`` is what it needs before it, ``data`` is ``moof`` and ``mdat``; may be empty."""

    init: bytes
    data: bytes
    samples_count: int


@contextmanager
def opened(source: Readable | str, options: dict[str, str] | None = None) -> Iterator[InputContainer]:
    """Open for reading; the library's errors become faults.

    Raises:
        Fault: ``source-malformed`` when it is not video or breaks off; whatever ``source`` itself raises.
    """
    try:
        with av.open(source, "r", options=options or {}, buffer_size=64 * 1024) as container:
            if not container.streams.video:
                raise Fault(FaultKind.SOURCE_MALFORMED, "the footage holds no video")
            yield container
    except (av.error.FFmpegError, OSError, ValueError):
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not readable as video") from None


def look(source: Readable) -> Track:
    """Everything that planning needs, from the index of the file, or from all its packets when it has none."""
    with opened(source) as container:
        stream = container.streams.video[0]
        tick, start = _tick(stream), stream.start_time or 0
        rows = [(entry.timestamp, entry.size, entry.is_keyframe) for entry in stream.index_entries]
        if not stream.frames or len(rows) != stream.frames:
            rows = [(p.dts, p.size, p.is_keyframe) for p in container.demux(stream) if p.dts is not None and p.size]
        if not rows:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the footage holds no pictures")
        origin = rows[0][0]
        samples = tuple(Sample((dts - origin) * tick, dts, size, key) for dts, size, key in rows)
        rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        length = stream.duration * tick if stream.duration else samples[-1].at_s + 1 / rate
        return Track(
            stream.codec_context.name,
            stream.codec_context.width,
            stream.codec_context.height,
            rate,
            max(length, samples[-1].at_s),
            samples,
            mux(stream, [], start, Fraction(0), 0).init,
            bool(container.streams.audio),
        )


def cut(
    source: Readable,
    first_dts: int | None,
    first_s: Fraction,
    end_s: Fraction,
    media_s: Fraction,
    sequence: int,
    end_dts: int | None = None,
) -> Cut:
    """Packets of a stretch of in-file seconds ``[first_s, end_s)``, without any other track.

    With ``first_dts`` the packets are copied for delivery: from that one on, none shown outside the stretch, and none
    after the first that is, since later ones may lean on it. Without it the stretch will be rendered: the packets
    begin at the key frame before it. ``media_s`` is the media time of in-file second 0.
    """
    with opened(source) as container:
        stream = container.streams.video[0]
        tick, start = _tick(stream), stream.start_time or 0
        container.seek(max(start, start + int((first_s - _REORDER_S) / tick)), stream=stream)
        taken: Packets = []
        held_bytes = 0
        for packet in container.demux(stream):
            if packet.dts is None or packet.pts is None or not packet.size:
                continue
            if first_dts is None:
                if packet.is_keyframe and (packet.pts - start) * tick <= first_s:
                    taken, held_bytes = [], 0
                if (packet.dts - start) * tick >= end_s:
                    break
            else:
                if packet.dts < first_dts or (packet.pts - start) * tick < first_s:
                    continue
                if (packet.pts - start) * tick >= end_s or (end_dts is not None and packet.dts >= end_dts):
                    break
            taken.append(packet)
            held_bytes += packet.size
            if held_bytes > LARGEST_GROUP_BYTES:
                raise Fault(FaultKind.DELIVERY_FAILED, "a stretch of the footage is too large to deliver")
        return mux(stream, taken, start, media_s, sequence)


def mux(stream: av.VideoStream, packets: Packets, origin: int, media_s: Fraction, sequence: int) -> Cut:
    """Packets of ``stream`` as one MP4 fragment; tick ``origin`` becomes media second ``media_s``."""
    tick = _tick(stream)
    shift = int(media_s / tick) - origin
    output = io.BytesIO()
    try:
        with av.open(output, "w", format="mp4", options={**FRAGMENTED, "fragment_index": str(sequence + 1)}) as target:
            track = target.add_stream_from_template(stream)
            track.time_base = tick
            target.start_encoding()
            for packet in packets:
                packet.pts = None if packet.pts is None else packet.pts + shift
                packet.dts = None if packet.dts is None else packet.dts + shift
                packet.stream = track
                target.mux(packet)
    except (av.error.FFmpegError, ValueError):
        raise Fault(FaultKind.DELIVERY_FAILED, "the footage does not fit into MP4") from None
    return Cut(*split(output.getvalue()), len(packets))


def split(data: bytes) -> tuple[bytes, bytes]:
    """A fragmented MP4 as what stands before the first ``moof``, and the rest."""
    at = 0
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"moof":
        at += max(8, int.from_bytes(data[at : at + 4], "big"))
    return data[:at], data[at:]


def _tick(stream: av.VideoStream) -> Fraction:
    if not stream.time_base:
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage has no time base")
    return Fraction(stream.time_base)
