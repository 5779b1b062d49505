"""Key files: made at set-up or when a month begins, never in a database, readable by their owner only.

``<keys>/<controller>/`` holds ``signing/<key id>.key`` (Ed25519), ``wrapping.key`` (wraps the period keys),
``lookup.key``, ``periods/<class>-<month>.key`` (wrapped) and ``bodies/<body>.pub``: the X25519 keys to which what the
police seal is sealed first. The wrapped period keys are files too, so that no backup of a database keeps one that
was destroyed.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from broker.ledger.notes import Signer, Verifier
from broker.ledger.retention import RetentionClass
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyFolder:
    """The keys of one controller's tree. Holds unwrapped period keys in memory, reads each file once."""

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder = folder
        self.origin = origin
        self._periods: dict[str, bytes] = {}
        self._bodies: dict[BodyId, X25519PublicKey] = {}

    def create(self) -> Verifier:
        """Make the wrapping and look-up keys and the first signing key.

        Raises:
            FileExistsError: there are keys already; nothing is overwritten.
        """
        for folder in (self.folder, *(self.folder / name for name in ("signing", "periods", "bodies"))):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret(self.folder / "wrapping.key", os.urandom(KEY_BYTES))
        write_secret(self.folder / "lookup.key", os.urandom(KEY_BYTES))
        return self.new_signer().verifier

    def new_signer(self) -> Signer:
        """A fresh signing key, durably on disk before it is used."""
        private = Ed25519PrivateKey.generate()
        signer = Signer.of(self.origin, private)
        write_secret(self._signing_file(signer.verifier.key_id), private.private_bytes_raw())
        return signer

    def signer(self, key_id: str) -> Signer:
        signer = Signer.of(self.origin, Ed25519PrivateKey.from_private_bytes(read_secret(self._signing_file(key_id))))
        if signer.verifier.key_id != key_id:
            raise Fault(FaultKind.LEDGER_CORRUPT, "a signing key is not the one its file names")
        return signer

    def lookup_key(self) -> bytes:
        return read_secret(self.folder / "lookup.key")

    def period_key(self, kept: RetentionClass, month: str) -> bytes:
        """The key of a class and month; made, and durable, when the first entry of the month needs it."""
        name = f"{kept}-{month}"
        key = self._periods.get(name)
        if key is None:
            key = self._periods[name] = self._read_period(name) or self._make_period(name)
        return key

    def known_period_key(self, name: str) -> bytes:
        """The key of ``<class>-<month>``.

        Raises:
            Fault: ``document-unknown`` when it was destroyed: what it sealed is gone.
        """
        key = self._periods.get(name) or self._read_period(name)
        if key is None:
            raise Fault(FaultKind.DOCUMENT_UNKNOWN, "the key of that period was destroyed")
        return key

    def body_key(self, body: BodyId) -> X25519PublicKey | None:
        """The public sealing key of a requesting body, if it gave one."""
        if body not in self._bodies:
            file = self.folder / "bodies" / f"{body}.pub"
            if not file.exists():
                return None
            self._bodies[body] = X25519PublicKey.from_public_bytes(bytes.fromhex(file.read_text().strip()))
        return self._bodies[body]

    def trust_body(self, body: BodyId, public: X25519PublicKey) -> None:
        """Keep the public sealing key of a requesting body; an earlier one is replaced."""
        target = self.folder / "bodies" / f"{body}.pub"
        fresh = target.with_suffix(".new")
        fresh.write_text(public.public_bytes_raw().hex() + "\n")
        fresh.replace(target)
        self._bodies.pop(body, None)

    def _signing_file(self, key_id: str) -> Path:
        return self.folder / "signing" / f"{key_id}.key"

    def _period_file(self, name: str) -> Path:
        return self.folder / "periods" / f"{name}.key"

    def _make_period(self, name: str) -> bytes:
        key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        wrapped = nonce + self._wrapping().encrypt(nonce, key, name.encode())
        write_secret(self._period_file(name), wrapped)
        return key

    def _read_period(self, name: str) -> bytes | None:
        if not self._period_file(name).exists():
            return None
        wrapped = read_secret(self._period_file(name))
        try:
            return self._wrapping().decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise Fault(FaultKind.LEDGER_CORRUPT, "a period key does not open with this wrapping key") from None

    def _wrapping(self) -> AESGCM:
        return AESGCM(read_secret(self.folder / "wrapping.key"))


def create_body_key(private_file: Path) -> X25519PublicKey:
    """Make a requesting body's sealing key; the private half stays with the body."""
    private = X25519PrivateKey.generate()
    write_secret(private_file, private.private_bytes_raw())
    return private.public_key()


def read_body_key(private_file: Path) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(read_secret(private_file))


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new key file, whole and durable or not at all, mode 0600; an existing file is never replaced."""
    fresh = path.with_name(path.name + f".{os.getpid()}.new")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(opened, secret.hex().encode() + b"\n")
        os.fsync(opened)
    finally:
        os.close(opened)
    try:
        os.link(fresh, path)
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path) -> bytes:
    """Read a key file.

    Raises:
        Fault: ``settings-invalid`` when it is missing, malformed, or readable by others.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise Fault(FaultKind.SETTINGS_INVALID, "a key file is open to others: chmod 600", where=path.name)
        return bytes.fromhex(path.read_text())
    except FileNotFoundError:
        raise Fault(FaultKind.SETTINGS_INVALID, "a key file is missing", where=path.name) from None
    except ValueError:
        raise Fault(FaultKind.SETTINGS_INVALID, "a key file is malformed", where=path.name) from None
