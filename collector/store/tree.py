"""The Merkle tree of a log as it is stored: the nodes that proofs are made of.

Hashes of leaves stand beside their entries, roots of complete subtrees of 256 leaves and of powers
of that in tiles; whatever lies between is folded from those.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from collector.store.log import TILE_LEVELS, Head, UnsoundLogError
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.merkle import EMPTY, Frontier, Node, Path

_MOST_NODES: Final = 50_000


class NodeReader:
    """Finds the nodes that proofs are made of, and remembers those it needed last.

    What a transaction makes is believed once a later one stands on it: it may have been given up.
    """

    def __init__(self) -> None:
        self._known: dict[TenantId, dict[Node, bytes]] = {}
        self._made: dict[TenantId, tuple[Frontier, Mapping[Node, bytes]]] = {}

    def stand_on(self, tenant_id: TenantId, head: Head) -> None:
        """Take what was made up to a head as certain; forget it if the log went another way."""
        tree, nodes = self._made.pop(tenant_id, (None, {}))
        if tree == head.tree:
            self._remember(tenant_id, nodes)

    def made(self, tenant_id: TenantId, head: Head, nodes: Mapping[Node, bytes]) -> None:
        """Note what the transaction under way made, on its way to a head."""
        self._made[tenant_id] = head.tree, nodes

    async def for_paths(
        self, connection: Connection, tenant_id: TenantId, paths: Iterable[Path]
    ) -> dict[Node, bytes]:
        """Return the nodes that some paths need."""
        wanted = {node for path in paths for step in path for node in step}
        _, made = self._made.get(tenant_id, (None, {}))
        known = self._known.get(tenant_id, {})
        found: dict[Node, bytes] = {}
        for node in wanted:
            value = made.get(node) or known.get(node)
            if value is not None:
                found[node] = value
        # What this transaction did not make was there before it, and stays.
        read = await read_nodes(connection, tenant_id, wanted - found.keys())
        self._remember(tenant_id, read)
        return found | read

    def _remember(self, tenant_id: TenantId, nodes: Mapping[Node, bytes]) -> None:
        known = self._known.setdefault(tenant_id, {})
        if len(known) > _MOST_NODES:
            known.clear()
        known.update(nodes)


async def read_nodes(
    connection: Connection, tenant_id: TenantId, wanted: Iterable[Node]
) -> dict[Node, bytes]:
    """Return some complete nodes from the tables; `UnsoundLogError` when they are not all there."""
    by_base: dict[int, list[Node]] = {}
    for node in wanted:
        by_base.setdefault(
            max(base for base in (0, *TILE_LEVELS) if base <= node.level), []
        ).append(node)
    found: dict[Node, bytes] = {}
    for base, nodes in by_base.items():
        places = {node: _below(node, base) for node in nodes}
        rows = await kept_hashes(connection, tenant_id, base, [*places.values()])
        try:
            found |= {node: _root([rows[place] for place in places[node]]) for node in nodes}
        except KeyError as missing:
            raise UnsoundLogError(f"the log has no node {missing} of level {base}") from None
    return found


def _root(hashes: Iterable[bytes]) -> bytes:
    tree, _ = EMPTY.appended(hashes)
    return tree.root


def _below(node: Node, base: int) -> range:
    width = 1 << (node.level - base)
    return range(node.place * width, (node.place + 1) * width)


async def kept_hashes(
    connection: Connection, tenant_id: TenantId, level: int, places: Iterable[range]
) -> dict[int, bytes]:
    """Return the kept nodes of a level in some ranges, by place."""
    ranges = [*places]
    if not ranges:
        return {}
    table = (
        "SELECT idx AS place, leaf AS hash FROM log WHERE tenant_id = $1 AND $4::int = 0"
        if level == 0
        else "SELECT place, hash FROM log_tile WHERE tenant_id = $1 AND level = $4"
    )
    column = "idx" if level == 0 else "place"
    rows = await connection.fetch(
        "SELECT found.place, found.hash FROM unnest($2::bigint[], $3::bigint[]) AS span (a, b)"  # noqa: S608 - constants
        f" CROSS JOIN LATERAL ({table} AND {column} >= a AND {column} < b) AS found",
        tenant_id,
        [span.start for span in ranges],
        [span.stop for span in ranges],
        level,
    )
    return {row["place"]: row["hash"] for row in rows}
