"""Opening footage files: below the root only, regular files only, never through a link, never for writing."""

import os
import stat
from pathlib import Path

from conventions.faults import Fault, FaultKind
from conventions.identifiers import CAMERA_FORM, CameraId

CHUNK_BYTES = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def open_footage(root: Path, camera: CameraId, name: str) -> int:
    """Open one file of one camera and give its descriptor.

    Every step from the root down refuses links; neither the camera nor the name can hold ``..`` or a separator.

    Raises:
        Fault: ``footage-missing`` when it is not there, ``source-malformed`` when it is a link or no regular file.
    """
    if CAMERA_FORM.match(camera) is None or "/" in name or name.startswith("."):
        raise Fault(FaultKind.SOURCE_MALFORMED, "a footage file needs a plain name")
    at = -1
    try:
        at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in camera.split("/"):
            below = os.open(part, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
        file = os.open(name, _FILE, dir_fd=at)
    except FileNotFoundError:
        raise Fault(FaultKind.FOOTAGE_MISSING, "the footage is no longer there") from None
    except OSError:
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not a plain file in a plain folder") from None
    finally:
        if at >= 0:
            os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not a plain file")
    return file


def check_footage(file: int, size_bytes: int) -> None:
    """The file is as long as the index says and begins like an MP4.

    Raises:
        Fault: ``source-malformed``.
    """
    if os.fstat(file).st_size != size_bytes:
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not as long as the recorder says")
    if os.pread(file, 8, 0)[4:] != b"ftyp":
        raise Fault(FaultKind.SOURCE_MALFORMED, "the footage is not video")


def read_cached(file: int, want_bytes: int, offset: int) -> bytes | None:
    """Read what the page cache holds, without ever waiting for the disk; ``None`` when a thread must read."""
    buffer = bytearray(want_bytes)
    try:
        got = os.preadv(file, [buffer], offset, os.RWF_NOWAIT)
    except OSError:
        return None  # not in the cache, or a file system that cannot say
    return bytes(memoryview(buffer)[:got]) if got else None
