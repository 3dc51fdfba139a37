"""Interventions of persons as the log has them, and the months of them that were sent."""

import json
from typing import Any, Final, NamedTuple

from collector.judge.operation import Change, Correction
from collector.record.entry import RegisterEntry
from collector.record.interventions import Mode, NamedIntervention, intervention_after
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class InterventionRow(NamedTuple):
    """An intervention and the hospital it is registered in."""

    tenant: str
    intervention: NamedIntervention


class ExportRow(NamedTuple):
    """A month that was sent: how many rows, the digest of the CSV, the recipient's commitment."""

    month: str
    rows: int
    sha256: str
    recipient: str
    entry: int
    at_us: int
    author: str


async def put_intervention(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put where an intervention stands after an entry into its row."""
    name = entry.body["intervention"]
    known = await find_intervention(connection, tenant_id, name)
    made = intervention_after(known, entry, index)
    await connection.execute(
        "INSERT INTO intervention (tenant_id, intervention, entry, registered_at, author, person,"
        " purpose, site, start_us, end_us, mode, confidentiality, window_id, corrections)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        " ON CONFLICT (tenant_id, intervention) DO UPDATE SET purpose = excluded.purpose,"
        " start_us = excluded.start_us, end_us = excluded.end_us, mode = excluded.mode,"
        " confidentiality = excluded.confidentiality, corrections = excluded.corrections",
        tenant_id,
        made.id,
        made.entry,
        made.registered_us,
        made.author,
        made.person,
        made.purpose,
        made.site,
        made.start_us,
        made.end_us,
        made.mode,
        made.confidentiality,
        made.window,
        json.dumps([_stored(correction) for correction in made.corrections]),
    )


async def add_export(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the entry of a month that was sent into its table."""
    body = entry.body
    await connection.execute(
        "INSERT INTO intervention_export (tenant_id, entry, month, row_count, sha256, recipient,"
        " at_us, author) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id,
        index,
        body["month"],
        body["rows"],
        body["sha256"],
        body["recipient"],
        entry.at_us,
        entry.author,
    )


_ROWS: Final = (
    "SELECT t.name, i.intervention, i.entry, i.registered_at, i.author, i.person, i.purpose,"
    " i.site, i.start_us, i.end_us, i.mode, i.confidentiality, i.window_id, i.corrections"
    " FROM intervention i JOIN tenant t USING (tenant_id)"
)


async def find_intervention(
    connection: Connection, tenant_id: TenantId, name: str
) -> NamedIntervention | None:
    """Return an intervention of a hospital; None when there is none of that name."""
    row = await connection.fetchrow(
        f"{_ROWS} WHERE i.tenant_id = $1 AND i.intervention = $2", tenant_id, name
    )
    return None if row is None else _row(row).intervention


async def interventions_named(connection: Connection, name: str) -> list[InterventionRow]:
    """Return the interventions of that name, in whatever hospital."""
    rows = await connection.fetch(f"{_ROWS} WHERE i.intervention = $1 ORDER BY t.name", name)
    return [_row(row) for row in rows]


async def list_interventions(
    connection: Connection,
    *,
    tenant: str | None = None,
    window: str | None = None,
    only_open: bool = False,
) -> list[InterventionRow]:
    """Return interventions in order of start; all of them unless some are asked for."""
    rows = await connection.fetch(
        f"{_ROWS} WHERE ($1::text IS NULL OR t.name = $1)"
        " AND ($2::text IS NULL OR i.window_id = $2) AND NOT ($3 AND i.end_us IS NOT NULL)"
        " ORDER BY i.start_us, t.name, i.intervention",
        tenant,
        window,
        only_open,
    )
    return [_row(row) for row in rows]


async def exports_of(connection: Connection, tenant_id: TenantId, month: str) -> list[ExportRow]:
    """Return when a month of a hospital was sent, in order."""
    rows = await connection.fetch(
        "SELECT month, row_count, sha256, recipient, entry, at_us, author FROM intervention_export"
        " WHERE tenant_id = $1 AND month = $2 ORDER BY entry",
        tenant_id,
        month,
    )
    return [ExportRow(*row) for row in rows]


async def lock_intervention_numbering(connection: Connection, prefix: str) -> int:
    """Return the highest number of the ids `prefixN`, 0 without any; others wait for their turn."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"intervention {prefix}")
    highest = await connection.fetchval(
        "SELECT max(substr(intervention, length($1) + 1)::bigint) FROM intervention"
        " WHERE starts_with(intervention, $1)"
        " AND substr(intervention, length($1) + 1) ~ '^[0-9]{1,9}$'",
        prefix,
    )
    return highest or 0


def _row(row: Any) -> InterventionRow:  # noqa: ANN401 - a record of the database's
    return InterventionRow(
        row["name"],
        NamedIntervention(
            id=row["intervention"],
            entry=row["entry"],
            registered_us=row["registered_at"],
            author=row["author"],
            person=row["person"],
            purpose=row["purpose"],
            site=row["site"],
            start_us=row["start_us"],
            end_us=row["end_us"],
            mode=Mode(row["mode"]) if row["mode"] else None,
            confidentiality=row["confidentiality"],
            window=row["window_id"],
            corrections=tuple(_correction(stored) for stored in json.loads(row["corrections"])),
        ),
    )


def _stored(correction: Correction) -> dict[str, Any]:
    return {
        "at_us": correction.at_us,
        "author": correction.author,
        "reason": correction.reason,
        "changes": [change._asdict() for change in correction.changes],
    }


def _correction(stored: dict[str, Any]) -> Correction:
    changes = tuple(Change(**change) for change in stored["changes"])
    return Correction(stored["at_us"], stored["author"], stored["reason"], changes)
