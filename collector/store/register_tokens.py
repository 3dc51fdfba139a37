"""Tokens of programs that state interventions in the register of one hospital.

A token is 192 random bits; only its SHA-256 is kept, so reading the database lets nobody state
anything.
"""

from secrets import token_urlsafe
from typing import Final, NamedTuple

from collector.errors import ConfigurationError, NotFoundError
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from collector.store.tokens import token_hash
from probes.model.instant import DAY

LONGEST_LIFE_US: Final = 366 * DAY

_BYTES: Final = 24


class Holder(NamedTuple):
    """The program that shows a token, and the hospital it may state interventions in."""

    tenant: str
    name: str


async def create_register_token(
    connection: Connection, tenant_id: TenantId, holder: str, *, now_us: int, life_us: int
) -> str:
    """Return a new token for a program; it is shown this once."""
    if not 0 < life_us <= LONGEST_LIFE_US:
        raise ConfigurationError("a token for interventions lives for at most 366 days")
    token = token_urlsafe(_BYTES)
    await connection.execute(
        "INSERT INTO register_token (token_hash, tenant_id, holder, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        token_hash(token),
        tenant_id,
        holder,
        now_us,
        now_us + life_us,
    )
    return token


async def holder_of(connection: Connection, token: str, tenant: str, now_us: int) -> Holder | None:
    """Return who shows a token that is good for a hospital at an instant; None for any other."""
    row = await connection.fetchrow(
        "SELECT name, holder FROM register_token JOIN tenant USING (tenant_id)"
        " WHERE token_hash = $1 AND name = $2 AND expires_at > $3",
        token_hash(token),
        tenant,
        now_us,
    )
    return None if row is None else Holder(*row)


async def revoke_register_tokens(connection: Connection, tenant_id: TenantId, holder: str) -> int:
    """Forget the tokens of a program; return how many; `NotFoundError` when it has none."""
    revoked = await connection.fetch(
        "DELETE FROM register_token WHERE tenant_id = $1 AND holder = $2 RETURNING 1",
        tenant_id,
        holder,
    )
    if not revoked:
        raise NotFoundError(f"no program {holder!r} has a token for interventions there")
    return len(revoked)
