"""Whose keys speak for a hospital's evidence: agents', the log's, witnesses', authorities'."""

from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Final

from collector.report.value import HeldKey, KeyHolder
from collector.store.exports import envelopes_at
from collector.store.pool import Connection
from collector.store.tenants import TenantId

_KEY_HASH_BYTES: Final = 4
_HOLDERS: Final = (KeyHolder.LOG, KeyHolder.AGENT, KeyHolder.WITNESS, KeyHolder.AUTHORITY)


async def read_keys(connection: Connection, tenant_id: TenantId) -> list[HeldKey]:
    """Return the keys that signed something in a hospital's log, or on its checkpoints."""
    return sorted([key async for key in _held(connection, tenant_id)], key=_in_order)


def _in_order(key: HeldKey) -> tuple[int, str, int]:
    """Order keys alike whatever the collation of the database."""
    return _HOLDERS.index(key.holder), key.name, key.since


async def _held(connection: Connection, tenant_id: TenantId) -> AsyncIterator[HeldKey]:
    async for first, envelope in envelopes_at(connection, tenant_id, [0]):
        yield HeldKey(KeyHolder.LOG, "", envelope.signatures[0].key_id, first)
    agents = await connection.fetch(
        "SELECT v.name, key_id, entry FROM agent JOIN vantage v USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1",
        tenant_id,
    )
    for name, key_id, entry in agents:
        yield HeldKey(KeyHolder.AGENT, name, key_id, entry)
    cosignatures = await connection.fetch(
        "SELECT DISTINCT ON (name) split_part(line, ' ', 2) AS name, split_part(line, ' ', 3), size"
        " FROM cosignature WHERE tenant_id = $1 ORDER BY name, size",
        tenant_id,
    )
    for name, signed, size in cosignatures:
        yield HeldKey(KeyHolder.WITNESS, name, b64decode(signed)[:_KEY_HASH_BYTES].hex(), size)
    authorities = await connection.fetch(
        "SELECT authority, min(size) FROM stamp WHERE tenant_id = $1 GROUP BY authority",
        tenant_id,
    )
    for authority, size in authorities:
        yield HeldKey(KeyHolder.AUTHORITY, authority, "", size)
