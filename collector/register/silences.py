"""Stating that an agent was silent for longer than its spool keeps, once, and that it came back."""

from collector.record.silence import AGENT_RETURNED, AGENT_SILENT, unheard_since
from collector.register.sealing import Sealer, open_desk
from collector.store.pool import Pool, connected, transaction
from collector.store.silences import agents_heard_again, unheard_agents
from collector.store.tenants import TenantId


async def note_silences(pool: Pool, sealer: Sealer, listening_since_us: int, author: str) -> int:
    """Look at every agent once; return how many entries were sealed.

    `listening_since_us` is when this collector began to take batches.
    """
    before_us = unheard_since(sealer.now_us(), listening_since_us)
    async with connected(pool) as connection:
        found: dict[TenantId, str] = {
            each.tenant_id: each.tenant for each in await agents_heard_again(connection)
        }
        if before_us is not None:
            for each in await unheard_agents(connection, before_us):
                found[each.tenant_id] = each.tenant
    sealed = 0
    for tenant_id, tenant in found.items():
        sealed += await _note(pool, sealer, (tenant_id, tenant), before_us, author)
    return sealed


async def _note(
    pool: Pool, sealer: Sealer, of: tuple[TenantId, str], before_us: int | None, author: str
) -> int:
    """State what holds once the head is locked: a batch may have come in the meantime."""
    tenant_id, tenant = of
    async with transaction(pool) as connection:
        desk = await open_desk(connection, tenant_id, tenant, sealer, author)
        heard = await agents_heard_again(connection, tenant_id)
        for back in heard:
            await desk.seal(
                AGENT_RETURNED,
                {
                    "agent": back.agent,
                    "vantage": back.vantage,
                    "since_us": back.since_us,
                    "batch": back.next_batch,
                    "heard_us": back.heard_us,
                },
            )
        if before_us is None:
            return len(heard)
        unheard = await unheard_agents(connection, before_us, tenant_id)
        for silent in unheard:
            await desk.seal(
                AGENT_SILENT,
                {
                    "agent": silent.agent,
                    "vantage": silent.vantage,
                    "last_batch": silent.last_batch,
                    "since_us": silent.since_us,
                },
            )
        return len(heard) + len(unheard)
