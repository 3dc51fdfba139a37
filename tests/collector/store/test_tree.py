"""The stored tree: its nodes are found, and checkpoints of it are kept."""

import pytest

from collector.store.checkpoints import (
    add_cosignature,
    checkpoints_of,
    consistency,
    keep_checkpoint,
    last_checkpoint,
)
from collector.store.log import UnsoundLogError, read_head
from collector.store.pool import Pool, connected, transaction
from collector.store.tree import NodeReader, read_nodes
from probes.model.checkpoint import cosign, origin_of
from probes.model.keys import SigningKey
from probes.model.merkle import Node, inclusion_path, verify_consistency
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT
from tests.collector.store.logs import grow, grown, tampered

WITNESS = SigningKey.from_seed(b"witness".ljust(32, b"."))


async def test_the_nodes_of_a_tree_are_found(pool: Pool) -> None:
    tenant_id = await grown(pool, 600)
    async with connected(pool) as connection:
        head = await read_head(connection, tenant_id)
        nodes = await read_nodes(connection, tenant_id, [Node(9, 0), Node(6, 8), Node(4, 36)])
        assert (nodes[Node(9, 0)], nodes[Node(6, 8)], nodes[Node(4, 36)]) == head.tree.hashes[:3]


async def test_a_head_that_cannot_be_is_no_internal_error(pool: Pool) -> None:
    tenant_id = await grown(pool, 5)
    async with tampered(pool, "UPDATE log_head SET size = 7") as connection:
        with pytest.raises(UnsoundLogError, match="2 subtrees do not make a tree of 7"):
            await read_head(connection, tenant_id)


async def test_nodes_that_a_proof_needed_are_not_read_again(pool: Pool) -> None:
    tenant_id = await grown(pool, 600)
    reader, path = NodeReader(), inclusion_path(599, 600)
    async with connected(pool) as connection:
        read = await reader.for_paths(connection, tenant_id, [path])
    async with tampered(
        pool, "DELETE FROM log_tile", "UPDATE log SET leaf = sha256('')"
    ) as connection:
        assert await reader.for_paths(connection, tenant_id, [path]) == read


async def test_a_node_that_is_gone_is_named(pool: Pool) -> None:
    tenant_id = await grown(pool, 8)
    async with connected(pool) as connection:
        with pytest.raises(UnsoundLogError, match="has no node 8 of level 0"):
            await read_nodes(connection, tenant_id, [Node(1, 4)])


async def test_a_checkpoint_is_kept_once_and_continued(pool: Pool) -> None:
    tenant_id = await grown(pool, 3)
    async with transaction(pool) as connection:
        assert await last_checkpoint(connection, tenant_id) is None
        first = await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US)
        assert await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US + 1) == first
        await grow(connection, tenant_id, 300)
        second = await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US + 2)
        assert await checkpoints_of(connection, tenant_id) == [second, first]
        assert await checkpoints_of(connection, tenant_id, start=4) == [second]
        hashes = await consistency(connection, tenant_id, 3, 303)
    old, new = first.note.checkpoint, second.note.checkpoint
    assert (old.origin, old.size, new.size) == (
        origin_of(TENANT, LOG_KEY.verifying_key.key_id), 3, 303,
    )  # fmt: skip
    verify_consistency(3, 303, old.root, new.root, hashes)


async def test_nothing_is_signed_that_contradicts_what_was(pool: Pool) -> None:
    tenant_id = await grown(pool, 5)
    async with transaction(pool) as connection:
        await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US)
    async with tampered(
        pool, "DELETE FROM log", "UPDATE log_head SET size = 0, frontier = ''"
    ) as connection:
        await grow(connection, tenant_id, 4)
        with pytest.raises(UnsoundLogError, match="has 4 entries, and 5 were signed"):
            await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US)
        await grow(connection, tenant_id, 2)
        with pytest.raises(UnsoundLogError, match="not the one whose first 5 entries were signed"):
            await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US)


async def test_what_witnesses_say_stands_beside_a_checkpoint(pool: Pool) -> None:
    tenant_id = await grown(pool, 5)
    async with transaction(pool) as connection:
        kept = await keep_checkpoint(connection, tenant_id, TENANT, LOG_KEY, NOON_US)
        line = cosign(kept.note.checkpoint, "temoin", WITNESS, 1_800_000_000)
        for _ in range(2):
            assert await add_cosignature(connection, tenant_id, 5, line, NOON_US)
        assert not await add_cosignature(connection, tenant_id, 4, line, NOON_US)
        last = await last_checkpoint(connection, tenant_id)
    assert last is not None
    assert last.note.cosigned_at("temoin", WITNESS.verifying_key) == 1_800_000_000
