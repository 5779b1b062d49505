"""Verifying sealed parts with the keys: that each opens and is the very value its entry was bound to.

For whoever holds the controller's keys (and, for what police asked, the body's). Values are compared, never given.
Without the body's key the two-key parts are checked as far as their outer layer.
"""

import hmac
import json
import struct
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from broker.ledger.offline.report import Finding
from broker.ledger.offline.scan import opened

TWO_KEY_PARTS = frozenset({"plate", "reference", "ground_text", "necessity", "on_behalf_of"})
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def verify_parts(
    file: Path, keys: Path, body_keys: Mapping[str, X25519PrivateKey] | None = None
) -> tuple[int, Finding | None]:
    """How many parts held, and the first that did not.

    ``keys`` is the controller's key folder, ``body_keys`` the sealing keys of requesting bodies, by name. Parts that
    were erased, or whose period key was destroyed, are left out: the entry and its box tell of them.
    """
    wrapping = AESGCM(bytes.fromhex((keys / "wrapping.key").read_text()))
    periods: dict[str, bytes | None] = {}
    count = 0
    with opened(file) as database:
        sealed = database.execute("SELECT e.idx, e.body, b.box FROM entries e JOIN boxes b ON b.idx = e.idx ORDER BY 1")
        for index, body, box in sealed:
            try:
                entry: dict[str, Any] = json.loads(body)
                period = str(entry["period"])
                if period not in periods:
                    periods[period] = _period_key(keys / "periods" / f"{period}.key", wrapping, period)
                key = periods[period]
                if key is not None:
                    count += _hold(entry, box, key, body_keys or {})
            except (InvalidTag, ValueError, KeyError, struct.error, IndexError) as error:
                return count, Finding(index, "part", f"a sealed part does not hold: {type(error).__name__}")
    return count, None


def _hold(entry: dict[str, Any], box: bytes, period_key: bytes, body_keys: Mapping[str, X25519PrivateKey]) -> int:
    outer = AESGCM(hmac.digest(period_key, b"varco-part-key/1" + box[:16], "sha256"))
    held, at = {}, 16
    while at < len(box):
        name_end = at + 1 + box[at]
        count, length = struct.unpack_from(">II", box, name_end)
        held[box[at + 1 : name_end].decode()] = (count, box[name_end + 8 : name_end + 8 + length])
        at = name_end + 8 + length
    if at != len(box):
        raise ValueError("a box ends elsewhere than its records")
    wrapped, inner = held.pop("@body", None), None
    if wrapped is not None and entry.get("two_key") in body_keys:
        inner = AESGCM(HPKE.decrypt(wrapped[1], body_keys[entry["two_key"]], b"varco-two-key/1"))
    for name, (count, ciphertext) in held.items():
        digest = entry["parts"][name]
        nonce, bound = struct.pack(">QI", 0, count), f"{name} {digest}".encode()
        plain = outer.decrypt(nonce, ciphertext, bound)
        if "two_key" in entry and name in TWO_KEY_PARTS:
            if inner is None:
                continue
            plain = inner.decrypt(nonce, plain, bound)
        if sha256(plain).hexdigest() != digest:
            raise ValueError("a part is not what its digest says")
    return len(held)


def _period_key(file: Path, wrapping: AESGCM, name: str) -> bytes | None:
    if not file.exists():
        return None
    wrapped = bytes.fromhex(file.read_text())
    return wrapping.decrypt(wrapped[:12], wrapped[12:], name.encode())
