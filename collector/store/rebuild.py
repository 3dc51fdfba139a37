"""Emptying a hospital's projected tables, and telling whether two fillings are the same rows."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from collector.store.pool import Connection
from collector.store.tenants import TenantId

# The tables that measurements fill, with the watermark up to which the log has been projected.
SERIES_TABLES: Final = ("span", "span_hour", "latency", "measurement")


class Filling(NamedTuple):
    """What a table holds of a hospital: how many rows, and a digest of them in any order."""

    rows: int
    digest: str


async def fillings(
    connection: Connection, tenant_id: TenantId, tables: Iterable[str]
) -> dict[str, Filling]:
    """Return what each table holds of a hospital."""
    return {table: await _filling(connection, tenant_id, table) for table in tables}


async def empty(connection: Connection, tenant_id: TenantId, tables: Iterable[str]) -> None:
    """Delete a hospital's rows of some tables."""
    for table in tables:
        await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant_id)  # noqa: S608 - names of ours


async def forget_watermark(connection: Connection, tenant_id: TenantId) -> None:
    """Let the projector begin again at the start of a hospital's log."""
    await connection.execute("UPDATE projection SET watermark = 0 WHERE tenant_id = $1", tenant_id)


def differing(before: Mapping[str, Filling], after: Mapping[str, Filling]) -> list[str]:
    """Return the tables that did not hold the same rows."""
    return [table for table in before if before[table] != after[table]]


async def _filling(connection: Connection, tenant_id: TenantId, table: str) -> Filling:
    # Sums of digests: one string of them all would be larger than PostgreSQL allows.
    row = await connection.fetchrow(
        "SELECT count(*), concat_ws(' ', sum(('x' || left(digest, 16))::bit(64)::bigint),"  # noqa: S608 - names of ours
        " sum(('x' || right(digest, 16))::bit(64)::bigint))"
        f" FROM (SELECT md5(t::text) AS digest FROM {table} t WHERE tenant_id = $1) AS held",
        tenant_id,
    )
    if row is None:
        raise AssertionError(table)
    return Filling(row[0], row[1])
