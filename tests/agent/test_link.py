"""The connection to a collector: its clock, its certificate, its answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.link import Link, TrustError, UnreachableError
from agent.offset import Bound
from agent.timekeeper import Timekeeper
from probes.model.instant import HOUR
from tests.servers.certificates import authority
from tests.servers.collector import Collector, Mishap, running


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with running(Collector(offset_us=HOUR)) as collector:
        yield collector


@pytest.fixture
async def link(collector: Collector) -> AsyncIterator[Link]:
    async with Link(collector.url, None, "test") as link:
        yield link


async def test_an_exchange_bounds_the_offset_to_the_collectors_clock(link: Link) -> None:
    clock = SystemClock()
    bound = Bound.of(await link.exchange(clock))
    now = clock.read()
    estimate = bound.at(now)
    # The collector's clock is this machine's, an hour ahead; 1 ms for reading two clocks.
    assert abs(now.wall_us + HOUR - now.boottime_us - estimate.offset_us) <= (
        estimate.error_us + 1_000
    )


async def test_a_batch_states_the_offset_to_the_first_collector_that_answered(
    collector: Collector, link: Link
) -> None:
    timekeeper = Timekeeper(SystemClock(), ["http://away.example", collector.url])
    assert not timekeeper.reading().estimated
    await timekeeper.exchange(link)
    reading = timekeeper.reading()
    assert reading.estimated
    assert abs(reading.offset_us - HOUR) <= reading.error_us + 1_000
    assert timekeeper.estimate("http://away.example") is None


async def test_the_first_exchanges_follow_each_other_and_a_failure_does_not_end_them(
    collector: Collector, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.timekeeper.RETRY_S", 0.01)
    collector.mishaps.append(Mishap.BROKEN)
    timekeeper = Timekeeper(SystemClock(), [collector.url])
    keeping = asyncio.create_task(timekeeper.keep(link))
    await collector.answered(3)
    assert timekeeper.reading().estimated
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_what_was_known_is_recalled_after_a_restart(collector: Collector, link: Link) -> None:
    before = Timekeeper(SystemClock(), [collector.url])
    await before.exchange(link)
    after = Timekeeper(SystemClock(), [collector.url])
    after.recall(before.reading())
    known = before.estimate(collector.url)
    recalled = after.estimate(collector.url)
    assert known is not None
    assert recalled is not None
    assert recalled.offset_us == known.offset_us
    assert recalled.error_us >= known.error_us


@pytest.mark.parametrize(
    "told",
    [{}, [], {"now_us": -1}, {"now_us": "1"}, {"now_us": True}, {"now_us": 1.5}, {"now_us": 2**60}],
)
async def test_an_absurd_time_is_no_exchange(
    collector: Collector, link: Link, told: object
) -> None:
    collector.told = told
    with pytest.raises(UnreachableError, match=f"{link.url} does not answer as a collector: "):
        await link.exchange(SystemClock())


async def test_a_page_is_no_answer(collector: Collector, link: Link) -> None:
    collector.mishaps.append(Mishap.NOT_JSON)
    with pytest.raises(UnreachableError, match="status 200, not JSON"):
        await link.exchange(SystemClock())


async def test_an_endless_answer_is_not_read_to_its_end(collector: Collector, link: Link) -> None:
    collector.told = {"now_us": 1, "filler": "x" * (1 << 17)}
    with pytest.raises(UnreachableError, match="the answer is longer than 65536 bytes"):
        await link.exchange(SystemClock())


async def test_a_collectors_own_authority_is_trusted_when_named(tmp_path: Path) -> None:
    known = authority()
    async with running(Collector(), known.server(tmp_path)) as collector:
        async with Link(collector.url, Path(known.write(tmp_path)), "test") as link:
            assert (await link.exchange(SystemClock())).collector_us > 0
        async with Link(collector.url, None, "test") as stranger:
            with pytest.raises(UnreachableError, match="its certificate is not trusted: "):
                await stranger.exchange(SystemClock())


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file"), ("x", "no certificate")])
async def test_an_authority_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(TrustError, match=f"cannot use {path}: .*{reason}"):
        Link("https://collector.example", path, "test")
