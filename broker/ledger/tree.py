"""The Merkle tree of RFC 6962: hashes, peaks, proofs. Pure arithmetic, no storage.

A *complete* subtree is named (level, position) and covers the leaves ``[position << level, (position + 1) << level)``.
Every function that needs hashes of old subtrees is given ``node``, which answers for complete ones.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""``node(level, position)``: the hash of a complete subtree."""

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def peak_positions(size: int) -> list[tuple[int, int]]:
    """The complete subtrees that make up a tree of ``size`` leaves, largest first."""
    return [(level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


def subtree_hash(first: int, last: int, node: Node) -> bytes:
    """The RFC 6962 hash of the leaves ``[first, last)``, where ``first`` is aligned as in any proof."""
    count = last - first
    level = count.bit_length() - 1
    if count == 1 << level:
        return node(level, first >> level)
    split = first + (1 << level)
    return node_hash(node(level, first >> level), subtree_hash(split, last, node))


def root_hash(size: int, node: Node) -> bytes:
    return subtree_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """The siblings from leaf ``index`` up to the root of the tree of ``size`` leaves.

    Source: RFC 6962 section 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    path = []
    level, position, last = 0, index, size - 1
    while last:
        sibling = position ^ 1
        if sibling < last or (sibling == last and (sibling + 1) << level <= size):
            path.append(node(level, sibling))
        elif sibling == last:
            path.append(subtree_hash(sibling << level, size, node))
        level, position, last = level + 1, position >> 1, last >> 1
    return tuple(path)


def consistency_path(old_size: int, size: int, node: Node) -> tuple[bytes, ...]:
    """What shows that the tree of ``size`` leaves begins with the tree of ``old_size``.

    Source: RFC 6962 section 2.1.2.
    """
    if not 0 < old_size <= size:
        raise ValueError("no such pair of trees")
    path: list[bytes] = []
    first, last, whole = 0, size, True
    while old_size != last:
        split = first + (1 << (last - first - 1).bit_length() - 1)
        if old_size <= split:
            path.append(subtree_hash(split, last, node))
            last = split
        else:
            path.append(subtree_hash(first, split, node))
            first, whole = split, False
    if not whole:
        path.append(subtree_hash(first, last, node))
    return tuple(reversed(path))


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to; ``None`` when its length does not fit.

    Source: RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if not last:
            return None
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return None if last else found


def is_consistent(old_size: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` shows that the second tree extends the first.

    Source: RFC 9162 section 2.1.4.2.
    """
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_found = found = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            return False
        if position & 1 or position == last:
            old_found, found = node_hash(sibling, old_found), node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return not last and old_found == old_root and found == root


class Growth:
    """A tree of ``old_size`` leaves with new leaves appended: everything that the new entries' proofs need.

    Built from the old peaks alone; the old tree is not touched, so a commit that fails is simply forgotten.
    """

    def __init__(self, old_size: int, old_peaks: dict[int, bytes], leaves: list[bytes]) -> None:
        """``old_peaks``: level to hash, for every bit set in ``old_size``."""
        self.old_size = old_size
        self.size = old_size + len(leaves)
        self._levels: list[tuple[int, list[bytes]]] = []
        fresh, level = leaves, 0
        while self.size >> level:
            start = old_size >> level
            if start & 1:
                start, fresh = start - 1, [old_peaks[level], *fresh]
            self._levels.append((start, fresh))
            pairs = iter(fresh)
            fresh = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            level += 1
        self.peaks = {level: self.node(level, position) for level, position in peak_positions(self.size)}
        self._tails = self._hash_tails()
        self.root = self._tails[-1] if self.size else EMPTY_ROOT

    def node(self, level: int, position: int) -> bytes:
        """A complete subtree that is new or borders on what is new."""
        start, hashes = self._levels[level]
        if position < start:
            raise LookupError("an old subtree")
        return hashes[position - start]

    def new_nodes(self, level: int) -> list[tuple[int, bytes]]:
        """The subtrees of a level that are complete only now."""
        if level >= len(self._levels):
            return []
        start, hashes = self._levels[level]
        first = self.old_size >> level
        return [(first + place, found) for place, found in enumerate(hashes[first - start :])]

    def _hash_tails(self) -> list[bytes]:
        """For each level the hash of what is left after its complete subtrees, empty when nothing is."""
        tails = [b""]
        for level in range(len(self._levels)):
            tail, peak = tails[-1], self.peaks.get(level)
            tails.append(tail if peak is None else node_hash(peak, tail) if tail else peak)
        return tails

    def paths(self) -> list[tuple[bytes, ...]]:
        """The inclusion path of every new leaf, in order; paths share what they have in common."""
        known: dict[tuple[int, int], tuple[bytes, ...]] = {}

        def above(level: int, position: int) -> tuple[bytes, ...]:
            last = self.size - 1 >> level
            if not last:
                return ()
            key = (level, position)
            if (path := known.get(key)) is None:
                rest = above(level + 1, position >> 1)
                sibling = position ^ 1
                if sibling > last:
                    path = rest
                elif (sibling + 1) << level <= self.size:
                    path = (self.node(level, sibling), *rest)
                else:
                    path = (self._tails[level], *rest)
                known[key] = path
            return path

        return [above(0, index) for index in range(self.old_size, self.size)]


def all_included(
    first: int, leaves: Sequence[bytes], paths: Sequence[tuple[bytes, ...]], size: int, root: bytes
) -> bool:
    """Whether every path leads from its leaf to the root; the same answer as ``root_from_inclusion`` for each.

    What an earlier path of the batch has proved is not hashed again: a path that reaches a proved subtree, with the
    same steps above it, leads where that one led.
    """
    proved: dict[tuple[int, int], tuple[bytes, tuple[bytes, ...]]] = {}
    for place, (leaf, path) in enumerate(zip(leaves, paths, strict=True)):
        if not _leads_to(first + place, size, leaf, path, root, proved):
            return False
    return True


def _leads_to(
    index: int,
    size: int,
    leaf: bytes,
    path: tuple[bytes, ...],
    root: bytes,
    proved: dict[tuple[int, int], tuple[bytes, tuple[bytes, ...]]],
) -> bool:
    passed: dict[tuple[int, int], tuple[bytes, tuple[bytes, ...]]] = {}
    level, position, last, found, step = 0, index, size - 1, leaf, 0
    while last:
        here = (found, path[step:])
        if proved.get((level, position)) == here:
            proved.update(passed)
            return True
        passed[(level, position)] = here
        if position & 1 or position < last:
            if step == len(path):
                return False
            sibling = path[step]
            found = sha256(b"\x01" + (sibling + found if position & 1 else found + sibling)).digest()
            step += 1
        level, position, last = level + 1, position >> 1, last >> 1
    if step != len(path) or found != root:
        return False
    proved.update(passed)
    return True
