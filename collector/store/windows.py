"""Windows: their steps as the log has them, where each stands, and the verdicts recorded."""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.record.steps import StoredStep
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class WindowRow(NamedTuple):
    """Where a window stands after its last step; instants in microseconds UTC."""

    tenant: str
    id: str
    service: str
    status: str
    plan_start: int
    plan_end: int
    announced_at_us: int
    closed_at_us: int | None
    operation: str | None = None
    version_from: str | None = None
    version_to: str | None = None
    version_kind: str | None = None
    exclusion: str | None = None
    hot: bool = False
    pilot: bool = False


class RecordedVerdict(NamedTuple):
    """A verdict as it was recorded: the two findings, and the whole assessment."""

    entry: int
    at_us: int
    duration: str
    notice: str
    assessment: dict[str, Any]


async def add_step(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the entry of a step into its table."""
    await connection.execute(
        "INSERT INTO window_step (tenant_id, entry, window_id, kind, at_us, author, body)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        index,
        entry.body["window"],
        entry.kind,
        entry.at_us,
        entry.author,
        json.dumps(entry.body),
    )


async def put_window(connection: Connection, tenant_id: TenantId, window: WindowRow) -> None:
    """Put where a window stands now into its table."""
    await connection.execute(
        "INSERT INTO planned_window (tenant_id, window_id, service, status, plan_start, plan_end,"
        " announced_at, closed_at, operation, version_from, version_to, version_kind, exclusion,"
        " hot, pilot) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        " ON CONFLICT (tenant_id, window_id) DO UPDATE SET status = excluded.status,"
        " plan_start = excluded.plan_start, plan_end = excluded.plan_end,"
        " closed_at = excluded.closed_at, operation = excluded.operation,"
        " version_from = excluded.version_from, version_to = excluded.version_to,"
        " version_kind = excluded.version_kind, exclusion = excluded.exclusion,"
        " hot = excluded.hot, pilot = excluded.pilot",
        tenant_id,
        *window[1:],
    )


async def add_verdict(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the entry of a recorded verdict into its table."""
    assessment = entry.body["assessment"]
    await connection.execute(
        "INSERT INTO window_verdict (tenant_id, window_id, entry, at_us, duration, notice,"
        " assessment) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        entry.body["window"],
        index,
        entry.at_us,
        assessment["duration"]["verdict"],
        assessment["notice"]["verdict"],
        json.dumps(assessment),
    )


async def steps_of(connection: Connection, tenant_id: TenantId, window_id: str) -> list[StoredStep]:
    """Return the steps of a window, in order."""
    rows = await connection.fetch(
        "SELECT entry, kind, at_us, author, body FROM window_step"
        " WHERE tenant_id = $1 AND window_id = $2 ORDER BY entry",
        tenant_id,
        window_id,
    )
    return [
        StoredStep(row["entry"], row["kind"], row["at_us"], row["author"], json.loads(row["body"]))
        for row in rows
    ]


async def verdicts_of(
    connection: Connection, tenant_id: TenantId, window_id: str
) -> list[RecordedVerdict]:
    """Return the verdicts recorded for a window, the oldest first."""
    rows = await connection.fetch(
        "SELECT entry, at_us, duration, notice, assessment FROM window_verdict"
        " WHERE tenant_id = $1 AND window_id = $2 ORDER BY entry",
        tenant_id,
        window_id,
    )
    return [
        RecordedVerdict(
            row["entry"], row["at_us"], row["duration"], row["notice"],
            json.loads(row["assessment"]),
        )
        for row in rows
    ]  # fmt: skip


_ROWS: Final = (
    "SELECT t.name, w.window_id, w.service, w.status, w.plan_start, w.plan_end, w.announced_at,"
    " w.closed_at, w.operation, w.version_from, w.version_to, w.version_kind, w.exclusion, w.hot,"
    " w.pilot FROM planned_window w JOIN tenant t USING (tenant_id)"
)


async def windows_named(connection: Connection, window_id: str) -> list[WindowRow]:
    """Return the windows of that id, in whatever hospital."""
    rows = await connection.fetch(f"{_ROWS} WHERE window_id = $1 ORDER BY t.name", window_id)
    return [WindowRow(*row) for row in rows]


async def list_windows(
    connection: Connection,
    *,
    tenant: str | None = None,
    statuses: Sequence[str] = (),
    operation: str | None = None,
) -> list[WindowRow]:
    """Return windows, the latest plan first; all of them unless some are asked for."""
    rows = await connection.fetch(
        f"{_ROWS} WHERE ($1::text IS NULL OR t.name = $1)"
        " AND (cardinality($2::text[]) = 0 OR w.status = ANY($2))"
        " AND ($3::text IS NULL OR w.operation = $3)"
        " ORDER BY w.plan_start DESC, t.name, w.window_id",
        tenant,
        list(statuses),
        operation,
    )
    return [WindowRow(*row) for row in rows]


async def closed_without_verdict(connection: Connection) -> list[WindowRow]:
    """Return the closed windows for which no verdict was recorded yet."""
    rows = await connection.fetch(
        f"{_ROWS} WHERE w.status = 'closed' AND NOT EXISTS (SELECT FROM window_verdict v"
        " WHERE (v.tenant_id, v.window_id) = (w.tenant_id, w.window_id)) ORDER BY w.closed_at"
    )
    return [WindowRow(*row) for row in rows]


async def lock_numbering(connection: Connection, prefix: str) -> int:
    """Return the highest number of the ids `prefixN`, 0 without any; others wait for their turn."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"window {prefix}")
    highest = await connection.fetchval(
        "SELECT max(substr(window_id, length($1) + 1)::bigint) FROM planned_window"
        " WHERE starts_with(window_id, $1) AND substr(window_id, length($1) + 1) ~ '^[0-9]{1,9}$'",
        prefix,
    )
    return highest or 0
