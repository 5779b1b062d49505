"""Live from a folder: the newest footage of a camera in a loop, its clock redrawn so that it tells the present.

The pictures run through a private pipe of this process in the NUT container, which a reader opens at once.
"""

import os
import select
import threading
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import av

from adapters.folder.files import check_footage, open_footage
from adapters.folder.film import ENCODER, FPS, add_video, burn, frames_for_ever, picture_of
from adapters.folder.index import IndexedFile
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId, GrantId

_LOOK_S = 0.2
"""How long a writer that waits for its reader goes without looking whether it was closed."""


class _PipeEnd:
    """The writing end: waits for a slow reader, but not beyond the close."""

    def __init__(self, file: int, stop: threading.Event) -> None:
        self._file = file
        self._stop = stop

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._file, left) :]
            except BlockingIOError:
                select.select([], [self._file], [], _LOOK_S)
            if self._stop.is_set():
                raise BrokenPipeError
        return len(data)


class FolderLive:
    """One live viewing. A thread of its own feeds the pipe until it is closed."""

    def __init__(
        self, root: Path, grant_id: GrantId, camera: CameraId, file: IndexedFile, now_utc: Callable[[], datetime]
    ) -> None:
        self.grant_id = grant_id
        self.camera = camera
        self._now_utc = now_utc
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._started_utc = now_utc()
        footage = open_footage(root, camera, file.name)
        self._footage: BinaryIO = os.fdopen(footage, "rb")
        try:
            check_footage(footage, file.size_bytes)
        except Fault:
            self._footage.close()
            raise

    def open_input(self) -> str:
        """Something PyAV opens; called once.

        Raises:
            Fault: ``grant-ended`` once closed.
        """
        if self._thread is not None or self._stop.is_set():
            raise Fault(FaultKind.GRANT_ENDED, "the live input is opened once")
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(write_end, False)
        # Closed when nobody holds this object any more: never while a reader may still open the number.
        weakref.finalize(self, os.close, read_end)
        self._started_utc = self._now_utc()
        self._thread = threading.Thread(target=self._feed, args=(write_end,), name="folder-live", daemon=True)
        self._thread.start()
        return f"pipe:{read_end}"

    @property
    def started_utc(self) -> datetime:
        return self._started_utc

    async def close(self) -> None:
        """End the pipe: the reader sees the end of the stream."""
        self._stop.set()
        if self._thread is None:
            self._footage.close()

    def _feed(self, write_end: int) -> None:
        """Write frames at their pace until closed or until nobody reads."""
        try:
            with self._footage:
                self._write_frames(_PipeEnd(write_end, self._stop))
        except (OSError, av.error.FFmpegError, Fault):
            self._stop.set()  # closed, or the footage is not video: the reader sees the end
        finally:
            os.close(write_end)

    def _write_frames(self, pipe: "_PipeEnd") -> None:
        label = self.camera.upper()
        with av.open(pipe, "w", format="nut", options={"fflags": "flush_packets"}) as output:
            stream = add_video(output, ENCODER)
            stream.codec_context.options = {**stream.codec_context.options, "tune": "zerolatency"}
            for count, frame in enumerate(frames_for_ever(self._footage)):
                now_utc = self._now_utc()
                late_s = (now_utc - self._started_utc).total_seconds() - count / FPS
                if self._stop.wait(max(0.0, -late_s)):
                    return
                burn(frame, f"{label}  {self._now_utc():%Y-%m-%d %H:%M:%S}Z  LIVE")
                for packet in stream.encode(picture_of(frame, count)):
                    output.mux(packet)
