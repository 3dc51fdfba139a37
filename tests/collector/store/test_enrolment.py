"""How agents come in: with a good token and a key of their own, once, and for the record."""

import asyncio
import base64
from typing import Any

import pytest

from collector.errors import ConfigurationError, NotFoundError
from collector.record.entry import RegisterEntry
from collector.store.agents import Agent, find_agent, revoke_agent
from collector.store.enrolment import (
    KeyEnrolledError,
    TokenRefusedError,
    enrol,
    read_request,
)
from collector.store.log import entries
from collector.store.pool import Pool, connected, transaction
from collector.store.tenants import ensure_tenant
from collector.store.tokens import LONGEST_LIFE_US, create_token, token_hash
from probes.model.canonical import MalformedError
from probes.model.envelope import BATCH_TYPE, Envelope
from probes.model.keys import KeyId
from probes.model.measurement import VantageKind
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, enrolled


async def _token(
    pool: Pool,
    tenant: str = TENANT,
    **bounds: Any,  # noqa: ANN401 - the keywords of create_token
) -> str:
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        return await create_token(connection, tenant_id, now_us=NOON_US, **bounds)


async def _enrol(pool: Pool, sender: Sender, token: str, *, after_us: int = 0) -> Agent:
    async with transaction(pool) as connection:
        return await enrol(
            connection,
            read_request(sender.request()),
            token,
            key=LOG_KEY,
            now_us=lambda: NOON_US + after_us,
        )


async def test_an_enrolment_is_an_entry_with_the_signed_request(pool: Pool) -> None:
    sender = Sender()
    agent = await _enrol(pool, sender, await _token(pool))
    assert (agent.tenant, agent.vantage) == (TENANT, "accueil-03")
    async with connected(pool) as connection:
        [entry] = [entry async for entry in entries(connection, agent.tenant_id)]
    assert entry.envelope.signed_by(LOG_KEY.verifying_key)
    said = RegisterEntry.decode(entry.envelope.payload)
    assert (said.kind, said.body["agent"]) == ("agent.enrolled", sender.agent)
    assert base64.b64decode(said.body["request"]) == sender.request()


async def test_a_token_admits_one_agent(pool: Pool) -> None:
    token = await _token(pool)
    await _enrol(pool, Sender(), token)
    with pytest.raises(TokenRefusedError, match="used up"):
        await _enrol(pool, Sender(), token)


async def test_a_token_admits_as_many_as_it_was_made_for(pool: Pool) -> None:
    token = await _token(pool, count=2)
    waves = [_enrol(pool, Sender(f"poste-{number}"), token) for number in range(3)]
    results = await asyncio.gather(*waves, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [
        "Agent",
        "Agent",
        "TokenRefusedError",
    ]


async def test_asking_again_gives_the_same_answer_and_takes_nothing(pool: Pool) -> None:
    sender, token = Sender(), await _token(pool)
    assert await _enrol(pool, sender, token) == await _enrol(pool, sender, token)


async def test_a_token_expires(pool: Pool) -> None:
    token = await _token(pool)
    await _enrol(pool, Sender(), token, after_us=LONGEST_LIFE_US - 1)
    with pytest.raises(TokenRefusedError, match="expired"):
        await _enrol(pool, Sender(), await _token(pool), after_us=LONGEST_LIFE_US)


@pytest.mark.parametrize("bounds", [{"vantage": "urgences-01"}, {"kind": VantageKind.SERVER}])
async def test_a_token_may_be_for_one_vantage_point_or_kind(
    pool: Pool, bounds: dict[str, Any]
) -> None:
    token = await _token(pool, **bounds)
    with pytest.raises(TokenRefusedError):
        await _enrol(pool, Sender("accueil-03"), token)
    await _enrol(pool, Sender("urgences-01", kind=VantageKind.SERVER), token)


async def test_the_database_does_not_know_the_token(pool: Pool) -> None:
    token = await _token(pool)
    async with connected(pool) as connection:
        assert await connection.fetchval("SELECT token_hash FROM enrolment_token") == token_hash(
            token
        )
    with pytest.raises(TokenRefusedError):
        await _enrol(pool, Sender(), token_hash(token).hex())


@pytest.mark.parametrize(
    "bounds",
    [{"life_us": 0}, {"life_us": LONGEST_LIFE_US + 1}, {"count": 0}, {"count": 2, "vantage": "a"}],
)
async def test_a_token_beyond_its_bounds_is_not_made(pool: Pool, bounds: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        await _token(pool, **bounds)


async def test_a_new_key_at_a_known_vantage_point_is_a_new_agent_there(pool: Pool) -> None:
    _, first = await enrolled(pool)
    _, second = await enrolled(pool)
    assert (first.agent_id, second.agent_id) == (1, 2)
    async with connected(pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM vantage") == 1


async def test_a_key_cannot_be_enrolled_elsewhere(pool: Pool) -> None:
    sender, _ = await enrolled(pool)
    with pytest.raises(KeyEnrolledError):
        await _enrol(pool, sender, await _token(pool, "CH-AUTRE"))
    moved = Sender("urgences-01", key=sender.key)
    with pytest.raises(KeyEnrolledError):
        await _enrol(pool, moved, await _token(pool))


async def test_one_key_sent_to_two_hospitals_at_once_is_enrolled_in_one(pool: Pool) -> None:
    sender = Sender()
    tokens = [await _token(pool), await _token(pool, "CH-AUTRE")]
    results = await asyncio.gather(
        *[_enrol(pool, sender, token) for token in tokens], return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Agent", "KeyEnrolledError"]


async def test_a_revoked_agent_does_not_come_back_with_its_key(pool: Pool) -> None:
    sender, agent = await enrolled(pool)
    async with transaction(pool) as connection:
        await revoke_agent(
            connection,
            agent.key.key_id,
            author="ops",
            reason="stolen",
            key=LOG_KEY,
            at_us=NOON_US,
        )
        [last] = [
            entry async for entry in entries(connection, agent.tenant_id, kinds=["agent.revoked"])
        ]
    assert RegisterEntry.decode(last.envelope.payload).body["reason"] == "stolen"
    with pytest.raises(KeyEnrolledError, match="revoked"):
        await _enrol(pool, sender, await _token(pool))


async def test_an_agent_nobody_knows_cannot_be_revoked(pool: Pool) -> None:
    nobody = KeyId("0" * 32)
    async with transaction(pool) as connection:
        assert await find_agent(connection, nobody) is None
        with pytest.raises(NotFoundError, match=nobody):
            await revoke_agent(
                connection, nobody, author="ops", reason="", key=LOG_KEY, at_us=NOON_US
            )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"schema": "constat.enrolment/2"}, "schema"),
        ({"vantage": ""}, "vantage"),
        ({"vantage": "a\nb"}, "vantage"),
        ({"kind": "satellite"}, "kind"),
        ({"public_key": "zz"}, "public_key"),
        ({"public_key": "01" + "00" * 31}, "small order"),
        ({"public_key": Sender().key.verifying_key.raw.hex()}, "did not sign"),
    ],
)
def test_a_request_with_a_fault_is_refused(changes: dict[str, str], fault: str) -> None:
    with pytest.raises(MalformedError, match=fault):
        read_request(Sender().request(**changes))


def test_an_envelope_of_another_type_is_no_request() -> None:
    sender = Sender()
    envelope = Envelope.decode(sender.request())
    other = Envelope.seal(BATCH_TYPE, envelope.payload, sender.key)
    with pytest.raises(MalformedError, match="payloadType"):
        read_request(other.encode())
