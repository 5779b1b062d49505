"""Making and checking one JWS signature over a document's canonical bytes.

Checking here is the cryptography alone; whether the signer may be believed is ``conventions.verification``'s.
Source: RFC 7515 section 5; design 3 (signatures).
"""

import base64
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from conventions import envelope
from conventions.canonical import canonical
from conventions.envelope import ALGORITHM, TYPE, Envelope, Part
from conventions.faults import Fault, FaultKind
from conventions.keys import SigningKey
from conventions.text import Plain


class _Registry(jws.JWSRegistry):
    """One algorithm, four header members, sizes that hold a document and a chain of certificates."""

    max_header_length = 64 * 1024
    max_payload_length = envelope.MAX_ENVELOPE_BYTES


_REGISTRY = _Registry({"sigT": HeaderParameter("Signing time", "str", True)}, algorithms=[ALGORITHM])


def seal(plain: dict[str, Plain], signer: SigningKey, at_utc: datetime) -> bytes:
    """Sign plain values: an envelope with one signature."""
    payload = canonical(plain)
    part = _signature(payload, signer, at_utc)
    return Envelope(part["payload"], plain, (_part(part),)).packed()


def countersign(raw: bytes, signer: SigningKey, at_utc: datetime) -> bytes:
    """Add one signature to an envelope, over the very same bytes.

    Raises:
        Fault: as ``envelope.parse``; ``signature-invalid`` when this certificate has signed already.
    """
    held = envelope.parse(raw)
    if any(part.chain[0] == _der(signer)[0] for part in held.parts):
        raise Fault(FaultKind.SIGNATURE_INVALID, "this certificate has signed already")
    part = _signature(envelope.decode(held.payload, ""), signer, at_utc)
    return Envelope(held.payload, held.plain, (*held.parts, _part(part))).packed()


def sign(source: bytes | dict[str, Plain], signer: SigningKey, at_utc: datetime) -> bytes:
    """Sign plain values, or add a signature to an envelope."""
    return countersign(source, signer, at_utc) if isinstance(source, bytes) else seal(source, signer, at_utc)


def check(payload: str, part: Part, public_key: ec.EllipticCurvePublicKey, where: str) -> None:
    """Check one signature with the key of its certificate.

    Raises:
        Fault: ``signature-invalid``.
    """
    pem = public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    one: Any = {"payload": payload, "signatures": [{"protected": part.protected, "signature": part.signature}]}
    try:
        jws.deserialize_json(one, _imported(pem), registry=_REGISTRY)
    except (JoseError, ValueError):
        raise Fault(FaultKind.SIGNATURE_INVALID, "the signature does not match the text", where=where) from None


@lru_cache(maxsize=1024)
def _imported(pem: bytes) -> ECKey:
    return ECKey.import_key(pem)


def _signature(payload: bytes, signer: SigningKey, at_utc: datetime) -> dict[str, Any]:
    chain = [base64.b64encode(der).decode("ascii") for der in _der(signer)]
    protected = {"alg": ALGORITHM, "typ": TYPE, "x5c": chain, "sigT": envelope.signed_at(at_utc)}
    pem = signer.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = jws.serialize_json([{"protected": protected}], payload, ECKey.import_key(pem), registry=_REGISTRY)
    return {"payload": made["payload"], **made["signatures"][0]}


def _part(made: dict[str, Any]) -> Part:
    raw = canonical({"payload": made["payload"], "signatures": [{k: made[k] for k in ("protected", "signature")}]})
    return envelope.parse(raw).parts[0]


def _der(signer: SigningKey) -> tuple[bytes, ...]:
    return tuple(certificate.public_bytes(serialization.Encoding.DER) for certificate in signer.chain)
