"""Reading a live source in a thread of its own: groups of pictures, as fragmented MP4, handed to the event loop."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import av

from broker.delivery.container import LARGEST_FRAGMENT_BYTES, LARGEST_GROUP_BYTES, Cut, Packets, mux, opened
from broker.delivery.plan import MEDIA_START_S
from conventions.faults import Fault, FaultKind

LEAST_S = Fraction(9, 10)
"""A fragment ends at the first key frame after this."""
_OPEN_AT_ONCE = {"probesize": "32768", "analyzeduration": "200000", "fpsprobesize": "0", "rtsp_transport": "tcp"}


@dataclass(frozen=True, slots=True)
class Group:
    """A stretch of live, ``[first_s, end_s)`` of media time; the first picture of all is at ``MEDIA_START_S``."""

    cut: Cut = field(repr=False)
    first_s: Fraction
    end_s: Fraction
    width_px: int
    height_px: int
    rate: Fraction


class LiveReader:
    """Calls ``taken`` for each group and ``ended`` once, both from its thread."""

    def __init__(
        self,
        open_input: Callable[[], str],
        taken: Callable[[Group], None],
        ended: Callable[[Fault], None],
        *,
        whole: bool,
    ) -> None:
        self._open_input = open_input
        self._taken = taken
        self._ended = ended
        self._limit_bytes = LARGEST_GROUP_BYTES if whole else LARGEST_FRAGMENT_BYTES
        self._whole = whole
        """Groups must begin at a key frame, since they will be decoded."""
        self._stop = threading.Event()
        self._sequence = 0
        self._thread = threading.Thread(target=self._run, name="live-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; the thread ends when the source's input does."""
        self._stop.set()

    def _run(self) -> None:
        try:
            with opened(self._open_input(), _OPEN_AT_ONCE) as container:
                self._read(container.streams.video[0], container.demux(container.streams.video[0]))
            self._ended(Fault(FaultKind.SOURCE_UNAVAILABLE, "live has ended"))
        except Fault as fault:
            self._ended(fault)

    def _read(self, stream: av.VideoStream, packets: "Iterator[av.Packet[av.VideoStream]]") -> None:
        tick = Fraction(stream.time_base or 0)
        origin: int | None = None
        held: Packets = []
        held_bytes = 0
        for packet in packets:
            if self._stop.is_set():
                return
            if packet.pts is None or packet.dts is None or not packet.size:
                continue
            if origin is None and not packet.is_keyframe:
                continue
            origin = packet.pts if origin is None else origin
            long = held and packet.is_keyframe and (packet.pts - (held[0].pts or 0)) * tick >= LEAST_S
            full = held_bytes + packet.size > self._limit_bytes
            if held and (long or full):
                if full and self._whole and not packet.is_keyframe:
                    raise Fault(FaultKind.DELIVERY_FAILED, "a group of pictures is too large to render")
                self._hand_over(stream, held, origin, packet.pts, tick)
                held, held_bytes = [], 0
            held.append(packet)
            held_bytes += packet.size

    def _hand_over(self, stream: av.VideoStream, held: Packets, origin: int, end_pts: int, tick: Fraction) -> None:
        first_s = MEDIA_START_S + ((held[0].pts or 0) - origin) * tick
        end_s = MEDIA_START_S + (end_pts - origin) * tick
        if end_s <= first_s:
            raise Fault(FaultKind.SOURCE_MALFORMED, "the clock of the live source runs backwards")
        made = mux(stream, held, origin, MEDIA_START_S, self._sequence)
        self._sequence += 1
        codec = stream.codec_context
        rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        self._taken(Group(made, first_s, end_s, codec.width, codec.height, rate))
