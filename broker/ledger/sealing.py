"""Sealed parts: what identifies a person stands outside the tree, encrypted, and is bound to it by digests.

A part is ``{salt, value}``. Its digest stands in the entry under ``parts``; its ciphertext lies in the entry's *box*,
and the digest of the box stands in the entry as ``seal``, so that a verifier without any key sees a changed byte.
Each commit derives a key of its own from the period key and a random salt, so a nonce is a plain counter.

What police ask about (``TWO_KEY_PARTS``) is sealed first to the requesting body: HPKE (RFC 9180) carries a key made for
this commit and forgotten after it, and that key encrypts the parts. The layout is in docs/ledger.md.
"""

import hmac
import json
import os
import struct
from collections.abc import Mapping
from hashlib import sha256
from json.encoder import encode_basestring as quoted

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from conventions.faults import Fault, FaultKind

TWO_KEY_PARTS = frozenset({"plate", "reference", "ground_text", "necessity", "on_behalf_of"})
"""Opened only with the requesting body's key and the controller's (c.p.p. 329)."""
LOOKUP_PARTS = frozenset({"person", "plate"})
"""Found again by a keyed digest."""

SALT_BYTES = 16
SALTS_AT_ONCE_COUNT = 512
SALTS_PER_ENTRY_COUNT = 4
COMMIT_SALT_BYTES = 16
BODY_RECORD = "@body"
HPKE_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
HPKE_INFO = b"varco-two-key/1"
PART_KEY_LABEL = b"varco-part-key/1"

_HEAD = struct.Struct(">II")
_NONCE = struct.Struct(">QI")


def part_key(period_key: bytes, commit_salt: bytes) -> AESGCM:
    """The key of one commit and period."""
    return AESGCM(hmac.digest(period_key, PART_KEY_LABEL + commit_salt, "sha256"))


def lookup_digest(key: bytes, name: str, value: str) -> bytes:
    """The keyed digest under which entries are found again by person or plate."""
    return hmac.digest(key, name.encode() + b"\x00" + value.encode(), "sha256")


class Sealer:
    """Seals the parts of the entries of one commit; thrown away after it."""

    def __init__(self, entries_count: int = 1) -> None:
        """``entries_count`` only saves work: how many entries will come."""
        self._at_once_count = min(SALTS_AT_ONCE_COUNT, entries_count * SALTS_PER_ENTRY_COUNT)
        self._salt = os.urandom(COMMIT_SALT_BYTES)
        self._keys: dict[bytes, AESGCM] = {}
        self._bodies: dict[bytes, tuple[AESGCM, bytes]] = {}
        self._count = 0
        self._salts: list[bytes] = []

    def seal(
        self, parts: Mapping[str, str], period_key: bytes, body: X25519PublicKey | None
    ) -> tuple[dict[str, str], bytes]:
        """The digest of each part, and the box; parts go to both keys when a body's key is given."""
        outer = self._keys.get(period_key)
        if outer is None:
            outer = self._keys[period_key] = part_key(period_key, self._salt)
        digests, box, inner = {}, [self._salt], None
        if body is not None and not TWO_KEY_PARTS.isdisjoint(parts):
            inner, wrapped = self._body(body)
            box.append(record(BODY_RECORD, 0, wrapped))
        if len(self._salts) < len(parts):
            self._salts = _salts(max(len(parts), self._at_once_count))
        for name in sorted(parts):
            plain = b'{"salt":"%b","value":%b}' % (self._salts.pop(), quoted(parts[name]).encode())
            digests[name] = found = sha256(plain).hexdigest()
            self._count += 1
            nonce, bound = _NONCE.pack(0, self._count), f"{name} {found}".encode()
            if inner is not None and name in TWO_KEY_PARTS:
                plain = inner.encrypt(nonce, plain, bound)
            box.append(record(name, self._count, outer.encrypt(nonce, plain, bound)))
        return digests, b"".join(box)

    @staticmethod
    def bind(box: bytes) -> str:
        """The digest of a box that stands in the entry."""
        return sha256(box).hexdigest()

    def _body(self, body: X25519PublicKey) -> tuple[AESGCM, bytes]:
        """A key for this body and commit, and the same key sealed to the body."""
        name = body.public_bytes_raw()
        known = self._bodies.get(name)
        if known is None:
            fresh = os.urandom(32)
            known = self._bodies[name] = (AESGCM(fresh), HPKE_SUITE.encrypt(fresh, body, HPKE_INFO))
        return known


def _salts(count: int) -> list[bytes]:
    """Salts in hex, many at a time."""
    text = os.urandom(SALT_BYTES * count).hex().encode()
    return [text[at : at + 2 * SALT_BYTES] for at in range(0, len(text), 2 * SALT_BYTES)]


def record(name: str, count: int, ciphertext: bytes) -> bytes:
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + _HEAD.pack(count, len(ciphertext)) + ciphertext


def records(box: bytes) -> dict[str, tuple[int, bytes]]:
    """Name to counter and ciphertext.

    Raises:
        Fault: ``ledger-corrupt`` when the box is not made of whole records.
    """
    found: dict[str, tuple[int, bytes]] = {}
    at = COMMIT_SALT_BYTES
    try:
        while at < len(box):
            end = at + 1 + box[at]
            name = box[at + 1 : end].decode()
            count, length = _HEAD.unpack_from(box, end)
            at = end + _HEAD.size + length
            found[name] = (count, box[at - length : at])
    except (struct.error, UnicodeDecodeError):
        at = -1
    if at != max(len(box), COMMIT_SALT_BYTES):
        raise Fault(FaultKind.LEDGER_CORRUPT, "a box of sealed parts is malformed")
    return found


def without(box: bytes, name: str) -> bytes:
    """The box after a part is destroyed; the body's key goes with the last part that needs it."""
    left = {kept: held for kept, held in records(box).items() if kept != name}
    if TWO_KEY_PARTS.isdisjoint(left):
        left.pop(BODY_RECORD, None)
    return box[:COMMIT_SALT_BYTES] + b"".join(record(kept, *held) for kept, held in left.items())


def open_box(
    box: bytes, name: str, digest: str, period_key: bytes, body: X25519PrivateKey | None, two_key: bool
) -> str:
    """The value of a part, after its digest is found to be the one in the entry.

    Raises:
        Fault: ``document-unknown`` when it was erased; ``fact-missing`` without the body's key where both are
            needed; ``ledger-corrupt`` when it does not open or differs from its digest.
    """
    held = records(box)
    if name not in held:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "that part was erased", where=name)
    count, sealed = held[name]
    nonce, bound = _NONCE.pack(0, count), f"{name} {digest}".encode()
    try:
        plain = part_key(period_key, box[:COMMIT_SALT_BYTES]).decrypt(nonce, sealed, bound)
        if two_key and name in TWO_KEY_PARTS:
            if body is None:
                raise Fault(
                    FaultKind.FACT_MISSING, "that part opens with the requesting body's key as well", where=name
                )
            inner = AESGCM(HPKE_SUITE.decrypt(held.get(BODY_RECORD, (0, b""))[1], body, HPKE_INFO))
            plain = inner.decrypt(nonce, plain, bound)
    except InvalidTag:
        raise Fault(FaultKind.LEDGER_CORRUPT, "a sealed part does not open with these keys", where=name) from None
    if sha256(plain).hexdigest() != digest:
        raise Fault(FaultKind.LEDGER_CORRUPT, "a sealed part differs from its digest", where=name)
    value = json.loads(plain)["value"]
    assert isinstance(value, str)  # noqa: S101 (bound by its digest)
    return value
