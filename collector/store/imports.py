"""Which files of measurements were imported, and by whom."""

from typing import NamedTuple

from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class StoredImport(NamedTuple):
    """An import: its first entry in the log, when it was sealed, by whom, and from where."""

    entry: int
    at_us: int
    author: str
    source: str


async def add_import(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the first of the entries of an import into its table; the projector sees to the rest."""
    await connection.execute(
        "INSERT INTO measurement_import (tenant_id, digest, entry, at_us, author, source)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        tenant_id,
        entry.body["digest"],
        index,
        entry.at_us,
        entry.author,
        entry.body["source"],
    )


async def find_import(
    connection: Connection, tenant_id: TenantId, digest: str
) -> StoredImport | None:
    """Return the import of a file; None when it never was."""
    row = await connection.fetchrow(
        "SELECT entry, at_us, author, source FROM measurement_import"
        " WHERE tenant_id = $1 AND digest = $2",
        tenant_id,
        digest,
    )
    return None if row is None else StoredImport(*row)
