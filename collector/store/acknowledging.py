"""What an agent is told of a batch that is in the log, with all it takes not to believe it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.store.checkpoints import sign_head
from collector.store.log import Head
from collector.store.pool import Connection
from collector.store.received import Received
from collector.store.tenants import TenantId
from collector.store.tree import NodeReader
from probes.model.keys import SigningKey
from probes.model.merkle import Node, Path, consistency_path, inclusion_path, proof


@dataclass(frozen=True, slots=True)
class Ack:
    """A batch is in the log, at this index.

    `checkpoint` is the signed head; `inclusion` proves that the batch is under it, `consistency`
    that it continues the log of `seen` entries, if it has as many.
    """

    agent: str
    number: int
    index: int
    checkpoint: str
    inclusion: tuple[bytes, ...]
    seen: int
    consistency: tuple[bytes, ...]
    repeated: bool


class Held(NamedTuple):
    """A batch that is in the log, and the size of the log that its agent saw last."""

    received: Received
    place: int
    seen: int
    repeated: bool

    @property
    def tenant_id(self) -> TenantId:
        """Whose log it is."""
        return self.received.agent.tenant_id


class Acknowledger:
    """Acknowledges in the name of the collector whose log key it has."""

    def __init__(self, key: SigningKey, nodes: NodeReader) -> None:
        self._key = key
        self._nodes = nodes

    async def acknowledge(
        self, connection: Connection, heads: Mapping[TenantId, Head], held: Sequence[Held]
    ) -> list[Ack]:
        """Return the acknowledgements of some batches, under one checkpoint a log."""
        paths = [_paths(each, heads[each.tenant_id].size) for each in held]
        tenants = {each.tenant_id: each.received.agent.tenant for each in held}
        nodes: dict[TenantId, dict[Node, bytes]] = {}
        notes: dict[TenantId, str] = {}
        for tenant_id, tenant in tenants.items():
            wanted = [
                path
                for each, pair in zip(held, paths, strict=True)
                if each.tenant_id == tenant_id
                for path in pair
            ]
            nodes[tenant_id] = await self._nodes.for_paths(connection, tenant_id, wanted)
            notes[tenant_id] = sign_head(tenant, heads[tenant_id], self._key).text()
        return [
            Ack(
                agent=each.received.batch.agent,
                number=each.received.batch.batch,
                index=each.place,
                checkpoint=notes[each.tenant_id],
                inclusion=tuple(proof(included, nodes[each.tenant_id])),
                seen=each.seen,
                consistency=tuple(proof(continued, nodes[each.tenant_id])),
                repeated=each.repeated,
            )
            for each, (included, continued) in zip(held, paths, strict=True)
        ]


def _paths(held: Held, size: int) -> tuple[Path, Path]:
    return inclusion_path(held.place, size), consistency_path(min(held.seen, size), size)
