"""How an agent comes in: a token says for which hospital, a signature that the key is its own."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg

from collector.errors import RefusedError
from collector.record.entry import RegisterEntry
from collector.record.roster import AGENT_ENROLLED
from collector.store.agents import Agent, find_agent, record
from collector.store.log import lock_head
from collector.store.pool import Connection
from collector.store.tokens import admission, spend, token_hash
from probes.model.canonical import MalformedError, decode_object, text
from probes.model.envelope import ENROLMENT_TYPE, Envelope
from probes.model.keys import KeyId, SigningKey, VerifyingKey, WeakKeyError
from probes.model.measurement import VantageKind

SCHEMA: Final = "constat.enrolment/1"

_LONGEST_NAME: Final = 200


class TokenRefusedError(RefusedError):
    """The token is unknown, spent, expired, or not for this vantage point."""


class KeyEnrolledError(RefusedError):
    """The key is that of an agent somewhere else, or of one that was shut out."""


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """What an agent asks for, signed by the key it brings."""

    vantage: str
    kind: VantageKind
    agent_version: str
    key: VerifyingKey
    envelope: Envelope

    @property
    def agent(self) -> KeyId:
        """The name the agent will have."""
        return self.key.key_id


def read_request(data: bytes) -> EnrolmentRequest:
    """Return the request of these bytes; `MalformedError` unless it proves it has its key."""
    envelope = Envelope.decode(data)
    if envelope.payload_type != ENROLMENT_TYPE:
        raise MalformedError(f"payloadType: expected {ENROLMENT_TYPE}")
    fields = decode_object(envelope.payload)
    if text(fields, "schema") != SCHEMA:
        raise MalformedError(f"schema: expected {SCHEMA}")
    request = EnrolmentRequest(
        _name(fields, "vantage"),
        _kind(text(fields, "kind")),
        _name(fields, "agent_version"),
        _key(text(fields, "public_key")),
        envelope,
    )
    if not envelope.signed_by(request.key):
        raise MalformedError("signatures: the key of the request did not sign it")
    return request


async def enrol(
    connection: Connection,
    request: EnrolmentRequest,
    token: str,
    *,
    key: SigningKey,
    now_us: Callable[[], int],
) -> Agent:
    """Enrol an agent inside the caller's transaction; asked again, say the same again.

    Raises `TokenRefusedError` or `KeyEnrolledError`. `key` is the collector's log key.
    """
    admitted = await admission(connection, token, now_us=now_us())
    if admitted is None or not admitted.admits(request.vantage, request.kind):
        raise TokenRefusedError("the token is unknown, expired, or not for this vantage point")
    await lock_head(connection, admitted.tenant_id)
    known = await find_agent(connection, request.agent)
    if known is not None:
        await _refuse_elsewhere(connection, known, request, admitted.tenant)
        return known
    if not await spend(connection, token):
        raise TokenRefusedError("the token has been used up")
    entry = RegisterEntry(
        tenant=admitted.tenant,
        kind=AGENT_ENROLLED,
        at_us=now_us(),
        author=f"token {token_hash(token).hex()[:16]}",
        body={
            "agent": request.agent,
            "agent_version": request.agent_version,
            "kind": request.kind.value,
            "public_key": request.key.raw.hex(),
            "request": base64.b64encode(request.envelope.encode()).decode(),
            "vantage": request.vantage,
        },
    )
    try:
        await record(connection, admitted.tenant_id, entry, key)
    except asyncpg.UniqueViolationError:
        raise KeyEnrolledError("the key has just been enrolled elsewhere") from None
    enrolled = await find_agent(connection, request.agent)
    assert enrolled is not None  # noqa: S101 - recorded in this transaction
    return enrolled


async def _refuse_elsewhere(
    connection: Connection, known: Agent, request: EnrolmentRequest, tenant: str
) -> None:
    if (known.tenant, known.vantage) != (tenant, request.vantage):
        raise KeyEnrolledError("the key is enrolled for another vantage point")
    state = await connection.fetchval(
        "SELECT state FROM agent_cursor WHERE tenant_id = $1 AND agent_id = $2",
        known.tenant_id,
        known.agent_id,
    )
    if state != "active":
        raise KeyEnrolledError(f"the agent of this key is {state}")


def _name(fields: dict[str, object], key: str) -> str:
    value = text(fields, key)
    if not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise MalformedError(f"{key}: expected 1 to {_LONGEST_NAME} printable characters")
    return value


def _kind(value: str) -> VantageKind:
    try:
        return VantageKind(value)
    except ValueError:
        raise MalformedError(f"kind: {value!r} is not known") from None


def _key(value: str) -> VerifyingKey:
    try:
        return VerifyingKey.from_raw(bytes.fromhex(value))
    except WeakKeyError as error:
        raise MalformedError(f"public_key: {error}") from None
    except ValueError:
        raise MalformedError("public_key: is not hexadecimal") from None
