"""From bytes to a document that may be believed. This module alone constructs ``VerifiedDocument``.

The procedure; the code below carries the same numbers. Any failure raises a ``Fault`` of a precise kind.

1.  Size: at most 3 MiB, before anything is read. (``envelope``)
2.  Strict JSON: UTF-8, no member twice, no number. (``envelope``)
3.  Structure: a payload and 1 to 64 signatures, no unprotected header; each protected header holds exactly
    algorithm, type, certificate chain and signing time; the algorithm is ES256. (``envelope``)
4.  Payload: texts, lists and mappings only, at most 32 deep, no invisible character, and byte for byte its own
    canonical form (RFC 8785), so that what is shown is what was signed. (``envelope``)
5.  Schema: the kind's model, closed vocabularies, no unknown member. (``schema``)
6.  Ownership: the document disposes only of its own controllers' cameras and its own parties' people. (``ownership``)
7.  Each signature:
    a. the certificate states one body, one role of the vocabulary, one pseudonym;
    b. its chain ends in an anchor believed for that body in a document that concerns these controllers, and holds
       at the signing time and at the instant of publication; its key is P-256 and meant for signing documents;
    c. it was not made after the instant of publication;
    d. it matches the signed bytes.
8.  Signers: every required (body, role) has signed, once; nobody else has.
9.  References on which the right to sign rests: a notice's deed, a suspension's end, a partner's event window.
10. Term: not over at the instant of publication, unless the deed renews itself.

The caller must still: refuse an older or different version and assign the sequence (``Register.published``), take
findings of ``lint`` into account before publishing, and judge whether the document is in force at an instant.

Source: design 3; RFC 7515, 8725, 8785, 5280; PM-P.4, MC-2.3.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from conventions import envelope, ownership, schema, signing
from conventions.calendars import end_of_day
from conventions.envelope import Envelope, Part
from conventions.faults import Fault, FaultKind
from conventions.keys import UNREADABLE, Subject, subject_of
from conventions.schema import AnyDocument, Convention, Deed, EventWindow
from conventions.signers import required
from conventions.trust_set import TrustSet
from conventions.verified import Signer, VerifiedDocument


class Known(Protocol):
    """What is already published, as far as the right to sign rests on it."""

    def current(self, document_id: str) -> VerifiedDocument | None: ...

    def deeds(self, controller: str) -> Iterable[VerifiedDocument]: ...


class Nothing:
    """Nothing is published yet."""

    def current(self, document_id: str) -> VerifiedDocument | None:
        return None

    def deeds(self, controller: str) -> Iterable[VerifiedDocument]:
        return ()


NOTHING_KNOWN = Nothing()


def verify(
    raw: bytes, trust: TrustSet, at_utc: datetime, *, known: Known = NOTHING_KNOWN, where: str = ""
) -> VerifiedDocument:
    """Run the procedure as at the instant of publication.

    Raises:
        Fault: ``document-malformed``, ``vocabulary-unknown``, ``document-contradictory``, ``signature-missing``,
            ``signature-invalid``, ``signer-not-trusted``, ``document-unknown``, ``document-expired``; ``where`` is
            the file and the path inside the document.
    """
    held = envelope.parse(raw, where)  # 1 to 4
    document = read(held, where)  # 5
    try:
        ownership.check(document)  # 6
        signers = tuple(_signer(held, number, document, trust, at_utc) for number in range(len(held.parts)))  # 7
        _all_and_only(document, signers, known)  # 8
        _references(document, known)  # 9
        _term(document, at_utc)  # 10
    except Fault as fault:
        raise _located(fault, where) from None
    return VerifiedDocument(document, _sha256(held), signers, raw)


def read(held: Envelope, where: str = "") -> AnyDocument:
    """Step 5 alone: the document as its signers wrote it, nothing believed."""
    try:
        return schema.parse(held.plain)
    except Fault as fault:
        raise _located(fault, where) from None


def verdicts(raw: bytes, trust: TrustSet, at_utc: datetime, *, where: str = "") -> tuple[Signer | Fault, ...]:
    """Step 7 for each signature by itself, to show what is wrong with which."""
    held = envelope.parse(raw, where)
    document = read(held, where)
    found: list[Signer | Fault] = []
    for number in range(len(held.parts)):
        try:
            found.append(_signer(held, number, document, trust, at_utc))
        except Fault as fault:
            found.append(fault)
    return tuple(found)


def numbered(verified: VerifiedDocument, sequence: int, published_utc: datetime) -> VerifiedDocument:
    """The same document with the controller's number and the instant of publication; for the register alone."""
    return VerifiedDocument(
        verified.document, verified.sha256, verified.signers, verified.envelope, sequence, published_utc
    )


