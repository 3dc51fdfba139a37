"""Ingest: every batch once, in the order of its agent, or an answer that says why not."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from collector.record.entry import RegisterEntry
from collector.store.acknowledging import Ack
from collector.store.agents import Agent, revoke_agent
from collector.store.commit import ForkError, GapError, ShutOutError
from collector.store.ingest import (
    MOST_PER_AGENT,
    AgentBusyError,
    BusyError,
    Ingest,
    UnknownAgentError,
)
from collector.store.log import entries, read_head
from collector.store.pool import DatabaseUnavailableError, Pool, connected, transaction
from collector.store.received import TooLargeError
from collector.store.telemetry import Telemetry
from probes.model.canonical import MalformedError
from probes.model.checkpoint import Checkpoint, origin_of, read_checkpoint
from probes.model.envelope import BATCH_TYPE, ENTRY_TYPE, Envelope
from probes.model.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns, enrolled


@asynccontextmanager
async def running(pool: Pool, telemetry: Telemetry | None = None) -> AsyncIterator[Ingest]:
    """An ingest that runs until the block ends."""
    ingest = Ingest(pool, LOG_KEY, lambda: NOON_US, telemetry or Telemetry())
    task = asyncio.create_task(ingest.run())
    try:
        yield ingest
    finally:
        ingest.close()
        await task


@pytest.fixture
async def ingest(pool: Pool) -> AsyncIterator[Ingest]:
    async with running(pool) as opened:
        yield opened


async def _stored(pool: Pool, agent: Agent) -> list[bytes]:
    async with connected(pool) as connection:
        return [
            entry.envelope.encode()
            async for entry in entries(connection, agent.tenant_id)
            if entry.kind == "batch"
        ]


async def test_a_batch_is_acknowledged_with_its_place(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    sent = [sender.seal(columns()) for _ in range(3)]
    acks = [await ingest.submit(encoded) for encoded in sent]
    heads = [_checkpoint(ack) for ack in acks]
    assert [(ack.number, ack.index) for ack in acks] == [(1, 1), (2, 2), (3, 3)]
    assert [head.size for head in heads] == [2, 3, 4]
    async with connected(pool) as connection:
        assert (await read_head(connection, agent.tenant_id)).root == heads[-1].root
    assert await _stored(pool, agent) == sent


def _checkpoint(ack: Ack) -> Checkpoint:
    note = read_checkpoint(ack.checkpoint.encode())
    origin = origin_of(TENANT, LOG_KEY.verifying_key.key_id)
    return note.verified(origin, LOG_KEY.verifying_key)


async def test_an_acknowledgement_can_be_verified(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    seen, sizes = Checkpoint("", 0, EMPTY_ROOT), []
    for number in range(20):
        encoded = sender.seal(columns())
        ack = await ingest.submit(encoded, seen=seen.size)
        head = _checkpoint(ack)
        verify_inclusion(leaf_hash(encoded), ack.index, head.size, ack.inclusion, head.root)
        verify_consistency(seen.size, head.size, seen.root, head.root, ack.consistency)
        sizes.append(head.size)
        if number % 3 == 0:
            seen = head
    assert sizes == [*range(2, 22)]


async def test_proofs_are_the_same_from_memory_and_from_the_tables(pool: Pool) -> None:
    sender, _ = await enrolled(pool)
    sent = [sender.seal(columns()) for _ in range(300)]
    async with running(pool) as ingest:
        last = [await ingest.submit(encoded) for encoded in sent][-1]
        again = [await ingest.submit(sent[number], seen=number) for number in (0, 7, 255, 299)]
    async with running(pool) as ingest:
        fresh = [await ingest.submit(sent[number], seen=number) for number in (0, 7, 255, 299)]
    assert fresh == again
    assert again[-1].checkpoint == last.checkpoint


async def test_who_saw_more_than_there_is_gets_no_proof_of_it(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    ack = await ingest.submit(sender.seal(columns()), seen=1000)
    assert (ack.seen, ack.consistency) == (1000, ())


async def test_a_batch_sent_again_is_acknowledged_and_not_stored(
    pool: Pool, ingest: Ingest
) -> None:
    sender, agent = await enrolled(pool)
    sent = [sender.seal(columns()) for _ in range(3)]
    first = [await ingest.submit(encoded) for encoded in sent]
    again = [await ingest.submit(encoded) for encoded in reversed(sent)]
    assert [ack.index for ack in again] == [3, 2, 1]
    assert [ack.repeated for ack in first + again] == [False] * 3 + [True] * 3
    assert await _stored(pool, agent) == sent


async def test_batches_of_many_agents_are_written_together(pool: Pool) -> None:
    telemetry = Telemetry()
    senders = [
        (await enrolled(pool, Sender(f"poste-{number:02}", tenant=f"CH-{number % 3}")))[0]
        for number in range(12)
    ]
    async with running(pool, telemetry) as ingest:
        for sender in senders:  # so that the agents are known, and come all at once below
            await ingest.submit(sender.seal(columns()))
        acks = await asyncio.gather(*[ingest.submit(sender.seal(columns())) for sender in senders])
    assert {ack.number for ack in acks} == {2}
    commits = telemetry.registry.get_sample_value("constat_ingest_commit_batches_count")
    assert commits == len(senders) + 1
    assert telemetry.registry.get_sample_value("constat_ingest_measurements_total") == 72


async def test_the_same_batch_twice_at_once_is_stored_once(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    encoded = sender.seal(columns())
    acks = await asyncio.gather(ingest.submit(encoded), ingest.submit(encoded))
    assert sorted((ack.index, ack.repeated) for ack in acks) == [(2, False), (2, True)]
    assert len(await _stored(pool, agent)) == 2


async def test_a_gap_names_the_batch_expected(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    sender.seal(columns())
    with pytest.raises(GapError) as refused:
        await ingest.submit(sender.seal(columns()))
    assert refused.value.expected == 1


async def test_another_payload_under_a_taken_number_freezes_the_agent(
    pool: Pool, ingest: Ingest
) -> None:
    sender, agent = await enrolled(pool)
    clone = Sender(key=sender.key)
    await ingest.submit(sender.seal(columns()))
    await ingest.submit(sender.seal(columns()))
    forged = clone.seal(columns("DDD"))
    with pytest.raises(ForkError):
        await ingest.submit(forged)
    with pytest.raises(ShutOutError, match="frozen"):
        await ingest.submit(sender.seal(columns()))
    async with connected(pool) as connection:
        [fork] = [
            entry async for entry in entries(connection, agent.tenant_id, kinds=["agent.forked"])
        ]
    body = RegisterEntry.decode(fork.envelope.payload).body
    assert (body["agent"], body["batch"]) == (sender.agent, 1)
    assert base64.b64decode(body["envelope"]) == forged


async def test_a_batch_chained_to_another_past_is_a_fork(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    sender.previous = "ef" * 32
    with pytest.raises(ForkError):
        await ingest.submit(sender.seal(columns()))


async def test_a_fork_in_a_group_stops_what_follows_it(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    clone = Sender(key=sender.key, number=1, previous=sender.previous, measured=3)
    both = [sender.seal(columns()), clone.seal(columns("DDD")), sender.seal(columns())]
    results = await asyncio.gather(*map(ingest.submit, both), return_exceptions=True)
    assert [type(result) for result in results] == [Ack, ForkError, ShutOutError]


async def test_an_agent_revoked_elsewhere_is_shut_out_at_once(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    async with transaction(pool) as connection:
        await revoke_agent(
            connection, agent.key.key_id, author="ops", reason="", key=LOG_KEY, at_us=NOON_US
        )
    with pytest.raises(ShutOutError, match="revoked"):
        await ingest.submit(sender.seal(columns()))


async def test_an_unknown_agent_is_refused(ingest: Ingest) -> None:
    with pytest.raises(UnknownAgentError):
        await ingest.submit(Sender().seal(columns()))


async def test_a_batch_in_the_name_of_another_is_refused(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    for changes in ({"tenant": "CH-AUTRE"}, {"vantage": "urgences-01"}, {"agent": "0" * 32}):
        fields = json.loads(sender.batch(columns()).encode()) | changes
        payload = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
        with pytest.raises(MalformedError, match=next(iter(changes))):
            await ingest.submit(Envelope.seal(BATCH_TYPE, payload, sender.key).encode())


async def test_what_was_not_signed_is_refused(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    good = Envelope.decode(sender.seal(columns()))
    tampered = Envelope(good.payload_type, good.payload.replace(b"UUU", b"UUG"), good.signatures)
    with pytest.raises(MalformedError, match="did not sign"):
        await ingest.submit(tampered.encode())
    assert await _stored(pool, agent) == []


@pytest.mark.parametrize(
    ("encoded", "fault"),
    [
        (b"", "not JSON"),
        (Envelope.seal(ENTRY_TYPE, b"{}", LOG_KEY).encode(), "payloadType"),
        (Sender().seal(columns())[:-1] + b" }", "canonical"),
        (Sender().seal(columns()).replace(b'"payload":"e', b'"payload":"*'), "base64"),
    ],
)
async def test_what_is_no_envelope_is_refused(ingest: Ingest, encoded: bytes, fault: str) -> None:
    with pytest.raises(MalformedError, match=fault):
        await ingest.submit(encoded)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('"tenant":"CH-AUTRE",', "the key 'tenant' appears twice"),
        ('"later":1.5,', "1.5 is not an integer"),
        ('"later":null,', "null has no canonical form"),
        ('"later":[[[[[[[[0]]]]]]]],', "nested deeper than 8"),
        ('"later":9007199254740992,', "beyond"),
        ('"é":0,', "not an ASCII string"),
    ],
)
async def test_a_payload_that_a_verifier_would_refuse_is_not_taken(
    pool: Pool, ingest: Ingest, more: str, fault: str
) -> None:
    sender, agent = await enrolled(pool)
    payload = sender.batch(columns()).encode().replace(b"{", b"{" + more.encode(), 1)
    with pytest.raises(MalformedError, match=fault):
        await ingest.submit(Envelope.seal(BATCH_TYPE, payload, sender.key).encode())
    assert await _stored(pool, agent) == []


async def test_a_batch_signed_twice_is_refused(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    envelope = Envelope.decode(sender.seal(columns()))
    twice = Envelope(envelope.payload_type, envelope.payload, envelope.signatures * 2)
    with pytest.raises(MalformedError, match="signatures"):
        await ingest.submit(twice.encode())


async def test_a_batch_larger_than_allowed_is_refused(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    with pytest.raises(TooLargeError):
        await ingest.submit(Envelope.seal(BATCH_TYPE, b"x" * (1 << 20 | 1), sender.key).encode())


async def test_a_batch_that_says_more_than_we_know_is_kept_whole(
    pool: Pool, ingest: Ingest
) -> None:
    sender, agent = await enrolled(pool)
    fields = json.loads(sender.batch(columns()).encode()) | {"weather": "rain"}
    payload = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    encoded = Envelope.seal(BATCH_TYPE, payload, sender.key).encode()
    await ingest.submit(encoded)
    assert await _stored(pool, agent) == [encoded]


async def test_an_agent_has_so_many_batches_waiting_and_no_more(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    sent = [sender.seal(columns()) for _ in range(MOST_PER_AGENT + 1)]
    results = await asyncio.gather(*map(ingest.submit, sent), return_exceptions=True)
    assert [type(result) for result in results] == [Ack] * MOST_PER_AGENT + [AgentBusyError]


async def test_an_ingest_that_closes_writes_what_waits_and_takes_no_more(pool: Pool) -> None:
    sender, agent = await enrolled(pool)
    async with running(pool) as ingest:
        await ingest.submit(sender.seal(columns()))
        last = asyncio.create_task(ingest.submit(sender.seal(columns())))
        await asyncio.sleep(0)
        ingest.close()
        assert (await last).number == 2
        with pytest.raises(BusyError):
            await ingest.submit(sender.seal(columns()))
    assert len(await _stored(pool, agent)) == 2


async def test_a_restarted_collector_goes_on_where_it_was(pool: Pool) -> None:
    sender, agent = await enrolled(pool)
    sent = []
    for outcomes in ("UUU", "UUD", "DDX"):
        async with running(pool) as ingest:
            sent.append(sender.seal(columns(outcomes)))
            await ingest.submit(sent[-1])
    assert await _stored(pool, agent) == sent
    async with connected(pool) as connection:
        assert await connection.fetchval("SELECT count(*) FROM batch_header") == 1


async def test_a_lost_database_is_said_and_found_again(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    await ingest.submit(sender.seal(columns()))
    async with connected(pool) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    encoded = sender.seal(columns())
    with pytest.raises(DatabaseUnavailableError):
        await ingest.submit(encoded)
    assert (await ingest.submit(encoded)).number == 2
    assert len(await _stored(pool, agent)) == 2


async def test_a_batch_that_cannot_be_written_does_not_hold_up_the_others(
    pool: Pool, ingest: Ingest
) -> None:
    senders = [(await enrolled(pool, Sender(f"poste-{number}")))[0] for number in range(3)]
    for sender in senders:
        await ingest.submit(sender.seal(columns()))
    async with connected(pool) as connection:
        await connection.execute("ALTER TABLE log ADD CHECK (number < 2 OR agent_id <> 2)")
    sent = [ingest.submit(sender.seal(columns())) for sender in senders]
    results = await asyncio.gather(*sent, return_exceptions=True)
    assert [type(result) for result in results] == [Ack, DatabaseUnavailableError, Ack]


async def test_a_large_batch_is_taken_like_any_other(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    large = sender.seal(columns("UUUD" * 1_250))
    assert (await ingest.submit(large)).number == 1
    tampered = sender.seal(columns("U" * 5_000)).replace(b'"sig":"', b'"sig":"AAAA')
    with pytest.raises(MalformedError):
        await ingest.submit(tampered)
    assert await _stored(pool, agent) == [large]
