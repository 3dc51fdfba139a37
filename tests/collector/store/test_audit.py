"""The audit of a log: what was changed underneath is named, and nobody waits for it meanwhile."""

import random

import pytest

from collector.store.audit import verify_tree
from collector.store.log import UnsoundLogError, read_head
from collector.store.pool import Pool, connected, transaction
from tests.collector.store.agents import columns, enrolled
from tests.collector.store.logs import grow, grown, tampered
from tests.collector.store.test_ingest import running


async def test_the_whole_tree_can_be_made_again(pool: Pool) -> None:
    tenant_id = await grown(pool, 600)
    async with connected(pool) as connection:
        await verify_tree(connection, tenant_id, await read_head(connection, tenant_id))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM log WHERE idx = 300", "entry 300 of the log is not there any more"),
        ("DELETE FROM log WHERE idx >= 590", "entry 590 of the log is not there any more"),
        (
            "UPDATE log SET envelope = (SELECT envelope FROM log WHERE idx = 5) WHERE idx = 300",
            "entry 300 of the log is not what was appended",
        ),
        (
            "UPDATE log SET envelope = '\\x' WHERE idx = 9",
            "entry 9 of the log is not what was appended",
        ),
        ("UPDATE log SET envelope = '\\x0078' WHERE idx = 9", "entry 9 of the log is not what"),
        ("UPDATE log SET leaf = sha256('') WHERE idx = 7", "entry 7 of the log is not what"),
        ("UPDATE log_tile SET hash = sha256('') WHERE place = 1", "nodes of level 8 are not"),
        ("DELETE FROM log_tile WHERE place = 0", "nodes of level 8 are not"),
        (
            "UPDATE log_head SET frontier = overlay(frontier PLACING sha256('') FROM 1)",
            "does not come to the root",
        ),
    ],
)
async def test_what_was_changed_underneath_is_named(
    pool: Pool, statement: str, reason: str
) -> None:
    tenant_id = await grown(pool, 600)
    async with tampered(pool, statement) as connection:
        head = await read_head(connection, tenant_id)
        with pytest.raises(UnsoundLogError, match=reason):
            await verify_tree(connection, tenant_id, head)


async def test_entries_of_any_length_are_read_in_pages_of_bounded_length(pool: Pool) -> None:
    drawn = random.Random(1)
    tenant_id = await grown(pool, 2)
    async with transaction(pool) as connection:
        for length in (1, 5_000, 200_000, 150_000, 600_000, 1, 1, 300_000):
            await grow(connection, tenant_id, 1, said=drawn.randbytes(length).hex())
        head = await read_head(connection, tenant_id)
        await verify_tree(connection, tenant_id, head)
    async with tampered(pool, "UPDATE log SET leaf = sha256('') WHERE idx = 6") as connection:
        with pytest.raises(UnsoundLogError, match="entry 6 of the log is not what was appended"):
            await verify_tree(connection, tenant_id, head)
    async with tampered(pool, "DELETE FROM log WHERE idx = 5") as connection:
        with pytest.raises(UnsoundLogError, match="entry 5 of the log is not there any more"):
            await verify_tree(connection, tenant_id, head)


async def test_a_header_that_is_gone_is_named(pool: Pool) -> None:
    sender, agent = await enrolled(pool)
    async with running(pool) as ingest:
        await ingest.submit(sender.seal(columns()))
    async with tampered(pool, "DELETE FROM batch_header") as connection:
        head = await read_head(connection, agent.tenant_id)
        with pytest.raises(UnsoundLogError, match="header 1 of the log is not there any more"):
            await verify_tree(connection, agent.tenant_id, head)


async def test_only_what_follows_a_tree_that_was_just_made_is_read(pool: Pool) -> None:
    tenant_id = await grown(pool, 300)
    async with connected(pool) as connection:
        before = await read_head(connection, tenant_id)
    async with transaction(pool) as connection:
        await grow(connection, tenant_id, 5)
    async with tampered(pool, "UPDATE log SET leaf = sha256('') WHERE idx = 299") as connection:
        head = await read_head(connection, tenant_id)
        await verify_tree(connection, tenant_id, head, above=before.tree)
        await connection.execute("UPDATE log SET leaf = sha256('') WHERE idx = 300")
        with pytest.raises(UnsoundLogError, match="entry 300 of the log is not what was appended"):
            await verify_tree(connection, tenant_id, head, above=before.tree)


async def test_a_log_rewritten_as_a_whole_is_not_the_one_that_was_known(pool: Pool) -> None:
    tenant_id = await grown(pool, 5)
    async with connected(pool) as connection:
        known = (await read_head(connection, tenant_id)).tree
    rewritten = (
        "DELETE FROM log",
        "UPDATE log_head SET size = 0, frontier = ''",
    )
    async with tampered(pool, *rewritten) as connection:
        await grow(connection, tenant_id, 4, said="b")
        shorter = await read_head(connection, tenant_id)
        with pytest.raises(UnsoundLogError, match="the log has 4 entries, and had 5"):
            await verify_tree(connection, tenant_id, shorter, known=known)
        await grow(connection, tenant_id, 4, said="b")
        head = await read_head(connection, tenant_id)
        await verify_tree(connection, tenant_id, head)
        with pytest.raises(UnsoundLogError, match="the first 5 entries of the log are not those"):
            await verify_tree(connection, tenant_id, head, known=known)
