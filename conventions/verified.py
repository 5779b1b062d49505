"""What verification gives: a document with the proof that it was signed. Constructed only in ``verification``."""

from dataclasses import dataclass, field
from datetime import datetime

from conventions.identifiers import BodyId
from conventions.schema import AnyDocument
from conventions.terms import Role


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, as the certificate says; ``fingerprint_sha256`` is of the certificate, hex."""

    body: BodyId
    role: Role
    pseudonym: str
    fingerprint_sha256: str
    signed_utc: datetime


@dataclass(frozen=True, slots=True)
class VerifiedDocument:
    """A document that every required signer has signed.

    ``sha256`` is of the canonical bytes that were signed, hex. ``sequence`` is the controller's number, from 1;
    zero, with no ``published_utc``, until the register has published it.
    """

    document: AnyDocument
    sha256: str
    signers: tuple[Signer, ...]
    envelope: bytes = field(repr=False)
    sequence: int = 0
    published_utc: datetime | None = None

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def version(self) -> int:
        return self.document.version
