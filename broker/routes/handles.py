"""Opaque names for stretches of footage: what a listing hands out and a viewing asks for.

A handle seals camera and span under a key that lives as long as the process, so the outside never names, guesses or
varies what a recorder calls its events or files. It opens nothing by itself: the request is decided like any other.
Source: design 8.
"""

from cryptography.fernet import Fernet, InvalidToken

from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId
from conventions.spans import Span, instant, parse_instant

MAX_HANDLE_SIGNS = 512


class Handles:
    """Gives and reads handles of one process."""

    def __init__(self) -> None:
        self._box = Fernet(Fernet.generate_key())

    def give(self, camera: CameraId, span: Span) -> str:
        """A handle for a camera and a span."""
        text = f"{camera} {instant(span.start_utc)} {instant(span.end_utc)}"
        return self._box.encrypt(text.encode("ascii")).decode("ascii")

    def read(self, handle: str) -> tuple[CameraId, Span]:
        """What a handle stands for.

        Raises:
            Fault: ``request-malformed`` for anything that this process did not hand out.
        """
        try:
            if len(handle) > MAX_HANDLE_SIGNS:
                raise InvalidToken
            camera, start, end = self._box.decrypt(handle.encode("ascii")).decode("ascii").split(" ")
        except (InvalidToken, UnicodeEncodeError):
            raise Fault(FaultKind.REQUEST_MALFORMED, "not a handle that was handed out", where="handle") from None
        return CameraId(camera), Span(parse_instant(start), parse_instant(end))
