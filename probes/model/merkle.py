"""The Merkle tree of a log: hashes, roots and proofs of RFC 9162, section 2.1.

A tree of n leaves is made of complete subtrees, the largest to the left. Its *frontier* is the
hashes of those, and is all that is needed to append. Both kinds of proof are given as paths: for
each hash of the proof, the complete subtrees that fold into it, so that whoever keeps the nodes can
fetch them first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()


class MerkleError(ValueError):
    """A proof that does not prove what it is for."""


class Node(NamedTuple):
    """A complete subtree of 2 ** level leaves, the first of them leaf place * 2 ** level."""

    level: int
    place: int


Path = list[tuple[Node, ...]]


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf, from its bytes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, from those of its two sides."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over complete subtrees, the largest first; `ValueError` without any."""
    *others, last = hashes
    return reduce(lambda right, left: node_hash(left, right), reversed(others), last)


@dataclass(frozen=True, slots=True)
class Frontier:
    """The complete subtrees a tree of `size` leaves is made of: their hashes, the largest first."""

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Refuse hashes that cannot be those of a tree of this size."""
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} subtrees do not make a tree of {self.size}")
        if any(len(value) != HASH_BYTES for value in self.hashes):
            raise ValueError(f"a hash has {HASH_BYTES} bytes")

    @classmethod
    def decode(cls, size: int, data: bytes) -> "Frontier":
        """Return the frontier of a tree of `size` leaves from what `encode` gave."""
        starts = range(0, len(data), HASH_BYTES)
        return cls(size, tuple(data[start : start + HASH_BYTES] for start in starts))

    def encode(self) -> bytes:
        """Return the hashes one after the other."""
        return b"".join(self.hashes)

    @property
    def root(self) -> bytes:
        """The hash of the tree."""
        return fold(self.hashes) if self.hashes else EMPTY_ROOT

    def appended(self, leaves: Iterable[bytes]) -> "tuple[Frontier, dict[Node, bytes]]":
        """Return the frontier with more leaf hashes, and every complete node that made."""
        size, hashes = self.size, [*self.hashes]
        made: dict[Node, bytes] = {}
        for leaf in leaves:
            node, value = Node(0, size), leaf
            made[node] = value
            while node.place % 2:
                value = node_hash(hashes.pop(), value)
                node = Node(node.level + 1, node.place // 2)
                made[node] = value
            hashes.append(value)
            size += 1
        return Frontier(size, tuple(hashes)), made


EMPTY: Final = Frontier(0, ())


def inclusion_path(index: int, size: int) -> Path:
    """Return the path of leaf `index` in a tree of `size` leaves (RFC 9162, section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    return _inclusion(index, 0, size)


def consistency_path(old: int, new: int) -> Path:
    """Return the path from a tree of `old` leaves to one of `new` (RFC 9162, section 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not continue one of {old}")
    return [] if old in (0, new) else _consistency(old, 0, new, whole=True)


def proof(path: Path, nodes: Mapping[Node, bytes]) -> list[bytes]:
    """Return the hashes of a path, from those of its nodes; `KeyError` for one that is missing."""
    return [fold([nodes[node] for node in step]) for step in path]


def verify_inclusion(
    leaf: bytes, index: int, size: int, hashes: Sequence[bytes], root: bytes
) -> None:
    """Raise `MerkleError` unless a leaf is in a tree of that root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise MerkleError(f"a tree of {size} has no leaf {index}")
    place, last, value = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise MerkleError("the proof of inclusion is too long")
        if place % 2 or place == last:
            value = node_hash(sibling, value)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        place, last = place >> 1, last >> 1
    if last or value != root:
        raise MerkleError(f"leaf {index} is not in the tree of {size}")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, hashes: Sequence[bytes]
) -> None:
    """Raise `MerkleError` unless one tree continues another (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= new:
        raise MerkleError(f"a tree of {new} does not continue one of {old}")
    if old in (0, new):
        unequal = old == new and old_root != new_root
        if hashes or unequal or (old == 0 and old_root != EMPTY_ROOT):
            raise MerkleError(f"the tree of {new} is not the one of {old}")
    elif not hashes:
        raise MerkleError("the proof of consistency is too short")
    elif old & (old - 1):
        _verify_both(old, new, old_root, new_root, hashes)
    else:
        _verify_both(old, new, old_root, new_root, [old_root, *hashes])


def _verify_both(
    old: int, new: int, old_root: bytes, new_root: bytes, hashes: Sequence[bytes]
) -> None:
    """Come to both roots from the hashes, of which the first is in both trees."""
    first, *rest = hashes
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    old_value = new_value = first
    for sibling in rest:
        if last == 0:
            raise MerkleError("the proof of consistency is too long")
        if place % 2 or place == last:
            old_value = node_hash(sibling, old_value)
            new_value = node_hash(sibling, new_value)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        place, last = place >> 1, last >> 1
    if last or old_value != old_root or new_value != new_root:
        raise MerkleError(f"the tree of {new} does not continue the one of {old}")


def _inclusion(index: int, start: int, end: int) -> Path:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_inclusion(index, start, middle), _nodes(middle, end)]
    return [*_inclusion(index, middle, end), _nodes(start, middle)]


def _consistency(old: int, start: int, end: int, *, whole: bool) -> Path:
    """Return the path for the first `old` leaves; `whole` while their root is known by itself."""
    if old == end:
        return [] if whole else [_nodes(start, end)]
    middle = start + _split(end - start)
    if old <= middle:
        return [*_consistency(old, start, middle, whole=whole), _nodes(middle, end)]
    return [*_consistency(old, middle, end, whole=False), _nodes(start, middle)]


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def _nodes(start: int, end: int) -> tuple[Node, ...]:
    """Return the complete subtrees of the leaves `[start, end)` of one side, largest first."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return tuple(nodes)
