"""The one form of bytes that is hashed or signed: canonical JSON (RFC 8785) of plain values.

The fast form is msgspec's sorted encoder behind a check of types; ``tests/ledger/test_canonical.py`` proves it
equal to the reference library. Numbers are whole: floats are refused, so that no two writers can differ on one.

Source: RFC 8785; design 3 and 7.
"""

import hashlib
from enum import Enum

import msgspec

from conventions.faults import Fault, FaultKind

Plain = object
"""A plain value: dict with string keys, list or tuple, string, whole number, truth value or ``None``."""

GREATEST_WHOLE_NUMBER = 2**53 - 1
"""What every JSON reader holds exactly (RFC 8785 section 3.2.2.3)."""

_encode = msgspec.json.Encoder(order="sorted").encode
_encode_as_given = msgspec.json.Encoder(order=None).encode


def canonical(value: Plain) -> bytes:
    """The canonical bytes of a plain value.

    Raises:
        Fault: ``document-malformed`` for a float, a number beyond 2^53 - 1, a key that is not a string, a lone
            surrogate, or any other type.
    """
    try:
        if _needs_utf16_order(value):
            return _encode_as_given(_ordered(value))
        return _encode(value)
    except (UnicodeEncodeError, RecursionError):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "no canonical form: lone surrogate or too deep") from None


def digest(value: Plain) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _needs_utf16_order(value: Plain) -> bool:
    """Check every type; tell whether some key holds characters that code points and UTF-16 units sort differently."""
    kind = type(value)
    if kind is dict:
        special = False
        for key, inner in value.items():  # type: ignore[attr-defined]
            if type(key) is not str and not _is_word(key):
                raise Fault(FaultKind.DOCUMENT_MALFORMED, "a key is not a string")
            if not key.isascii() and max(key) > "\ud7ff":
                special = True
            if type(inner) is not str and inner is not None and _needs_utf16_order(inner):
                special = True
        return special
    if kind is list or kind is tuple:
        special = False
        for inner in value:  # type: ignore[attr-defined]
            if type(inner) is not str and _needs_utf16_order(inner):
                special = True
        return special
    if kind is int:
        if not -GREATEST_WHOLE_NUMBER <= value <= GREATEST_WHOLE_NUMBER:  # type: ignore[operator]
            raise Fault(FaultKind.DOCUMENT_MALFORMED, "a number is beyond 2^53 - 1")
        return False
    if kind is str or kind is bool or value is None or _is_word(value):
        return False
    raise Fault(FaultKind.DOCUMENT_MALFORMED, f"{kind.__name__} has no canonical form")


def _is_word(value: object) -> bool:
    """A member of a closed vocabulary: a string that is an enum."""
    return isinstance(value, str) and isinstance(value, Enum)


def _ordered(value: Plain) -> Plain:
    """The same value with the keys of every dict in the order of their UTF-16 units."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: str(key).encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(inner) for inner in value]
    return value