def attested(raw: bytes, sha256: str, signers: tuple[Signer, ...], where: str = "") -> VerifiedDocument:
    """A document whose signatures a signed snapshot of the register vouches for: steps 1 to 6 and the digest.

    Raises:
        Fault: as ``verify``; ``signature-invalid`` when the bytes are others than the snapshot's.
    """
    held = envelope.parse(raw, where)
    if _sha256(held) != sha256:
        raise Fault(FaultKind.SIGNATURE_INVALID, "other bytes than the register's snapshot names", where=where)
    document = read(held, where)
    ownership.check(document)
    return VerifiedDocument(document, sha256, signers, raw)


def _signer(held: Envelope, number: int, document: AnyDocument, trust: TrustSet, at_utc: datetime) -> Signer:
    part: Part = held.parts[number]
    where = f"signature {number + 1}"
    try:
        chain, subject, key = _certificates(part.chain)  # 7a
    except UNREADABLE:
        raise Fault(FaultKind.SIGNER_NOT_TRUSTED, "a certificate that cannot be read", where=where) from None
    except Fault as fault:
        raise _located(fault, where) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Fault(FaultKind.SIGNER_NOT_TRUSTED, "a key other than P-256", where=where)
    try:
        for instant_utc in (part.signed_utc, at_utc):
            trust.accept(chain, subject.body, ownership.concerned(document), instant_utc)  # 7b
    except Fault as fault:
        raise _located(fault, where) from None
    if part.signed_utc > at_utc:  # 7c
        raise Fault(FaultKind.SIGNATURE_INVALID, "signed after the instant of publication", where=where)
    signing.check(held.payload, part, key, where)  # 7d
    fingerprint = hashlib.sha256(part.chain[0]).hexdigest()
    return Signer(subject.body, subject.role, subject.pseudonym, fingerprint, part.signed_utc)


@lru_cache(maxsize=1024)
def _certificates(
    chain_der: tuple[bytes, ...],
) -> tuple[tuple[x509.Certificate, ...], Subject, CertificatePublicKeyTypes]:
    """The same few certificates sign most documents: each chain is read once."""
    chain = tuple(x509.load_der_x509_certificate(der) for der in chain_der)
    return chain, subject_of(chain[0]), chain[0].public_key()


def _all_and_only(document: AnyDocument, signers: tuple[Signer, ...], known: Known) -> None:
    def lookup(document_id: str) -> AnyDocument | None:
        found = known.current(document_id)
        return found.document if found else None

    remaining = list(signers)
    missing: list[str] = []
    for needed in required(document, lookup):
        matching = next((signer for signer in remaining if needed.met_by(signer.body, signer.role)), None)
        if matching is None:
            missing.append(str(needed))
        else:
            remaining.remove(matching)
    if missing:
        raise Fault(FaultKind.SIGNATURE_MISSING, "not signed by " + "; nor by ".join(missing))
    if remaining:
        extra = remaining[0]
        raise Fault(FaultKind.SIGNATURE_INVALID, f"a signature nobody asked for: {extra.body} as {extra.role}")


def _references(document: AnyDocument, known: Known) -> None:
    if not isinstance(document, EventWindow) or document.opened_by == document.controller:
        return
    for verified in known.deeds(document.controller):
        deed = verified.document
        if isinstance(deed, Convention) and any(
            clause.window == "event" and document.opened_by in clause.bodies and document.purpose in clause.purposes
            for clause in deed.clauses
        ):
            return
    detail = f"no deed lets {document.opened_by} open a window for {document.purpose}"
    raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, detail, where="opened_by")


def _term(document: AnyDocument, at_utc: datetime) -> None:
    renews = isinstance(document, Deed) and document.renewal == "auto-same-term"
    if document.valid_until is not None and not renews and end_of_day(document.valid_until) <= at_utc:
        raise Fault(FaultKind.DOCUMENT_EXPIRED, f"its term ended on {document.valid_until}", where="valid_until")


def _sha256(held: Envelope) -> str:
    return hashlib.sha256(envelope.decode(held.payload, "")).hexdigest()


def _located(fault: Fault, where: str) -> Fault:
    """The same fault, found in a file."""
    return Fault(fault.kind, fault.detail, where=": ".join(step for step in (where, fault.where) if step))


__all__ = [
    "NOTHING_KNOWN",
    "Known",
    "Signer",
    "TrustSet",
    "VerifiedDocument",
    "attested",
    "numbered",
    "read",
    "verdicts",
    "verify",
]
