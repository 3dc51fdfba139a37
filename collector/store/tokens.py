"""Enrolment tokens: who shows one may enrol an agent, as often as it was made for, for a while.

A token is 192 random bits; only its SHA-256 is kept, so reading the database enrols nobody.
"""

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

from collector.errors import ConfigurationError
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import DAY
from probes.model.measurement import VantageKind

LONGEST_LIFE_US: Final = DAY

_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Admission:
    """What a token admits to: a hospital, and only one vantage point or kind if it says so."""

    tenant_id: TenantId
    tenant: str
    vantage: str | None
    kind: VantageKind | None

    def admits(self, vantage: str, kind: VantageKind) -> bool:
        """Return whether an agent of that name and kind may come in."""
        return self.vantage in (None, vantage) and self.kind in (None, kind)


async def create_token(  # noqa: PLR0913 - what a token is bound to
    connection: Connection,
    tenant_id: TenantId,
    *,
    now_us: int,
    life_us: int = LONGEST_LIFE_US,
    count: int = 1,
    vantage: str | None = None,
    kind: VantageKind | None = None,
) -> str:
    """Return a new token for `count` agents of a hospital; it is shown this once."""
    if not 0 < life_us <= LONGEST_LIFE_US:
        raise ConfigurationError("a token lives for more than 0 and at most 24 hours")
    if count < 1 or (vantage is not None and count > 1):
        raise ConfigurationError("a token is for at least one agent, and for one if it names it")
    token = token_urlsafe(_BYTES)
    await connection.execute(
        "INSERT INTO enrolment_token (token_hash, tenant_id, vantage, kind, remaining, created_at,"
        " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        token_hash(token),
        tenant_id,
        vantage,
        kind,
        count,
        now_us,
        now_us + life_us,
    )
    return token


async def admission(connection: Connection, token: str, *, now_us: int) -> Admission | None:
    """Return what a token admits to, spent or not, and keep others from spending it; None if bad.

    For the caller's transaction.
    """
    row = await connection.fetchrow(
        "SELECT tenant_id, name, vantage, kind FROM enrolment_token JOIN tenant USING (tenant_id)"
        " WHERE token_hash = $1 AND expires_at > $2 FOR UPDATE OF enrolment_token",
        token_hash(token),
        now_us,
    )
    if row is None:
        return None
    kind = None if row["kind"] is None else VantageKind(row["kind"])
    return Admission(TenantId(row["tenant_id"]), row["name"], row["vantage"], kind)


async def spend(connection: Connection, token: str) -> bool:
    """Take one use of a token; return whether there was one left."""
    spent = await connection.fetchval(
        "UPDATE enrolment_token SET remaining = remaining - 1"
        " WHERE token_hash = $1 AND remaining > 0 RETURNING true",
        token_hash(token),
    )
    return bool(spent)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode()).digest()
