"""The log: indices without gaps, a chain over every byte, and no way back."""

import asyncio

import asyncpg
import pytest

from collector.errors import NotFoundError
from collector.record.entry import FIRST, RegisterEntry, place_after, place_of
from collector.store.log import append, entries, read_head
from collector.store.pool import Pool, connected, transaction
from collector.store.tenants import TenantId, ensure_tenant, tenant_named
from probes.model.envelope import Envelope
from probes.model.merkle import EMPTY, leaf_hash
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT


def _entry(kind: str, **body: int) -> RegisterEntry:
    return RegisterEntry(TENANT, kind, NOON_US, "test", body)


async def _tenant(pool: Pool, name: str = TENANT) -> TenantId:
    async with connected(pool) as connection:
        return await ensure_tenant(connection, name)


async def _append(pool: Pool, tenant_id: TenantId, *new: RegisterEntry) -> list[int]:
    async with transaction(pool) as connection:
        return [await append(connection, tenant_id, entry, LOG_KEY) for entry in new]


async def _envelopes(pool: Pool, tenant_id: TenantId) -> list[Envelope]:
    async with connected(pool) as connection:
        return [entry.envelope async for entry in entries(connection, tenant_id)]


async def test_entries_come_back_in_order_as_they_were_signed(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    new = [_entry("a", n=1), _entry("b"), _entry("a", n=2)]
    assert await _append(pool, tenant_id, *new) == [0, 1, 2]
    async with connected(pool) as connection:
        read = [entry async for entry in entries(connection, tenant_id)]
        some = [entry.index async for entry in entries(connection, tenant_id, kinds=["a"])]
        late = [entry.index async for entry in entries(connection, tenant_id, start=1)]
    assert [RegisterEntry.decode(entry.envelope.payload) for entry in read] == new
    assert all(entry.envelope.signed_by(LOG_KEY.verifying_key) for entry in read)
    assert {entry.received_at_us for entry in read} == {NOON_US}
    assert (some, late) == ([0, 2], [1, 2])


async def test_the_tree_covers_every_envelope(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    await _append(pool, tenant_id, _entry("a"), _entry("b"))
    await _append(pool, tenant_id, _entry("c"))
    leaves = [leaf_hash(each.encode()) for each in await _envelopes(pool, tenant_id)]
    async with connected(pool) as connection:
        head = await read_head(connection, tenant_id)
    assert head.tree == EMPTY.appended(leaves)[0]
    assert (head.size, head.root) == (3, head.tree.root)


async def test_every_entry_names_the_one_before(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    await _append(pool, tenant_id, _entry("a"), _entry("b"))
    await _append(pool, tenant_id, _entry("c"))
    place = FIRST
    for envelope in await _envelopes(pool, tenant_id):
        assert place_of(envelope.payload) == place
        place = place_after(place, envelope.payload)
    async with connected(pool) as connection:
        assert (await read_head(connection, tenant_id)).next_stated == place


async def test_more_than_a_page_is_read_whole(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    await _append(pool, tenant_id, *[_entry("a") for _ in range(1001)])
    async with connected(pool) as connection:
        assert len([entry async for entry in entries(connection, tenant_id)]) == 1001


async def test_writers_take_turns_and_leave_no_gap(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    taken = await asyncio.gather(*[_append(pool, tenant_id, _entry("a")) for _ in range(12)])
    assert sorted(index for [index] in taken) == list(range(12))


async def test_hospitals_have_logs_of_their_own(pool: Pool) -> None:
    first, second = await _tenant(pool), await _tenant(pool, "CH-AUTRE")
    await _append(pool, first, _entry("a"))
    assert await _append(pool, second, _entry("b")) == [0]
    assert await _tenant(pool) == first


async def test_what_a_transaction_gave_up_was_never_appended(pool: Pool) -> None:
    tenant_id = await _tenant(pool)

    async def give_up() -> None:
        async with transaction(pool) as connection:
            await append(connection, tenant_id, _entry("a"), LOG_KEY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()
    assert await _append(pool, tenant_id, _entry("b")) == [0]


async def test_nothing_appended_changes_nothing(pool: Pool) -> None:
    assert await _append(pool, await _tenant(pool)) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE log SET kind = 'x'", "DELETE FROM log", "TRUNCATE log"]
)
async def test_the_log_cannot_be_changed(pool: Pool, statement: str) -> None:
    async with connected(pool) as connection:
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(statement)


async def test_an_unknown_hospital_is_named(pool: Pool) -> None:
    async with transaction(pool) as connection:
        with pytest.raises(NotFoundError, match="CH-NULLE-PART"):
            await tenant_named(connection, "CH-NULLE-PART")
        with pytest.raises(NotFoundError, match="tenant 7"):
            await append(connection, TenantId(7), _entry("a"), LOG_KEY)
        with pytest.raises(NotFoundError, match="tenant 7"):
            await read_head(connection, TenantId(7))


async def test_listeners_hear_of_an_append_once_it_is_committed(pool: Pool) -> None:
    tenant_id = await _tenant(pool)
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        heard.put_nowait(str(payload))

    async with connected(pool) as listener:
        await listener.add_listener("constat_log", hear)
        await _append(pool, tenant_id, _entry("a"))
        assert await heard.get() == str(tenant_id)
        await listener.remove_listener("constat_log", hear)
