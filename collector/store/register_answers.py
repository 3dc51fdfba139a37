"""Answers to programs that gave their request a key: the same request again gets the same answer.

A key belongs to one program in one hospital, and is remembered for seven days.
"""

from typing import Final, NamedTuple

from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import DAY

REMEMBERED_US: Final = 7 * DAY


class Known(NamedTuple):
    """What a key was used for, by the digest of the request, and what was answered."""

    fingerprint: bytes
    answer: bytes


async def find_answer(
    connection: Connection, tenant_id: TenantId, holder: str, key: str, now_us: int
) -> Known | None:
    """Return what was answered under a key; None for one that is new or was forgotten."""
    row = await connection.fetchrow(
        "SELECT fingerprint, answer FROM register_answer"
        " WHERE tenant_id = $1 AND holder = $2 AND key = $3 AND at_us > $4",
        tenant_id,
        holder,
        key,
        now_us - REMEMBERED_US,
    )
    return None if row is None else Known(*row)


async def keep_answer(  # noqa: PLR0913, PLR0917 - a column for each
    connection: Connection, tenant_id: TenantId, holder: str, key: str, known: Known, now_us: int
) -> None:
    """Remember what was answered under a key, and forget what is too old."""
    await connection.execute(
        "DELETE FROM register_answer WHERE tenant_id = $1 AND at_us <= $2",
        tenant_id,
        now_us - REMEMBERED_US,
    )
    await connection.execute(
        "INSERT INTO register_answer (tenant_id, holder, key, fingerprint, answer, at_us)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        tenant_id,
        holder,
        key,
        known.fingerprint,
        known.answer,
        now_us,
    )
