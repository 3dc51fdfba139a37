"""Time stamps: those the log has, which entries wait for one, and what came of the last attempt."""

from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.record.stamped import WANTED, Stamped, stamped_of
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class StampRow(NamedTuple):
    """A stamp, the entry of the log it stands in, and when that was sealed."""

    tenant: str
    entry: int
    sealed_at_us: int
    stamp: Stamped


class WantedRow(NamedTuple):
    """A step of a window that a stamp must cover."""

    tenant: str
    entry: int
    window_id: str
    kind: str
    at_us: int


class Waiting(NamedTuple):
    """A hospital whose log is not empty, and what there is to stamp of it.

    It began at `began_us`. `oldest_us` is when the oldest step was sealed that no stamp covers,
    `last_us` when the latest stamp was; `attempts` in vain were made since, the next is due at
    `next_us`. All are instants of the collector's clock: an authority's may be wrong.
    """

    tenant_id: TenantId
    tenant: str
    began_us: int
    oldest_us: int | None
    last_us: int | None
    attempts: int
    next_us: int | None

    @property
    def known(self) -> bool:
        """Whether an authority was ever asked to stamp it."""
        return self.last_us is not None or self.attempts > 0


async def add_stamp(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the stamp of an entry into its table."""
    stamp = stamped_of(entry.body)
    await connection.execute(
        "INSERT INTO stamp (tenant_id, entry, size, at_us, accuracy_us, authority, token,"
        " sealed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id,
        index,
        *stamp,
        entry.at_us,
    )


async def list_stamps(connection: Connection, tenant: str | None = None) -> list[StampRow]:
    """Return the stamps on the log of a hospital, or of all, in the order of the log."""
    rows = await connection.fetch(
        "SELECT t.name, s.entry, s.sealed_at, s.size, s.at_us, s.accuracy_us, s.authority, s.token"
        " FROM stamp s JOIN tenant t USING (tenant_id) WHERE $1::text IS NULL OR t.name = $1"
        " ORDER BY t.name, s.entry",
        tenant,
    )
    return [
        StampRow(tenant, entry, sealed_at_us, Stamped(*said))
        for tenant, entry, sealed_at_us, *said in rows
    ]


async def list_wanted(connection: Connection, tenant: str | None = None) -> list[WantedRow]:
    """Return the steps of windows that want a stamp, in the order of the log."""
    rows = await connection.fetch(
        "SELECT t.name, s.entry, s.window_id, s.kind, s.at_us FROM window_step s"
        " JOIN tenant t USING (tenant_id) WHERE s.kind = ANY($1)"
        " AND ($2::text IS NULL OR t.name = $2) ORDER BY t.name, s.entry",
        _KINDS,
        tenant,
    )
    return [WantedRow(*row) for row in rows]


async def logs_waiting(connection: Connection) -> list[Waiting]:
    """Return what there is to stamp of every log that has an entry."""
    rows = await connection.fetch(
        "SELECT t.tenant_id, t.name, began.received_at, oldest.at_us, last.at_us,"
        " coalesce(a.attempts, 0), a.next_at FROM tenant t"
        " JOIN log began ON (began.tenant_id, began.idx) = (t.tenant_id, 0)"
        " LEFT JOIN stamp_attempt a ON a.tenant_id = t.tenant_id"
        " CROSS JOIN LATERAL (SELECT max(s.size) AS size, max(s.sealed_at) AS at_us"
        " FROM stamp s WHERE s.tenant_id = t.tenant_id) AS last"
        " CROSS JOIN LATERAL (SELECT min(w.at_us) AS at_us FROM window_step w"
        " WHERE w.tenant_id = t.tenant_id AND w.kind = ANY($1)"
        " AND w.entry >= coalesce(last.size, 0)) AS oldest ORDER BY t.name",
        _KINDS,
    )
    return [Waiting(*row) for row in rows]


async def postpone(
    connection: Connection, waiting: Waiting, answer: str, *, now_us: int, next_us: int
) -> None:
    """Note an attempt in vain, and when the next one is made."""
    await connection.execute(
        "INSERT INTO stamp_attempt (tenant_id, attempts, answer, last_at, next_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id) DO UPDATE SET"
        " attempts = excluded.attempts, answer = excluded.answer, last_at = excluded.last_at,"
        " next_at = excluded.next_at",
        waiting.tenant_id,
        waiting.attempts + 1,
        answer,
        now_us,
        next_us,
    )


async def answers_in_vain(connection: Connection) -> dict[str, str]:
    """Return what came of the last attempt, by hospital, where it was in vain."""
    rows = await connection.fetch(
        "SELECT t.name, a.answer FROM stamp_attempt a JOIN tenant t USING (tenant_id)"
    )
    return {row["name"]: row["answer"] for row in rows}


async def forget_attempts(connection: Connection, tenant_id: TenantId) -> None:
    """Forget the attempts in vain: there was one that was not."""
    await connection.execute("DELETE FROM stamp_attempt WHERE tenant_id = $1", tenant_id)


_KINDS: Final = [kind.value for kind in WANTED]
