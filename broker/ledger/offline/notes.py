"""Reading what was signed: verifier keys and checkpoints, in the forms of C2SP. Written apart from the writer's own."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Unproved(ValueError):
    """A receipt, key or note that does not hold; the message says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key under its name."""

    name: str
    key_id: str
    public: Ed25519PublicKey


def read_key(text: str) -> Key:
    """A verifier key: ``name+id+base64``.

    Raises:
        Unproved: it is not one.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = unbase64(encoded)
    if len(raw) != 33 or raw[:1] != b"\x01" or _key_id(name, raw) != key_id:
        raise Unproved("not an Ed25519 verifier key")
    return Key(name, key_id, Ed25519PublicKey.from_public_bytes(raw[1:]))


def read_note(note: str, keys: Sequence[Key]) -> list[str]:
    """The lines of a note, after a known key's signature is found to hold; every one of a known key must.

    Raises:
        Unproved: with the reason.
    """
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Unproved("not a signed note")
    held = False
    for line in signatures[:-1].split("\n"):
        fields = line.split(" ")
        if len(fields) != 3 or fields[0] != "\u2014":
            raise Unproved("a signature line is malformed")
        signature = unbase64(fields[2])
        for key in keys:
            if (fields[1], signature[:4].hex()) == (key.name, key.key_id):
                try:
                    key.public.verify(signature[4:], (text + "\n").encode())
                except InvalidSignature:
                    raise Unproved("its signature does not hold") from None
                held = True
    if not held:
        raise Unproved("not signed by the key in force")
    return text.split("\n")


def read_checkpoint(note: str, keys: Sequence[Key]) -> tuple[str, int, bytes]:
    """Origin, size and root.

    Raises:
        Unproved: with the reason.
    """
    lines = read_note(note, keys)
    if len(lines) != 3 or re.fullmatch(r"0|[1-9]\d*", lines[1], re.ASCII) is None:
        raise Unproved("not a checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Unproved("not a checkpoint")
    return lines[0], int(lines[1]), root


def unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Unproved("not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Unproved("base64 has one form")
    return raw


def _key_id(name: str, raw: bytes) -> str:
    return sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
