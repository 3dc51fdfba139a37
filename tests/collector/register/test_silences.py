"""An agent silent for longer than its spool keeps is stated so, once, and so is its return."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from collector.record.entry import RegisterEntry
from collector.record.silence import (
    AGENT_RETURNED,
    AGENT_SILENT,
    LISTENS_FIRST_US,
    SPOOL_KEEPS_US,
    unheard_since,
)
from collector.register.rebuilding import rebuild
from collector.register.sealing import Sealer
from collector.register.silences import note_silences
from collector.store.agents import revoke_agent
from collector.store.fleet import read_agents
from collector.store.ingest import Ingest
from collector.store.log import entries
from collector.store.pool import Pool, connected, transaction
from collector.store.telemetry import Telemetry
from collector.store.tenants import tenant_named
from probes.model.instant import DAY, HOUR, MINUTE
from tests.collector.conftest import Clock
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns, enrolled

LONG_AGO = NOON_US - DAY


@asynccontextmanager
async def taking(pool: Pool, clock: Clock) -> AsyncIterator[Ingest]:
    """An ingest on the clock of the test."""
    ingest = Ingest(pool, LOG_KEY, clock, Telemetry())
    task = asyncio.create_task(ingest.run())
    try:
        yield ingest
    finally:
        ingest.close()
        await task


@pytest.fixture
async def sender(pool: Pool, clock: Clock) -> Sender:
    """An agent that sent one batch at noon."""
    clock.now_us = NOON_US
    enrolled_sender, _ = await enrolled(pool)
    await _sends(pool, clock, enrolled_sender)
    return enrolled_sender


async def _sends(pool: Pool, clock: Clock, sender: Sender) -> None:
    async with taking(pool, clock) as ingest:
        await ingest.submit(sender.seal(columns("UUU")))


async def _stated(pool: Pool) -> list[tuple[str, dict[str, object]]]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        kinds = [AGENT_SILENT, AGENT_RETURNED]
        found = [each async for each in entries(connection, tenant_id, kinds=kinds)]
    return [(each.kind, RegisterEntry.decode(each.envelope.payload).body) for each in found]


async def _silent_since(pool: Pool) -> list[int | None]:
    async with connected(pool) as connection:
        return [agent.silent_since_us for agent in await read_agents(connection)]


def test_a_collector_that_has_just_begun_to_listen_blames_nobody() -> None:
    now_us = LONG_AGO + LISTENS_FIRST_US
    assert unheard_since(now_us - 1, LONG_AGO) is None
    assert unheard_since(now_us, LONG_AGO) == now_us - SPOOL_KEEPS_US


async def test_a_silence_is_stated_once_with_the_last_batch_and_so_is_the_return(
    pool: Pool, sealer: Sealer, clock: Clock, sender: Sender
) -> None:
    clock.now_us = NOON_US + 7 * DAY
    assert await note_silences(pool, sealer, LONG_AGO, "me") == 0  # exactly as long as it promises
    clock.advance(1)
    assert [await note_silences(pool, sealer, LONG_AGO, "me") for _ in range(2)] == [1, 0]
    agent = sender.key.verifying_key.key_id
    who = {"agent": agent, "vantage": sender.vantage, "since_us": NOON_US}
    assert await _stated(pool) == [(AGENT_SILENT, {**who, "last_batch": 1})]
    assert await _silent_since(pool) == [NOON_US]

    clock.advance(HOUR)
    heard_us = clock.now_us
    await _sends(pool, clock, sender)
    clock.advance(MINUTE)
    await _sends(pool, clock, sender)
    assert [await note_silences(pool, sealer, LONG_AGO, "me") for _ in range(2)] == [1, 0]
    assert (await _stated(pool))[1:] == [
        (AGENT_RETURNED, {**who, "batch": 2, "heard_us": heard_us})
    ]
    assert await _silent_since(pool) == [None]

    clock.advance(7 * DAY + 1)
    assert await note_silences(pool, sealer, LONG_AGO, "me") == 1
    assert (await _stated(pool))[2] == (
        AGENT_SILENT,
        {**who, "last_batch": 3, "since_us": heard_us + MINUTE},
    )
    [rebuilt] = [each async for each in rebuild(pool)]
    assert rebuilt.differed == ()
    assert rebuilt.tables["agent_silence"].rows == 2


async def test_a_return_is_stated_even_by_a_collector_that_has_just_begun_to_listen(
    pool: Pool, sealer: Sealer, clock: Clock, sender: Sender
) -> None:
    clock.now_us = NOON_US + 8 * DAY
    assert await note_silences(pool, sealer, clock.now_us, "me") == 0
    assert await note_silences(pool, sealer, LONG_AGO, "me") == 1
    await _sends(pool, clock, sender)
    assert await note_silences(pool, sealer, clock.now_us, "me") == 1


async def test_one_that_never_sent_anything_is_silent_since_it_was_enrolled(
    pool: Pool, sealer: Sealer, clock: Clock
) -> None:
    await enrolled(pool)
    clock.now_us = NOON_US + 7 * DAY + 1
    assert await note_silences(pool, sealer, LONG_AGO, "me") == 1
    [(_, body)] = await _stated(pool)
    assert (body["last_batch"], body["since_us"]) == (0, NOON_US)


async def test_one_that_was_shut_out_owes_nothing(
    pool: Pool, sealer: Sealer, clock: Clock, sender: Sender
) -> None:
    async with transaction(pool) as connection:
        await revoke_agent(
            connection,
            sender.key.verifying_key.key_id,
            author="me",
            reason="replaced",
            key=LOG_KEY,
            at_us=clock.now_us,
        )
    clock.now_us = NOON_US + 30 * DAY
    assert await note_silences(pool, sealer, LONG_AGO, "me") == 0
