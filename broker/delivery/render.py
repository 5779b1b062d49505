"""Rendering one fragment: decode, burn in the mark and the running time, encode. Runs in a worker process.

A pure function of its job: no grant, no source, no credential reaches the worker. Footage is foreign input to a
decoder written in C: what goes wrong there ends the worker, not the broker.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from broker.delivery.container import FRAGMENTED, split
from conventions.faults import Fault, FaultKind

MEDIA_RATE = 90_000
"""Ticks a second of rendered video."""
BAR_RATIO = 0.075
"""Height of the bar that carries the mark, along the lower edge."""
_LEAST_BAR_PX = 16
LEAST_PX, MOST_PX = 16, 4096
HELD_S = Fraction(5)
"""A slow camera's latest picture stands for at most this long where a window holds none of its own."""
LEAST_RATE, MOST_RATE = Fraction(1), Fraction(60)
Frame = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Encoder:
    """The encoder is one setting: its name in ffmpeg and its options, as pairs."""

    name: str = "libx264"
    options: tuple[tuple[str, str], ...] = (
        ("preset", "ultrafast"), ("tune", "zerolatency"), ("crf", "26"), ("threads", "1"), ("g", "600"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One fragment to make: the pictures of ``source`` inside ``[first_s, end_s)`` of media time."""

    source: bytes = field(repr=False)
    """Fragmented MP4, from a key frame at or before ``first_s``."""
    first_s: Fraction
    end_s: Fraction
    least_s: Fraction
    """No picture before this media second may be shown, not even held over."""
    shown_utc: datetime
    """The true instant of media second ``first_s``."""
    mark: str
    """Empty when nothing is to be burnt in."""
    width_px: int
    height_px: int
    rate: Fraction
    sequence: int
    encoder: Encoder


@dataclass(frozen=True, slots=True)
class Rendered:
    """``init`` is the same for all fragments of one deliverable; ``data`` is ``moof`` and ``mdat``."""

    init: bytes
    data: bytes
    frames_count: int


@dataclass(frozen=True, slots=True)
class RenderFailure:
    """Why a fragment could not be made; a value, since it crosses to another process."""

    detail: str


def even_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height that the encoder takes: even, and sane.

    Raises:
        Fault: ``source-malformed``.
    """
    wide, high = width_px // 2 * 2, height_px // 2 * 2
    if not (LEAST_PX <= wide <= MOST_PX and LEAST_PX <= high <= MOST_PX):
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage has no sane size")
    return wide, high


def sane_rate(rate: Fraction) -> Fraction:
    """Pictures a second as the encoder is told; the true times of the pictures stay."""
    return min(max(rate, LEAST_RATE), MOST_RATE)


def render(job: RenderJob) -> Rendered | RenderFailure:
    """Make one fragment."""
    output = io.BytesIO()
    frames_count = 0
    try:
        with av.open(output, "w", format="mp4", options=_options(job)) as mp4:
            stream = mp4.add_stream(job.encoder.name, rate=job.rate, options=dict(job.encoder.options))
            if not isinstance(stream, av.VideoStream):
                return RenderFailure("the encoder setting names no video encoder")
            stream.width, stream.height, stream.pix_fmt = job.width_px, job.height_px, "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, MEDIA_RATE)
            mp4.start_encoding()
            for at_s, frame in _pictures(job):
                if job.mark:
                    burn(frame, _text(job, at_s))
                picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
                picture.pts, picture.time_base = round(at_s * MEDIA_RATE), Fraction(1, MEDIA_RATE)
                picture.duration = round(MEDIA_RATE / job.rate)
                mp4.mux(stream.encode(picture))
                frames_count += 1
            mp4.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError, cv2.error):
        return RenderFailure("the footage cannot be rendered")
    return Rendered(*split(output.getvalue()), frames_count)


def _options(job: RenderJob) -> dict[str, str]:
    return {**FRAGMENTED, "video_track_timescale": str(MEDIA_RATE), "fragment_index": str(job.sequence + 1)}


def _pictures(job: RenderJob) -> Iterator[tuple[Fraction, Frame]]:
    """Pictures inside the window, scaled, with their media second; strictly forward in time.

    A window without a picture of its own shows the one before it while that is not stale; if that one lies before
    what may be shown, it shows black.
    """
    latest = Fraction(-1)
    held: Frame | None = None
    for at_s, picture in _decoded(job):
        if job.first_s - HELD_S <= at_s < job.first_s:
            held = _planar(picture, job) if at_s >= job.least_s else _black(job)
        elif job.first_s <= at_s < job.end_s and at_s > latest:
            latest = at_s
            yield at_s, _planar(picture, job)
    if held is not None and latest < 0:
        yield job.first_s, held


def _decoded(job: RenderJob) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    if not job.source:
        return
    with av.open(io.BytesIO(job.source), "r") as source:
        video = source.streams.video[0]
        video.thread_type = "NONE"
        for picture in source.decode(video):
            if picture.pts is not None and picture.time_base is not None:
                yield picture.pts * Fraction(picture.time_base), picture


def _planar(picture: av.VideoFrame, job: RenderJob) -> Frame:
    return np.ascontiguousarray(picture.to_ndarray(width=job.width_px, height=job.height_px, format="yuv420p"))


def _black(job: RenderJob) -> Frame:
    frame = np.full((job.height_px * 3 // 2, job.width_px), 128, dtype=np.uint8)
    frame[: job.height_px] = 16
    return frame


def _text(job: RenderJob, at_s: Fraction) -> str:
    at_utc = job.shown_utc + timedelta(seconds=float(at_s - job.first_s))
    mark = job.mark.encode("ascii", "replace").decode("ascii")
    return f"{mark}  {at_utc:%Y-%m-%d %H:%M:%S}Z"


def burn(frame: Frame, text: str) -> None:
    """Write ``text`` on a dark bar along the lower edge, in place.

    ``frame`` is planar YUV 4:2:0, shape ``(height * 3 / 2, width)``, uint8, contiguous. Letters shrink until all fit.
    """
    high, wide = frame.shape[0] * 2 // 3, frame.shape[1]
    bar = min(high, max(_LEAST_BAR_PX, int(high * BAR_RATIO))) // 2 * 2
    frame[high - bar : high] = 16
    flat, quarter = frame.reshape(-1), wide * high // 4
    for start in (wide * high, wide * high + quarter):
        plane = flat[start : start + quarter].reshape(high // 2, wide // 2)
        plane[high // 2 - bar // 2 :] = 128
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, bar / 38
    thick = max(1, bar // 24)
    (text_px, _), _ = cv2.getTextSize(text, font, scale, thick)
    scale *= min(1.0, (wide - 16) / max(1, text_px))
    cv2.putText(frame[:high], text, (4, high - bar // 3), font, scale, (235,), thick, cv2.LINE_AA)
