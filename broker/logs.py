"""Diagnostics: what went wrong and where, one line of JSON each on standard error. Never what it was about.

INVARIANT: neither an exception's message nor a local variable is written: either may hold a plate, a reference, a
cookie or a path. An exception is its type and the places it passed. What was decided stands in the ledger, not here.
"""

import contextlib
import logging
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import structlog

_ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
DEEPEST_FRAMES_COUNT = 12


def configure() -> dict[str, Any]:
    """Set diagnostics up for this process; gives the configuration for the server's own logger."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _places,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: Lines(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"places": {"()": Places, "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "places"}},
        "root": {"handlers": ["standard_error"], "level": "WARNING"},
    }


class Lines:
    """Writes lines as long as they can be written: a full disk must not stop what has to be stopped."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            print(message, file=sys.stderr, flush=True)

    info = warning = error = critical = msg


class Places(logging.Formatter):
    """Writes exceptions without their messages."""

    def formatException(self, ei: _ExcInfo | tuple[Any, ...]) -> str:
        error = ei[1]
        return "" if error is None else " ".join(where(error))


def where(error: BaseException) -> list[str]:
    """The type of an exception and the places it passed, the deepest last; then those that it came from."""
    found = [type(error).__name__]
    trace = error.__traceback__
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    found += frames[-DEEPEST_FRAMES_COUNT:]
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            found += ["of", *where(inner)]
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found if before is None else [*found, "after", *where(before)]


def _places(_: Any, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    said = {name: value for name, value in event.items() if name != "exc_info"}
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()[1]
    return said if not isinstance(error, BaseException) else {**said, "exception": where(error)}
