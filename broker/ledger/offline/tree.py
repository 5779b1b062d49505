"""Arithmetic of the tree, written apart from the writer's own: levels of complete subtrees, roots, folded paths."""

from hashlib import sha256


def levels_of(leaves: list[bytes]) -> list[list[bytes]]:
    """Complete subtrees, level by level."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        pairs = iter(levels[-1])
        levels.append([sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)])
    return levels


def root_of(levels: list[list[bytes]], size: int) -> bytes:
    root = b""
    for level in range(size.bit_length()):
        if size >> level & 1:
            peak = levels[level][(size >> level) - 1]
            root = peak if not root else sha256(b"\x01" + peak + root).digest()
    return root or sha256(b"").digest()


def folded(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root an inclusion path leads to, in the form of RFC 6962 section 2.1.1 read from the leaf up."""
    if index >= size:
        return None
    last, found, steps = size - 1, leaf, iter(path)
    while last:
        if index & 1 or index < last:
            sibling = next(steps, None)
            if sibling is None:
                return None
            found = sha256(b"\x01" + (sibling + found if index & 1 else found + sibling)).digest()
        index, last = index >> 1, last >> 1
    return found if next(steps, None) is None else None
