"""Bringing batches to a collector that is really there, and really misbehaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.cursors import KEPT_BATCHES, Cursor
from agent.link import Link
from agent.push import LONGEST_WAIT_S, REFUSED_WAIT_S, Condition, Pusher, longest_wait_s
from agent.seal import Sealed
from agent.sealer import keep_sealing
from agent.spool import Spool
from probes.model.keys import SigningKey
from probes.model.measurement import Outcome
from tests.agent.spools import FORGE, HERE, opened
from tests.agent.worlds import IDENTITY, KEY, sample
from tests.servers.collector import Collector, Mishap, running
from tests.servers.listening import nobody

AGENT = IDENTITY.agent


class World(NamedTuple):
    """A spool whose batches go to one collector."""

    collector: Collector
    spool: Spool
    link: Link
    pusher: Pusher

    async def batch(self) -> Sealed:
        await self.spool.record(sample())
        batch = await self.spool.seal(FORGE)
        assert batch is not None
        return batch

    async def cursor(self) -> Cursor:
        return await self.spool.cursor(self.link.url)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    collector = Collector()
    collector.trust(KEY.verifying_key)
    async with running(collector), Link(collector.url, None, "test") as link:
        spool = await opened(tmp_path, collector.url)
        yield World(collector, spool, link, Pusher(link, spool, collector.verifier(AGENT)))
        await spool.close()


async def test_batches_arrive_in_order_and_are_acknowledged(world: World) -> None:
    for number in (1, 2, 3):
        await world.batch()
        assert await world.pusher.step() == 0
        assert (await world.cursor()).batch == number
    assert [batch.number for batch in await world.collector.received(AGENT, 3)] == [1, 2, 3]
    assert (await world.spool.held()).depth == 0


async def test_the_latest_acknowledgement_is_kept(world: World) -> None:
    await world.batch()
    await world.pusher.step()
    cursor = await world.cursor()
    assert (cursor.batch, cursor.sample, cursor.leaf) == (1, 1, 0)
    assert cursor.checkpoint == world.collector.checkpoint()


async def test_a_sample_travels_to_the_collector_by_itself(world: World) -> None:
    tasks = [
        asyncio.create_task(world.pusher.run()),
        asyncio.create_task(keep_sealing(world.spool, FORGE)),
    ]
    await world.spool.record(sample(outcome=Outcome.DOWN))
    (batch,) = await world.collector.received(AGENT, 1)
    assert batch.checks[0].outcomes == "D"
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    "mishap", [one for one in Mishap if one not in {Mishap.SILENT, Mishap.NOT_INCLUDED}]
)
async def test_after_a_mishap_a_batch_is_sent_again_and_kept_once(
    world: World, mishap: Mishap
) -> None:
    await world.batch()
    world.collector.mishaps.append(mishap)
    standings = []
    for batches, longest_s in ((0, 1), (1, 0)):
        assert 0 <= await world.pusher.step() <= longest_s
        assert (await world.cursor()).batch == batches
        standings.append(world.pusher.standing.condition)
    assert standings == [Condition.RETRYING, Condition.SERVED]
    assert len(world.collector.log) == 1


async def test_a_collector_that_never_answers_is_given_up_for_now(world: World) -> None:
    await world.batch()
    world.collector.mishaps.append(Mishap.SILENT)
    async with Link(world.collector.url, None, "test", timeout_s=0.1) as link:
        pusher = Pusher(link, world.spool, world.collector.verifier(AGENT))
        await pusher.step()
    assert pusher.standing.reason == f"cannot reach {world.collector.url}: no answer in time"


async def test_a_port_nobody_listens_on_is_named(world: World) -> None:
    await world.batch()
    with nobody() as port:
        url = f"http://127.0.0.1:{port}"
        await world.spool.claim(AGENT, [url])
        async with Link(url, None, "test") as link:
            pusher = Pusher(link, world.spool, world.collector.verifier(AGENT))
            await pusher.step()
    assert pusher.standing.condition is Condition.RETRYING
    assert pusher.standing.reason.startswith(f"cannot reach {url}: ")
    assert pusher.standing.reason.lower().endswith("refused")


def test_the_longest_wait_doubles_up_to_a_minute() -> None:
    waits = [longest_wait_s(failures) for failures in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert longest_wait_s(10**9) == LONGEST_WAIT_S


async def test_the_wait_a_collector_asks_for_is_kept(world: World) -> None:
    await world.batch()
    world.collector.retry_after = "120"
    world.collector.mishaps.append(Mishap.UNAVAILABLE)
    assert 120 <= await world.pusher.step() <= 121


async def test_each_collector_has_its_own_cursor(world: World) -> None:
    away = "http://127.0.0.1:1"
    await world.spool.claim(AGENT, [world.collector.url, away])
    await world.batch()
    await world.pusher.step()
    assert (await world.cursor()).batch == 1
    assert (await world.spool.cursor(away)).batch == 0
    assert await world.spool.batch(1) is not None


async def test_two_collectors_are_sent_the_same_bytes(world: World) -> None:
    other = Collector()
    other.trust(KEY.verifying_key)
    async with running(other), Link(other.url, None, "test") as link:
        await world.spool.claim(AGENT, [world.collector.url, other.url])
        for _ in range(3):
            await world.batch()
        pusher = Pusher(link, world.spool, other.verifier(AGENT))
        for _ in range(3):
            await asyncio.gather(world.pusher.step(), pusher.step())
    assert other.log == world.collector.log
    assert len(other.log) == 3


async def test_a_collector_restored_from_a_copy_is_refused_with_the_proof(world: World) -> None:
    """It signed more than it has: whoever has seen that must not help to cover it."""
    for _ in range(3):
        await world.batch()
        await world.pusher.step()
    signed = world.collector.checkpoint()
    world.collector.forget(AGENT, batches=1)
    await world.batch()
    await world.pusher.step()  # refused with a gap
    await world.pusher.step()  # the second again, which the collector signs for
    assert world.pusher.standing.condition is Condition.FORKED
    assert "it has 2 entries, and 3 before" in world.pusher.standing.reason
    cursor = await world.cursor()
    assert (cursor.checkpoint, cursor.refused) == (signed, world.collector.checkpoint())
    assert cursor.halted == world.pusher.standing.reason


async def test_a_collector_that_rewrote_its_log_is_refused_with_the_proof(world: World) -> None:
    await world.batch()
    await world.pusher.step()
    signed = world.collector.checkpoint()
    world.collector.log[0] = b"another"
    await world.batch()
    await world.pusher.step()
    assert world.pusher.standing.condition is Condition.FORKED
    assert "does not continue the one of 1" in world.pusher.standing.reason
    cursor = await world.cursor()
    assert (cursor.batch, cursor.checkpoint) == (1, signed)
    assert cursor.refused == world.collector.checkpoint()


async def test_a_batch_that_is_not_under_the_checkpoint_is_not_acknowledged(world: World) -> None:
    await world.batch()
    world.collector.mishaps.append(Mishap.NOT_INCLUDED)
    await world.pusher.step()
    assert world.pusher.standing.condition is Condition.FORKED
    assert "the proof of inclusion is too long" in world.pusher.standing.reason
    assert (await world.cursor()).batch == 0


async def test_a_checkpoint_of_another_key_is_no_acknowledgement(world: World) -> None:
    await world.batch()
    world.collector.key = SigningKey.generate()
    await world.pusher.step()
    assert world.pusher.standing.condition is Condition.RETRYING
    assert "cannot use the acknowledgement" in world.pusher.standing.reason
    assert (await world.cursor()).batch == 0


@pytest.mark.parametrize(("delivered", "lacked"), [(2, 1), (0, 1), (1, 2)])
async def test_a_gap_that_cannot_be_filled_is_shown(
    world: World, delivered: int, lacked: int
) -> None:
    for _ in range(3):
        await world.batch()
    # Only the third is held any more.
    await world.spool.move_cursor(world.link.url, Cursor(batch=KEPT_BATCHES + 2))
    await world.spool.move_cursor(world.link.url, Cursor(batch=delivered))
    assert await world.pusher.step() == REFUSED_WAIT_S
    assert world.pusher.standing.condition is Condition.BEHIND
    assert world.pusher.standing.reason.startswith(
        f"{world.link.url} lacks batch {lacked}, which is not held any more"
    )


async def test_a_fork_ends_the_delivery_for_good(world: World) -> None:
    await world.batch()
    await world.pusher.step()
    world.collector.chains[AGENT].digests[0] = "00" * 32
    await world.batch()
    await world.pusher.step()
    assert world.pusher.standing.condition is Condition.FORKED
    sent = len(world.collector.requests)

    again = Pusher(world.link, world.spool, world.collector.verifier(AGENT))
    await again.run()
    assert again.standing == world.pusher.standing
    assert "batch 2 is not the one that is here" in again.standing.reason
    assert len(world.collector.requests) == sent


@pytest.mark.parametrize("refusal", ["unknown_agent", "frozen", "revoked"])
async def test_an_agent_that_is_not_wanted_asks_again_after_a_long_while(
    world: World, refusal: str
) -> None:
    await world.batch()
    chain = world.collector.chains[AGENT]
    if refusal == "unknown_agent":
        del world.collector.chains[AGENT]
    else:
        chain.refusal = refusal
    assert await world.pusher.step() == REFUSED_WAIT_S
    assert world.pusher.standing.condition is Condition.REFUSED
    assert world.pusher.standing.reason.startswith(f"{world.link.url} refused batch 1: ")

    chain.refusal = ""
    world.collector.chains[AGENT] = chain
    assert await world.pusher.step() == 0


async def test_a_batch_that_is_refused_stays_in_the_spool(world: World) -> None:
    world.collector.tenant = "CH-AUTRE"
    await world.batch()
    assert await world.pusher.step() == REFUSED_WAIT_S
    assert "not of the vantage point that was enrolled" in world.pusher.standing.reason
    assert await world.spool.batch(1) is not None


async def test_no_two_requests_are_on_their_way_at_once(world: World) -> None:
    other = Pusher(world.link, world.spool, world.collector.verifier(AGENT))
    for _ in range(5):
        await world.batch()
        await asyncio.gather(world.pusher.step(), other.step())
    assert world.collector.most_at_once == 1


async def test_a_halted_cursor_of_another_collector_does_not_matter(world: World) -> None:
    await world.spool.claim(AGENT, [world.link.url, HERE])
    await world.spool.move_cursor(HERE, Cursor(halted="forked"))
    await world.batch()
    assert await world.pusher.step() == 0
