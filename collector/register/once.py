"""A request of a program that must not be taken twice, however often it is sent.

A program that lost the answer sends its request again under the same key (the Idempotency-Key
header of draft-ietf-httpapi-idempotency-key-header), and is answered as the first time. What was
stated and what was answered are one transaction, and the head of the log is held meanwhile: of two
at once the second waits for the first. What was refused stated nothing, so nothing is remembered.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from collector.errors import ConstatError
from collector.register.sealing import Desk, Sealer, open_desk
from collector.store.pool import Pool, transaction
from collector.store.register_answers import Known, find_answer, keep_answer
from collector.store.register_tokens import Holder
from collector.store.tenants import tenant_named


class KeyReusedError(ConstatError):
    """A key came again with another request than the one it was first used for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its key, empty for one that may be taken twice, and a digest of it."""

    key: str
    fingerprint: bytes


async def stated_once(
    pool: Pool,
    sealer: Sealer,
    holder: Holder,
    asked: Asked,
    state: Callable[[Desk], Awaitable[bytes]],
) -> bytes:
    """State what a program asks at a desk, unless that was done; return the answer to it."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, holder.tenant)
        desk = await open_desk(
            connection, tenant_id, holder.tenant, sealer, f"program {holder.name}"
        )
        if not asked.key:
            return await state(desk)
        known = await find_answer(connection, tenant_id, holder.name, asked.key, desk.at_us)
        if known is None:
            known = Known(asked.fingerprint, await state(desk))
            await keep_answer(connection, tenant_id, holder.name, asked.key, known, desk.at_us)
        if known.fingerprint != asked.fingerprint:
            raise KeyReusedError("Idempotency-Key: was used for another request: give a new one")
        return known.answer
