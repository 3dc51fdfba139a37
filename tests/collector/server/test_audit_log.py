"""A log that is not what was signed takes no more batches, and is never signed again."""

import pytest

from collector.server.background import audit_log
from collector.store.fleet import read_lags
from collector.store.log import UnsoundLogError
from collector.store.pool import Pool, connected
from tests.collector.store.agents import Sender, columns, enrolled
from tests.collector.store.logs import grow, tampered
from tests.collector.store.test_ingest import running


async def test_a_damaged_log_stops_its_own_hospital_only(pool: Pool) -> None:
    damaged, _ = await enrolled(pool)
    other, _ = await enrolled(pool, Sender("poste-01", tenant="CH-AUTRE"))
    async with running(pool) as ingest:
        for _ in range(3):
            await ingest.submit(damaged.seal(columns()))
        async with connected(pool) as connection:
            await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")
            await connection.execute("DELETE FROM log WHERE idx = 2 AND agent_id IS NOT NULL")
    async with running(pool) as ingest:  # one that remembers no node of the tree
        encoded = damaged.seal(columns())
        for _ in range(2):
            with pytest.raises(UnsoundLogError):
                await ingest.submit(encoded, seen=2)
        ack = await ingest.submit(other.seal(columns()))
    assert ack.number == 1


async def test_a_log_that_was_changed_takes_no_more_batches(pool: Pool) -> None:
    sender, _ = await enrolled(pool)
    async with running(pool) as ingest:
        await ingest.submit(sender.seal(columns()))
        async with connected(pool) as connection:
            [log] = await read_lags(connection)
        await audit_log(pool, ingest, log)
        await ingest.submit(sender.seal(columns()))
        async with connected(pool) as connection:
            await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")
            await connection.execute("UPDATE log SET leaf = sha256('') WHERE idx = 1")
        await audit_log(pool, ingest, log)
        with pytest.raises(UnsoundLogError, match="entry 1 of the log is not what was appended"):
            await ingest.submit(sender.seal(columns()))


async def test_a_log_that_holds_no_envelope_any_more_stops_nothing_else(pool: Pool) -> None:
    sender, _ = await enrolled(pool)
    async with running(pool) as ingest:
        await ingest.submit(sender.seal(columns()))
        async with connected(pool) as connection:
            [log] = await read_lags(connection)
            await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")
            await connection.execute("UPDATE log SET envelope = '\\x0042' WHERE idx = 1")
        await audit_log(pool, ingest, log)
        with pytest.raises(UnsoundLogError, match="entry 1 of the log is not what was appended"):
            await ingest.submit(sender.seal(columns()))


async def test_a_log_told_anew_under_its_own_head_takes_no_more_batches(pool: Pool) -> None:
    sender, _ = await enrolled(pool)
    async with running(pool) as ingest:
        await ingest.submit(sender.seal(columns()))
        async with connected(pool) as connection:
            [log] = await read_lags(connection)
            sound = await audit_log(pool, ingest, log)
            assert sound.size == 2
            retold = ("DELETE FROM log", "UPDATE log_head SET size = 0, frontier = ''")
        async with tampered(pool, *retold) as connection:
            await grow(connection, log.tenant_id, 3)
        assert await audit_log(pool, ingest, log, sound) == sound
        with pytest.raises(UnsoundLogError, match="first 2 entries of the log are not those"):
            await ingest.submit(sender.seal(columns()))
