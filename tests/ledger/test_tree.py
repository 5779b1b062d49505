"""The tree against a slow recursive reading of RFC 6962, and against published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.ledger import tree

# Inputs and roots of the Certificate Transparency reference test, in order of growth.
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def made(size: int) -> list[bytes]:
    return [str(i).encode() for i in range(size)]


def reader(leaves: list[bytes]) -> tree.Node:
    def node(level: int, position: int) -> bytes:
        covered = leaves[position << level : (position + 1) << level]
        assert len(covered) == 1 << level, "only complete subtrees may be asked for"
        return mth(covered)

    return node


def grown(sizes: list[int]) -> tree.Growth:
    """A tree that grew by commits of these sizes."""
    total = sum(sizes)
    leaves = [tree.leaf_hash(leaf) for leaf in made(total)]
    growth = tree.Growth(0, {}, [])
    done = 0
    for size in sizes:
        growth = tree.Growth(growth.size, growth.peaks, leaves[done : done + size])
        done += size
    return growth


def test_known_roots():
    leaves = [bytes.fromhex(leaf) for leaf in KNOWN_LEAVES]
    growth = tree.Growth(0, {}, [])
    assert growth.root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(leaves, KNOWN_ROOTS, strict=True):
        growth = tree.Growth(growth.size, growth.peaks, [tree.leaf_hash(leaf)])
        assert growth.root.hex() == root


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_by_commits_gives_the_root_and_paths_of_the_whole(sizes):
    growth = grown(sizes)
    leaves = made(growth.size)
    assert growth.root == mth(leaves)
    for place, found in enumerate(growth.paths()):
        assert list(found) == path(growth.old_size + place, leaves)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(0, 5))
def test_new_nodes_are_the_subtrees_completed_by_the_last_commit(sizes, level):
    growth = grown(sizes)
    node = reader(made(growth.size))
    expected = [(p, node(level, p)) for p in range(growth.old_size >> level, growth.size >> level)]
    assert growth.new_nodes(level) == expected


@given(st.integers(1, 70), st.data())
def test_inclusion(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = made(size)
    found = tree.inclusion_path(index, size, reader(leaves))
    assert list(found) == path(index, leaves)
    leaf = tree.leaf_hash(leaves[index])
    assert tree.root_from_inclusion(index, size, leaf, found) == mth(leaves)
    assert tree.root_from_inclusion(index, size, leaf, (*found, leaf)) != mth(leaves)
    for dropped in range(len(found)):
        assert tree.root_from_inclusion(index, size, leaf, found[:dropped] + found[dropped + 1 :]) != mth(leaves)


@given(st.integers(2, 70), st.data())
def test_a_path_proves_no_other_leaf_place_or_size(size, data):
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size + 5))
    leaves = made(size)
    found = tree.inclusion_path(index, size, reader(leaves))
    root, leaf = mth(leaves), tree.leaf_hash(leaves[index])
    if other != index:
        assert tree.root_from_inclusion(other, size, leaf, found) != root
        assert tree.root_from_inclusion(index, size, tree.leaf_hash(b"x"), found) != root
    for place in range(len(found)):
        changed = (*found[:place], bytes(32), *found[place + 1 :])
        assert tree.root_from_inclusion(index, size, leaf, changed) != root


@given(st.integers(1, 70), st.data())
def test_consistency(size, data):
    old_size = data.draw(st.integers(1, size))
    leaves = made(size)
    found = tree.consistency_path(old_size, size, reader(leaves))
    assert list(found) == subproof(old_size, leaves, True)
    old_root, root = mth(leaves[:old_size]), mth(leaves)
    assert tree.is_consistent(old_size, size, old_root, root, found)
    assert not tree.is_consistent(old_size, size, bytes(32), root, found)
    assert not tree.is_consistent(old_size, size, old_root, bytes(32), found)
    assert not tree.is_consistent(old_size, size, old_root, root, (*found, root))
    for place in range(len(found)):
        assert not tree.is_consistent(old_size, size, old_root, root, (*found[:place], bytes(32), *found[place + 1 :]))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_path_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion_path(index, size, reader(made(size)))
    assert tree.root_from_inclusion(index, size, bytes(32), ()) is None


@pytest.mark.parametrize(("old_size", "size"), [(0, 3), (4, 3), (-1, 2)])
def test_no_consistency_between_trees_that_cannot_be(old_size, size):
    with pytest.raises(ValueError, match="no such pair"):
        tree.consistency_path(old_size, size, reader(made(size)))
    assert not tree.is_consistent(old_size, size, bytes(32), bytes(32), ())


def test_an_old_subtree_is_not_known_to_a_growth():
    growth = grown([8, 1])
    with pytest.raises(LookupError):
        growth.node(0, 0)


@given(st.integers(0, 60), st.integers(1, 30), st.data())
def test_a_batch_is_judged_like_each_entry_by_itself(old_size, count, data):
    growth = grown([old_size, count])
    leaves = [tree.leaf_hash(leaf) for leaf in made(growth.size)[old_size:]]
    paths = growth.paths()
    assert tree.all_included(old_size, leaves, paths, growth.size, growth.root)
    spoilt = data.draw(st.integers(0, count - 1))
    path = paths[spoilt]
    step = data.draw(st.integers(0, len(path)))
    changed = data.draw(st.sampled_from(["leaf", "step", "short", "long", "root"]))
    root = growth.root
    if changed == "leaf":
        leaves[spoilt] = bytes(32)
    elif changed == "step" and step < len(path):
        paths[spoilt] = (*path[:step], bytes(32), *path[step + 1 :])
    elif changed == "short" and path:
        paths[spoilt] = path[:-1]
    elif changed == "long":
        paths[spoilt] = (*path, bytes(32))
    else:
        root = bytes(32)
    each = [
        tree.root_from_inclusion(old_size + place, growth.size, leaf, path) == root
        for place, (leaf, path) in enumerate(zip(leaves, paths, strict=True))
    ]
    assert not all(each)
    assert tree.all_included(old_size, leaves, paths, growth.size, root) is all(each)
