"""Signed notes, checkpoints and proofs in the forms of C2SP. Ed25519 only.

Source: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof; divergences in docs/ledger.md.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from conventions.faults import Fault, FaultKind

ED25519 = b"\x01"
PROOF_HEADING = "c2sp.org/tlog-proof@v1"


def origin_of(installation: str, controller: str) -> str:
    """The name of a tree, which is also the name of the keys that sign its checkpoints."""
    return f"varco/{installation}/{controller}"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name; ``vkey`` is its text form, handed to auditors."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> str:
        """Eight hex digits."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).hexdigest()[:8]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id}+{_b64(ED25519 + self.raw)}"

    def check(self, signature: bytes, text: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its name."""

    verifier: Verifier
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, name: str, private: Ed25519PrivateKey) -> "Signer":
        return cls(Verifier(name, private.public_key().public_bytes_raw()), private)

    def line(self, text: bytes) -> str:
        """The signature line over a note text."""
        signed = bytes.fromhex(self.verifier.key_id) + self.private.sign(text)
        return f"— {self.verifier.name} {_b64(signed)}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: the tree, its size and its root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"


def read_vkey(text: str) -> Verifier:
    """Read a public key from its text form.

    Raises:
        Fault: ``signature-invalid`` when it is not one, or its key id does not belong to it.
    """
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        raw = b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise Fault(FaultKind.SIGNATURE_INVALID, "not a verifier key") from None
    verifier = Verifier(name, raw[1:])
    if raw[:1] != ED25519 or len(raw) != 33 or verifier.key_id != key_id:
        raise Fault(FaultKind.SIGNATURE_INVALID, "not an Ed25519 verifier key, or its id differs")
    return verifier


def sign_note(text: str, signers: Iterable[Signer]) -> str:
    """A note: text, blank line, one signature line for each signer."""
    encoded = text.encode()
    return text + "\n" + "".join(signer.line(encoded) for signer in signers)


def open_note(note: str, verifiers: Iterable[Verifier]) -> str:
    """The text of a note signed by at least one known key; every signature of a known key must hold.

    Raises:
        Fault: ``signature-invalid``.
    """
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Fault(FaultKind.SIGNATURE_INVALID, "not a signed note")
    text += "\n"
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    held = 0
    for line in signatures[:-1].split("\n"):
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            signed = b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise Fault(FaultKind.SIGNATURE_INVALID, "a signature line is malformed") from None
        if mark != "—" or not name or len(signed) < 5:
            raise Fault(FaultKind.SIGNATURE_INVALID, "a signature line is malformed")
        verifier = known.get((name, signed[:4].hex()))
        if verifier is not None:
            if not verifier.check(signed[4:], text.encode()):
                raise Fault(FaultKind.SIGNATURE_INVALID, "a signature does not hold")
            held += 1
    if not held:
        raise Fault(FaultKind.SIGNATURE_INVALID, "no signature of a known key")
    return text


def open_checkpoint(note: str, verifiers: Iterable[Verifier], origin: str) -> Checkpoint:
    """A checkpoint of the named tree, its signature verified.

    Raises:
        Fault: ``signature-invalid``, also when it is of another tree or malformed.
    """
    lines = open_note(note, verifiers).split("\n")
    if len(lines) != 4 or lines[0] != origin or not lines[1].isascii() or not lines[1].isdigit():
        raise Fault(FaultKind.SIGNATURE_INVALID, "not a checkpoint of this tree")
    checkpoint = Checkpoint(origin, int(lines[1]), b64decode(lines[2]))
    if checkpoint.text.split("\n") != lines or len(checkpoint.root) != 32:
        raise Fault(FaultKind.SIGNATURE_INVALID, "a checkpoint has one form")
    return checkpoint


def proof_text(index: int, path: Sequence[bytes], checkpoint_note: str) -> str:
    """A transparency log proof: index, inclusion path and checkpoint, verifiable offline."""
    lines = [PROOF_HEADING, f"index {index}", *(_b64(step) for step in path)]
    return "\n".join(lines) + "\n\n" + checkpoint_note


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()
