"""The Merkle tree, against the definitions of RFC 9162 written out, and vectors of others."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model.merkle import (
    EMPTY,
    EMPTY_ROOT,
    Frontier,
    MerkleError,
    Node,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    proof,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 70
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(LARGEST)]
WHOLE, NODES = EMPTY.appended(LEAVES)
# The tree of eight in the tests of certificate-transparency.
VECTOR_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
VECTOR_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, over hashes of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << power for power in range(10) if 1 << power < len(leaves))
    return sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = max(1 << power for power in range(10) if 1 << power < len(leaves))
    if index < split:
        return [*_inclusion(index, leaves[:split]), _root(leaves[split:])]
    return [*_inclusion(index - split, leaves[split:]), _root(leaves[:split])]


def _consistency(old: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if old == len(leaves):
        return [] if known else [_root(leaves)]
    split = max(1 << power for power in range(10) if 1 << power < len(leaves))
    if old <= split:
        return [*_consistency(old, leaves[:split], known=known), _root(leaves[split:])]
    rest = _consistency(old - split, leaves[split:], known=False)
    return [*rest, _root(leaves[:split])]


def test_roots_are_those_of_others() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in VECTOR_LEAVES]
    roots = [EMPTY.appended(leaves[:size])[0].root.hex() for size in range(1, 9)]
    assert roots == VECTOR_ROOTS
    assert EMPTY.root == EMPTY_ROOT == sha256(b"").digest()


def test_appending_one_by_one_or_together_is_the_same() -> None:
    frontier = EMPTY
    for size, leaf in enumerate(LEAVES, start=1):
        frontier, _ = frontier.appended([leaf])
        assert frontier.root == _root(LEAVES[:size])
        assert Frontier.decode(size, frontier.encode()) == frontier
    assert frontier == WHOLE


def test_every_node_made_covers_its_leaves() -> None:
    assert len(NODES) == sum(LARGEST >> level for level in range(7))
    for (level, place), value in NODES.items():
        assert value == _root(LEAVES[place << level : (place + 1) << level])


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_each_leaf_of_each_tree_is_proven(size: int) -> None:
    root = _root(LEAVES[:size])
    for index in range(size):
        hashes = proof(inclusion_path(index, size), NODES)
        assert hashes == _inclusion(index, LEAVES[:size])
        verify_inclusion(LEAVES[index], index, size, hashes, root)


@pytest.mark.parametrize("new", range(LARGEST + 1))
def test_each_tree_continues_each_smaller_one(new: int) -> None:
    root = _root(LEAVES[:new])
    for old in range(new + 1):
        hashes = proof(consistency_path(old, new), NODES)
        assert hashes == (_consistency(old, LEAVES[:new], known=True) if old else [])
        verify_consistency(old, new, _root(LEAVES[:old]), root, hashes)


@given(st.data())
def test_a_proof_of_inclusion_with_one_bit_wrong_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    parts = [*proof(inclusion_path(index, size), NODES), LEAVES[index], _root(LEAVES[:size])]
    wrong = _flipped(parts, data)
    with pytest.raises(MerkleError):
        verify_inclusion(wrong[-2], index, size, wrong[:-2], wrong[-1])


@given(st.data())
def test_a_proof_of_consistency_with_one_bit_wrong_is_refused(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    parts = [
        *proof(consistency_path(old, new), NODES),
        _root(LEAVES[:old]),
        _root(LEAVES[:new]),
    ]
    wrong = _flipped(parts, data)
    with pytest.raises(MerkleError):
        verify_consistency(old, new, wrong[-2], wrong[-1], wrong[:-2])


def _flipped(parts: list[bytes], data: st.DataObject) -> list[bytes]:
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = int.from_bytes(parts[which], "big") ^ (1 << bit)
    return [*parts[:which], changed.to_bytes(32, "big"), *parts[which + 1 :]]


@pytest.mark.parametrize(("old", "new"), [*pairwise(range(1, 20)), (3, 64), (64, 70), (1, 70)])
def test_a_proof_too_long_or_too_short_is_refused(old: int, new: int) -> None:
    roots = _root(LEAVES[:old]), _root(LEAVES[:new])
    hashes = proof(consistency_path(old, new), NODES)
    for wrong in (hashes[:-1], [*hashes, LEAVES[0]], [LEAVES[0], *hashes], []):
        with pytest.raises(MerkleError):
            verify_consistency(old, new, *roots, wrong)
    path = proof(inclusion_path(old, new), NODES)
    for wrong in (path[:-1], [*path, LEAVES[0]], []):
        with pytest.raises(MerkleError):
            verify_inclusion(LEAVES[old], old, new, wrong, roots[1])


def test_trees_that_cannot_be_are_refused() -> None:
    for size, hashes in ((1, ()), (3, (LEAVES[0],)), (-1, ()), (1, (b"short",))):
        with pytest.raises(ValueError, match=r"tree of|has 32 bytes"):
            Frontier(size, hashes)
    with pytest.raises(ValueError, match="has no leaf 3"):
        inclusion_path(3, 3)
    with pytest.raises(ValueError, match="does not continue"):
        consistency_path(3, 2)
    with pytest.raises(MerkleError, match="has no leaf"):
        verify_inclusion(LEAVES[0], 1, 1, [], LEAVES[0])
    with pytest.raises(MerkleError, match="does not continue"):
        verify_consistency(2, 1, LEAVES[0], LEAVES[0], [])
    with pytest.raises(MerkleError, match="is not the one of"):
        verify_consistency(1, 1, LEAVES[0], LEAVES[1], [])
    with pytest.raises(MerkleError, match="is not the one of"):
        verify_consistency(0, 1, EMPTY_ROOT, LEAVES[1], [LEAVES[0]])


def test_an_empty_tree_has_one_root() -> None:
    verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    for old_root, new_root in ((EMPTY_ROOT, LEAVES[0]), (LEAVES[0], LEAVES[0])):
        with pytest.raises(MerkleError, match="the tree of 0 is not the one of 0"):
            verify_consistency(0, 0, old_root, new_root, [])
    with pytest.raises(MerkleError, match="the tree of 1 is not the one of 0"):
        verify_consistency(0, 1, LEAVES[0], LEAVES[0], [])


def test_nodes_fold_as_the_root_does() -> None:
    assert fold([LEAVES[0]]) == LEAVES[0]
    assert fold(LEAVES[:2]) == node_hash(*LEAVES[:2])
    with pytest.raises(ValueError, match="unpack"):
        fold([])
    with pytest.raises(KeyError):
        proof([(Node(9, 9),)], NODES)
