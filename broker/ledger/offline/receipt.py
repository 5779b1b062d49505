"""A receipt, verified with nothing but the entry and a public key."""

import re
from collections.abc import Sequence
from hashlib import sha256

from broker.ledger.offline.notes import Unproved, read_checkpoint, read_key, unbase64
from broker.ledger.offline.tree import folded


def verify_receipt(proof: str, entry: bytes, keys: Sequence[str]) -> tuple[int, int]:
    """Verify a receipt against the bytes of its entry; gives index and tree size.

    Raises:
        Unproved: with the reason.
    """
    heading, blank, note = proof.partition("\n\n")
    lines = heading.split("\n")
    if not blank or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Unproved("not a transparency log proof")
    if lines[1:] and lines[1].startswith("extra "):
        del lines[1]
    if len(lines) < 2 or re.fullmatch(r"index (0|[1-9]\d*)", lines[1], re.ASCII) is None:
        raise Unproved("the proof names no index")
    trusted = [read_key(text) for text in keys]
    origin, size, root = read_checkpoint(note, trusted)
    index, path = int(lines[1][6:]), [unbase64(line) for line in lines[2:]]
    if folded(index, size, sha256(b"\x00" + entry).digest(), path) != root:
        raise Unproved(f"the entry is not number {index} of {origin}")
    return index, size
