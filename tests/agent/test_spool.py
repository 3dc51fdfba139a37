"""The spool: what is awaited is on the disk, in one chain, once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cursors import Cursor
from agent.database import SpoolBusyError, SpoolError
from agent.seal import Sealed
from agent.sealer import seal_all, seal_earlier
from agent.spool import Spool
from probes.model.batch import NO_PREVIOUS
from probes.model.measurement import Outcome
from tests.agent.spools import CAPACITY, FORGE, HERE, THERE, chain, opened
from tests.agent.worlds import BOOT, RUN, FakeClock, sample


@pytest.fixture
async def spool(tmp_path: Path) -> AsyncIterator[Spool]:
    spool = await opened(tmp_path)
    yield spool
    await spool.close()


async def sealed(spool: Spool) -> Sealed:
    batch = await spool.seal(FORGE)
    assert batch is not None
    return batch


async def test_samples_are_numbered_from_one_in_the_order_they_came(spool: Spool) -> None:
    futures = [spool.record(sample()) for _ in range(3)]
    assert await asyncio.gather(*futures) == [1, 2, 3]


async def test_a_batch_takes_the_samples_away_and_names_the_batch_before(spool: Spool) -> None:
    await spool.record(sample())
    first = await sealed(spool)
    await spool.record(sample())
    second = await sealed(spool)
    batches = await chain(spool)
    assert [batch.previous for batch in batches] == [NO_PREVIOUS, first.digest]
    assert [(batch.first, batch.last) for batch in batches] == [(1, 1), (2, 2)]
    assert (first.number, second.number) == (1, 2)
    assert await spool.seal(FORGE) is None


async def test_numbers_and_chain_go_on_after_the_spool_was_closed(tmp_path: Path) -> None:
    spool = await opened(tmp_path)
    await spool.record(sample())
    first = await sealed(spool)
    await spool.close()
    spool = await opened(tmp_path)
    assert await spool.record(sample()) == 2
    await sealed(spool)
    assert (await chain(spool))[1].previous == first.digest
    await spool.close()


async def test_samples_of_an_earlier_boot_are_sealed_with_its_own_clocks(tmp_path: Path) -> None:
    earlier = replace(RUN, boot_id="earlier-boot", agent_version="0.0.9", config="d" * 64)
    clock = FakeClock(earlier.boot_id)
    spool = await Spool.open(tmp_path / "spool.db", CAPACITY)
    await spool.begin(earlier, clock.reading)
    clock.advance(5_000_000)
    await spool.record(sample(boot_id=earlier.boot_id))
    await spool.close()

    spool = await opened(tmp_path)
    await spool.record(sample())
    await seal_earlier(spool, FORGE)
    await seal_all(spool, FORGE)
    batches = await chain(spool)
    assert [batch.boot for batch in batches] == ["earlier-boot", BOOT]
    assert batches[0].clock == clock.reading()
    assert (batches[0].agent_version, batches[0].config) == ("0.0.9", "d" * 64)
    await spool.close()


async def test_sealing_earlier_runs_leaves_the_current_one_alone(spool: Spool) -> None:
    await spool.record(sample())
    assert await spool.seal_earlier(FORGE) is None


async def test_a_second_agent_on_the_same_spool_is_refused_in_one_line(
    spool: Spool, tmp_path: Path
) -> None:
    with pytest.raises(SpoolBusyError) as refused:
        await Spool.open(tmp_path / "spool.db", CAPACITY)
    assert str(refused.value) == (
        f"cannot open {tmp_path / 'spool.db'}: another agent is using it; stop that one first"
    )
    assert await spool.record(sample()) == 1


async def test_a_spool_of_another_agent_is_refused(spool: Spool) -> None:
    with pytest.raises(SpoolError, match="it belongs to agent"):
        await spool.claim("0" * 32, [HERE])


async def test_a_batch_stays_until_every_collector_has_it(tmp_path: Path) -> None:
    spool = await opened(tmp_path, HERE, THERE)
    await spool.record(sample())
    await sealed(spool)
    assert (await spool.held()).depth == 1
    await spool.move_cursor(HERE, Cursor(batch=1, sample=1))
    assert (await spool.held()).depth == 1
    await spool.move_cursor(THERE, Cursor(batch=1, sample=1))
    assert (await spool.held()).depth == 0
    await spool.close()


async def test_cursors_survive(tmp_path: Path) -> None:
    spool = await opened(tmp_path)
    cursor = Cursor(batch=7, sample=70, leaf=12, checkpoint="seen", halted="x", refused="y")
    await spool.move_cursor(HERE, cursor)
    await spool.close()
    spool = await opened(tmp_path)
    assert await spool.cursor(HERE) == cursor
    await spool.close()


async def test_a_change_of_outcome_hurries_the_batch(spool: Spool) -> None:
    await spool.record(sample())
    await sealed(spool)
    await spool.record(sample())
    due_s = spool.pending.due_s()
    await spool.record(sample(outcome=Outcome.DOWN))
    hurried_s = spool.pending.due_s()
    assert due_s is not None
    assert hurried_s is not None
    assert hurried_s < due_s - 25


async def test_a_change_does_not_hurry_a_batch_that_nobody_would_hear_of(spool: Spool) -> None:
    hurries = []
    for number in range(12):
        await spool.record(sample(outcome=(Outcome.UP, Outcome.DOWN)[number % 2]))
        due_s, now_s = spool.pending.due_s(), asyncio.get_running_loop().time()
        hurries.append(due_s is not None and due_s < now_s + 10)
        await sealed(spool)
    assert hurries == [True] * 11 + [False]

    await spool.move_cursor(HERE, Cursor(batch=12, sample=12))
    await spool.record(sample())
    await sealed(spool)
    assert spool.pending.listening


async def test_a_sample_that_could_never_be_sealed_is_refused(spool: Spool) -> None:
    for wrong in (
        sample(check="unheard-of"),
        sample(boot_id="another boot"),
        sample(start_us=1),
        replace(sample(), duration_us=-1_000),
        replace(sample(), outcome=Outcome.DOWN),
    ):
        with pytest.raises(ValueError, match=r"sample|outcome"):
            await spool.record(wrong)


async def test_lone_surrogates_in_a_detail_do_not_stop_the_chain(spool: Spool) -> None:
    await spool.record(replace(sample(detail="caf\udce9"), version="1\udce9"))
    await sealed(spool)
    (batch,) = await chain(spool)
    assert batch.checks[0].details == ((0, "caf?"),)
    assert batch.checks[0].versions == ((0, "1?"),)
