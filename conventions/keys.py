"""Signing keys and certificates: who signs, for which body, in which role; never a name.

A certificate's subject says it: ``organizationIdentifier`` (2.5.4.97) is the body, ``title`` (2.5.4.12) a role of the
closed vocabulary, ``pseudonym`` (2.5.4.65) a role and number. Authorities and signers made here are for demonstration
and tests; keys are made at set-up, written readable by their owner only, and never committed.

Source: design 3 (signatures, trust); RFC 5280; LEV-21.1.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conventions.faults import Fault, FaultKind
from conventions.identifiers import BODY_FORM, BodyId
from conventions.terms import Role

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for a certificate that is none."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a certificate says of its holder."""

    body: BodyId
    role: Role
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its key never leaves the place where certificates are issued."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its certificates, leaf first, root left out."""

    chain: tuple[x509.Certificate, ...]
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def subject(self) -> Subject:
        return subject_of(self.chain[0])


def make_authority(name: str, *, start_utc: datetime, end_utc: datetime) -> Authority:
    """A self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), start_utc, end_utc)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(certificates=True), critical=True)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def issue_signer(
    authority: Authority, body: str, role: Role, pseudonym: str, *, start_utc: datetime, end_utc: datetime
) -> SigningKey:
    """A new key and certificate for whoever signs for a body in a role."""
    if BODY_FORM.match(body) is None:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not a body identifier", where="body")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, body),
            x509.NameAttribute(NameOID.TITLE, Role(role).value),
            x509.NameAttribute(NameOID.PSEUDONYM, pseudonym),
        ]
    )
    builder = _builder(subject, authority.certificate.subject, key.public_key(), start_utc, end_utc)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(certificates=False), critical=True)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private_key.public_key())
    builder = builder.add_extension(issuer_key, critical=False)
    return SigningKey((builder.sign(authority.private_key, hashes.SHA256()),), key)


def subject_of(certificate: x509.Certificate) -> Subject:
    """Who a certificate is for.

    Raises:
        Fault: ``signer-not-trusted`` when body, role or pseudonym is missing, stands twice, or is not ours.
    """
    found: list[str] = []
    for kind in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.TITLE, NameOID.PSEUDONYM):
        values = certificate.subject.get_attributes_for_oid(kind)
        if len(values) != 1 or not isinstance(values[0].value, str):
            raise Fault(FaultKind.SIGNER_NOT_TRUSTED, "the certificate does not state one body, role and pseudonym")
        found.append(values[0].value)
    if BODY_FORM.match(found[0]) is None or found[1] not in set(Role):
        raise Fault(FaultKind.SIGNER_NOT_TRUSTED, "the certificate states an unknown role or a malformed body")
    return Subject(BodyId(found[0]), Role(found[1]), found[2])


def store_signer(folder: Path, name: str, signer: SigningKey) -> tuple[Path, Path]:
    """Write ``<name>.key.pem`` and ``<name>.cert.pem``, readable by their owner only; give both paths."""
    pem = b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in signer.chain)
    return _write_new(folder / f"{name}.key.pem", _key_pem(signer.private_key)), _write_new(
        folder / f"{name}.cert.pem", pem
    )


def store_authority(folder: Path, name: str, authority: Authority) -> tuple[Path, Path]:
    """Write an authority as ``store_signer`` does."""
    return store_signer(folder, name, SigningKey((authority.certificate,), authority.private_key))


def load_signer(key_path: Path, certificate_path: Path) -> SigningKey:
    """Read a signer's key and chain.

    Raises:
        Fault: ``settings-invalid`` when a file is unreadable, others may read the key, or they do not match.
    """
    try:
        if key_path.stat().st_mode & 0o077:
            raise Fault(FaultKind.SETTINGS_INVALID, "the key is readable by others (chmod 600)", where=str(key_path))
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        chain = tuple(x509.load_pem_x509_certificates(certificate_path.read_bytes()))
    except (OSError, *UNREADABLE) as error:
        raise Fault(
            FaultKind.SETTINGS_INVALID, f"unreadable key or certificate ({error})", where=str(key_path)
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Fault(FaultKind.SETTINGS_INVALID, "not a P-256 key", where=str(key_path))
    if chain[0].public_key() != key.public_key():
        raise Fault(FaultKind.SETTINGS_INVALID, "the certificate is of another key", where=str(certificate_path))
    return SigningKey(chain, key)


def load_authority(key_path: Path, certificate_path: Path) -> Authority:
    """Read an authority written by ``store_authority``."""
    held = load_signer(key_path, certificate_path)
    return Authority(held.chain[0], held.private_key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start_utc: datetime, end_utc: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start_utc)
        .not_valid_after(end_utc)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """Of an authority: signing certificates; of a signer: content commitment, and nothing else."""
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_new(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
