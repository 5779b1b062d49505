"""The register's own signed list: start-up believes it at once and re-verifies the documents in the background.

It names every publication with its digest and signers. A folder that no longer holds all of it has been set back.
Source: design 3 (start-up); RFC 7515.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from conventions.canonical import canonical
from conventions.envelope import ALGORITHM, strict_json
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.keys import SigningKey
from conventions.register import Register
from conventions.shelf import Row, row_of
from conventions.spans import instant, parse_instant
from conventions.terms import Role
from conventions.verification import Signer

FORMAT = "varco-register-list/1"
TYPE = "varco-register+jws"


class _Registry(jws.JWSRegistry):
    """ES256 alone; a list of many thousand documents fits."""

    max_payload_length = 256 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__(algorithms=[ALGORITHM])


def signed(register: Register, key: SigningKey, at_utc: datetime) -> bytes:
    """Sign the list of a register with the installation's key."""
    entries = [{**row_of(each).plain(), "signers": [_signer_plain(one) for one in each.signers]} for each in register]
    payload = canonical({"format": FORMAT, "made_utc": instant(at_utc), "entries": entries})
    header = {"alg": ALGORITHM, "typ": TYPE}
    pem = key.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return jws.serialize_compact(header, payload, ECKey.import_key(pem), registry=_Registry()).encode("ascii")


def opened(raw: bytes, key: SigningKey, rows: tuple[Row, ...]) -> Mapping[str, tuple[Signer, ...]]:
    """Signers by digest, once the list is ours and the folder (``rows``: its manifest) holds all that it names.

    Raises:
        Fault: ``signature-invalid``; ``document-rolled-back`` when the folder holds less or something else.
    """
    public = key.private_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        opened = jws.deserialize_compact(raw, ECKey.import_key(pem), registry=_Registry())
    except (JoseError, ValueError):
        raise Fault(FaultKind.SIGNATURE_INVALID, "the register's list is not signed by this installation") from None
    plain = strict_json(opened.payload or b"", "list")
    if opened.protected.get("typ") != TYPE or plain.get("format") != FORMAT:
        raise Fault(FaultKind.SIGNATURE_INVALID, "signed for something else than a register")
    here = {canonical(row.plain()) for row in rows}
    vouched: dict[str, tuple[Signer, ...]] = {}
    for entry in plain["entries"]:
        signers = entry.pop("signers")
        if canonical(entry) not in here:
            detail = f"the register's list names {entry['id']} version {entry['version']}, the folder does not"
            raise Fault(FaultKind.DOCUMENT_ROLLED_BACK, detail)
        vouched[entry["sha256"]] = tuple(_signer(one) for one in signers)
    return vouched


def _signer_plain(signer: Signer) -> dict[str, str]:
    return {
        "body": signer.body,
        "role": signer.role,
        "pseudonym": signer.pseudonym,
        "fingerprint_sha256": signer.fingerprint_sha256,
        "signed_utc": instant(signer.signed_utc),
    }


def _signer(plain: Any) -> Signer:
    return Signer(
        BodyId(plain["body"]),
        Role(plain["role"]),
        plain["pseudonym"],
        plain["fingerprint_sha256"],
        parse_instant(plain["signed_utc"]),
    )
