"""A tree of which only some leaves are at hand: nodes stand for the rest.

The nodes are the largest complete subtrees without a leaf that is at hand, so there is exactly one
set of them, and one way to the root.
"""

from collections.abc import Iterable, Iterator, Mapping

from collector.evidence.bundle import BundleError, Tree
from probes.model.merkle import Frontier, Node, node_hash

_Span = tuple[int, int]


def missing_nodes(size: int, spans: Iterable[_Span]) -> list[Node]:
    """Return the nodes that stand for the leaves outside of some ranges, in order of leaf."""
    missing: list[Node] = []
    end = 0
    for start, stop in [*spans, (size, size)]:
        missing += _complete(end, start)
        end = stop
    return missing


def partial_root(tree: Tree, leaves: Iterable[bytes]) -> bytes:
    """Return the root from the leaf hashes at hand, in order, and the nodes for the others.

    Raises `BundleError` for a node or a leaf too many or too few.
    """
    if {*missing_nodes(tree.size, tree.entries)} != tree.nodes.keys():
        raise BundleError("tree", "the nodes are not those that stand for the other leaves")
    stack: list[tuple[Node, bytes]] = []
    for node, value in _in_order(tree.entries, tree.nodes, leaves):
        stack.append((node, value))
        while len(stack) > 1 and _are_sides(stack[-2][0], stack[-1][0]):
            (left, left_hash), (_, right_hash) = stack[-2:]
            above = Node(left.level + 1, left.place // 2)
            stack[-2:] = [(above, node_hash(left_hash, right_hash))]
    try:
        return Frontier(tree.size, tuple(value for _, value in stack)).root
    except ValueError:
        raise BundleError("tree", "the leaves do not make a tree of that size") from None


def _are_sides(left: Node, right: Node) -> bool:
    return left.level == right.level and left.place % 2 == 0 and right.place == left.place + 1


def _in_order(
    spans: Iterable[_Span], nodes: Mapping[Node, bytes], leaves: Iterable[bytes]
) -> Iterator[tuple[Node, bytes]]:
    """Yield leaves and nodes in the order of their first leaf."""
    given = iter(leaves)
    waiting = sorted(nodes, key=lambda node: node.place << node.level, reverse=True)
    for start, end in spans:
        while waiting and waiting[-1].place << waiting[-1].level < start:
            node = waiting.pop()
            yield node, nodes[node]
        for place in range(start, end):
            leaf = next(given, None)
            if leaf is None:
                raise BundleError("tree", f"leaf {place} is missing")
            yield Node(0, place), leaf
    for node in reversed(waiting):
        yield node, nodes[node]
    if next(given, None) is not None:
        raise BundleError("tree", "there are more entries than leaves")


def _complete(start: int, end: int) -> Iterator[Node]:
    """Yield the largest complete subtrees of the leaves `[start, end)`."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield Node(level, start >> level)
        start += 1 << level
