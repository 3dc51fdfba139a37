"""Stating that a vantage point fell silent, once, and that it is heard again; letters tell of both.

Silence is no outage: of the service it says nothing, and no entry here is an alarm of one. A server
or an external vantage point is there day and night; a workstation sleeps, and is told of only when
it is silent for longer than its spool keeps what it measures.
"""

from typing import Final

from collector.judge.alarm import alarm_name
from collector.record.silence import LISTENS_FIRST_US, SPOOL_KEEPS_US
from collector.register.sealing import Sealer, open_desk
from collector.store.pool import Pool, connected, transaction
from collector.store.silence_alarms import (
    SILENCE_DETECTED,
    SILENCE_ENDED,
    silent_vantages,
    vantages_heard_again,
)
from collector.store.tenants import TenantId
from probes.model.instant import MINUTE

# An agent sends at least every 30 s, and comes back within ten minutes of an absent collector.
ALWAYS_ON_PATIENCE_US: Final = 15 * MINUTE


async def note_silence_alarms(
    pool: Pool, sealer: Sealer, listening_since_us: int, author: str
) -> int:
    """Look at every vantage point once; return how many entries were sealed.

    `listening_since_us` is when this collector began to take batches: one that has only just begun
    says of nobody that it is silent, for the silence may have been its own.
    """
    now_us = sealer.now_us()
    listens = now_us - listening_since_us >= LISTENS_FIRST_US
    async with connected(pool) as connection:
        found: dict[TenantId, str] = {
            each.tenant_id: each.tenant for each in await vantages_heard_again(connection)
        }
        if listens:
            for each in await silent_vantages(connection, *_before_us(now_us)):
                found[each.tenant_id] = each.tenant
    sealed = 0
    for tenant_id, tenant in found.items():
        sealed += await _note(pool, sealer, (tenant_id, tenant), author, listens=listens)
    return sealed


async def _note(
    pool: Pool, sealer: Sealer, of: tuple[TenantId, str], author: str, *, listens: bool
) -> int:
    """State what holds once the head is locked: a batch may have come in the meantime."""
    tenant_id, tenant = of
    async with transaction(pool) as connection:
        desk = await open_desk(connection, tenant_id, tenant, sealer, author)
        heard = await vantages_heard_again(connection, tenant_id)
        for back in heard:
            await desk.seal(
                SILENCE_ENDED,
                {"alarm": back.alarm, "vantage": back.vantage, "heard_us": back.heard_us},
            )
        if not listens:
            return len(heard)
        unheard = await silent_vantages(connection, *_before_us(desk.at_us), tenant_id)
        for silent in unheard:
            await desk.seal(
                SILENCE_DETECTED,
                {
                    "alarm": alarm_name(f"silence-{silent.vantage}", silent.since_us),
                    "vantage": silent.vantage,
                    "kind": silent.kind,
                    "since_us": silent.since_us,
                },
            )
        return len(heard) + len(unheard)


def _before_us(now_us: int) -> tuple[int, int]:
    return now_us - SPOOL_KEEPS_US, now_us - ALWAYS_ON_PATIENCE_US
