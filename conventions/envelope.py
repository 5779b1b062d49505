"""The signed form of a document: JWS general JSON serialisation, read strictly.

What two readers could read differently is refused before anything is believed: duplicate members, numbers, unprotected
headers, header members beyond the four that are used, base64url with padding or spare bits.
File form: ``<name>.varco.json``.

Source: RFC 7515 sections 7.2.1 and 10; RFC 8725; design 3 (signatures).
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from conventions.text import MAX_BYTES, MAX_DEPTH_COUNT, Plain, check_characters

SUFFIX = ".varco.json"
TYPE = "varco-document+jws"
ALGORITHM = "ES256"
"""The only one: it is what the certificates' keys allow, so that there is nothing to confuse it with."""
MAX_ENVELOPE_BYTES = 3 * MAX_BYTES
MAX_SIGNATURES_COUNT = 64
MAX_CHAIN_COUNT = 4

_SIGNED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_ESCAPED_CONTROL = re.compile(r"(?<!\\)(?:\\\\)*\\[bfrtu]")
_PROTECTED = {"alg", "sigT", "typ", "x5c"}


@dataclass(frozen=True, slots=True)
class Part:
    """One signature with its protected header; ``chain`` is DER, leaf first."""

    protected: str
    signature: str
    chain: tuple[bytes, ...]
    signed_utc: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """A document as signed: nothing in it is verified yet."""

    payload: str
    """Base64url, as signed over."""
    plain: dict[str, Plain]
    parts: tuple[Part, ...]

    def packed(self) -> bytes:
        """The bytes of the file form."""
        signatures = [{"protected": part.protected, "signature": part.signature} for part in self.parts]
        return canonical({"payload": self.payload, "signatures": signatures})


def parse(raw: bytes, where: str = "") -> Envelope:
    """Read an envelope and its payload.

    Raises:
        Fault: ``document-malformed``; ``signature-missing`` when it carries none; ``signature-invalid`` when a
            signature is made in a way that is not accepted.
    """
    if len(raw) > MAX_ENVELOPE_BYTES:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "larger than 3 MiB", where=where)
    outer = _members(strict_json(raw, where), {"payload", "signatures"}, "the envelope", where)
    payload, signatures = outer["payload"], outer["signatures"]
    if not isinstance(payload, str) or not isinstance(signatures, list):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "payload or signatures of another type", where=where)
    if not signatures:
        raise Fault(FaultKind.SIGNATURE_MISSING, "no signature at all", where=where)
    if len(signatures) > MAX_SIGNATURES_COUNT:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, f"more than {MAX_SIGNATURES_COUNT} signatures", where=where)
    content = decode(payload, where)
    if len(content) > MAX_BYTES:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "the document is larger than 1 MiB", where=where)
    plain = strict_json(content, where)
    if not isinstance(plain, dict):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a document is a mapping", where=where)
    _texts_only(plain, where, 0)
    _one_form(plain, content, where)
    parts = tuple(_part(part, f"{where}#{number}") for number, part in enumerate(signatures, start=1))
    return Envelope(payload, plain, parts)


def encode(content: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode(text: str, where: str) -> bytes:
    """Strict base64url: the one text that ``encode`` would give."""
    try:
        content = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not base64url", where=where) from None
    if encode(content) != text:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not base64url in its one form", where=where)
    return content


def signed_at(at_utc: datetime) -> str:
    """The form of ``sigT``: whole seconds (JAdES, ETSI TS 119 182-1)."""
    return at_utc.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _part(value: Any, where: str) -> Part:
    members = _members(value, {"protected", "signature"}, "a signature", where)
    protected, signature = members["protected"], members["signature"]
    if not isinstance(protected, str) or not isinstance(signature, str):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a signature of another type", where=where)
    header = strict_json(decode(protected, where), where)
    if not isinstance(header, dict) or set(header) != _PROTECTED:
        raise Fault(FaultKind.SIGNATURE_INVALID, "the protected header holds other members than required", where=where)
    if header["alg"] != ALGORITHM:
        raise Fault(FaultKind.SIGNATURE_INVALID, f"algorithm other than {ALGORITHM}", where=where)
    if header["typ"] != TYPE:
        raise Fault(FaultKind.SIGNATURE_INVALID, "a signature for something else than a document", where=where)
    decode(signature, where)
    return Part(protected, signature, _chain(header["x5c"], where), _instant(header["sigT"], where))


def _chain(value: Any, where: str) -> tuple[bytes, ...]:
    """X.509 certificates, leaf first: standard base64 here (RFC 7515 section 4.1.6)."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHAIN_COUNT:
        raise Fault(FaultKind.SIGNATURE_INVALID, "a certificate chain of another length", where=where)
    try:
        return tuple(base64.b64decode(str(item).encode("ascii"), validate=True) for item in value)
    except (UnicodeEncodeError, binascii.Error):
        raise Fault(FaultKind.SIGNATURE_INVALID, "a certificate that is not base64", where=where) from None


def _instant(value: Any, where: str) -> datetime:
    if isinstance(value, str) and _SIGNED_AT.match(value):
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass
    raise Fault(FaultKind.SIGNATURE_INVALID, "the signing time is written YYYY-MM-DDTHH:MM:SSZ", where=where)


def _members(value: Any, names: set[str], what: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, f"{what} holds exactly {' and '.join(sorted(names))}", where=where)
    return value


def strict_json(raw: bytes, where: str) -> Any:
    """Strict JSON: UTF-8, no duplicate member, no number."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise Fault(FaultKind.DOCUMENT_MALFORMED, "a member stands twice", where=where)
        return members

    def no_number(_: str) -> Any:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a number where texts are expected", where=where)

    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=once,
            parse_float=no_number,
            parse_int=no_number,
            parse_constant=no_number,
        )
    except (ValueError, RecursionError):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not strict JSON in UTF-8", where=where) from None


def _texts_only(value: Any, where: str, depth: int) -> None:
    if depth > MAX_DEPTH_COUNT:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, f"deeper than {MAX_DEPTH_COUNT}", where=where)
    for inner in value.values() if type(value) is dict else value:
        kind = type(inner)
        if kind is dict or kind is list:
            _texts_only(inner, where, depth + 1)
        elif kind is not str:
            raise Fault(FaultKind.DOCUMENT_MALFORMED, "a value that is not a text", where=where)


def _one_form(plain: dict[str, Plain], content: bytes, where: str) -> None:
    """Canonical byte for byte, and no character that a reader cannot see: only control characters are escaped there."""
    try:
        same = canonical(plain) == content
    except Fault as fault:
        raise Fault(fault.kind, fault.detail, where=where) from None
    if not same:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "the signed bytes are not in canonical form", where=where)
    text = content.decode("utf-8")
    check_characters(text, where, 1)
    if _ESCAPED_CONTROL.search(text):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a control character", where=where)
