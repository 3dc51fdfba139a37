"""A log that is not what was signed takes no more batches, and is never signed again."""

import pytest

from collector.server.background import audit_log
from collector.store.fleet import read_lags
from collector.store.log import UnsoundLogError
from collector.store.pool import Pool, connected
from tests.collector.store.agents import columns, enrolled
from tests.collector.store.test_ingest import running


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
