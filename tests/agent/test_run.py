"""A real agent process against a real service and a collector, all on loopback."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from agent.clock import SystemClock
from probes.model.failure import Failure
from tests.agent.collecting import TENANT, TestCollector, collecting
from tests.agent.processes import command, enrol, running, spawned, write_config
from tests.promtool import find_no_fault
from tests.servers.listening import serving
from tests.servers.web import LOGIN, answering, page, read_request


def http_check(port: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any option
    return {
        "kind": "http",
        "interval": "PT1S",
        "url": f"http://127.0.0.1:{port}/",
        "expect_markers": ["Connexion"],
        **more,
    }


@pytest.fixture
async def collector() -> AsyncIterator[TestCollector]:
    async with collecting() as made:
        yield made


@pytest.fixture
async def service() -> AsyncIterator[int]:
    async with serving(answering(page(LOGIN, headers=("X-Version: 3.1",)))) as port:
        yield port


async def log_line(config: Path, text: str) -> str:
    """Wait for a line of the agent's log; return it."""
    log = config.with_suffix(".log")
    while True:
        for line in log.read_text(encoding="utf-8").splitlines():
            if text in line:
                return line
        await asyncio.sleep(0.05)


async def test_what_a_real_agent_measures_arrives_signed(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    check = http_check(service, version={"header": "X-Version"})
    config = write_config(tmp_path, collector.url, {"dpi": check})
    await enrol(config)

    async with running(config) as process:
        await collector.until_seen("dpi", "U")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0

    first = collector.batches[0]
    columns = collector.columns("dpi")[0]
    assert (first.tenant, first.vantage) == (TENANT, "accueil-03")
    assert first.boot == SystemClock().boot_id
    assert columns.versions == ((0, "3.1"),)
    assert columns.interval_us == 1_000_000


class Service:
    """A service that answers as it is told."""

    def __init__(self) -> None:
        self.answer = page(LOGIN)
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.asked.set()
        await self.may_answer.wait()
        writer.write(self.answer)
        await writer.drain()


async def test_a_service_that_falls_and_returns_is_seen_to(
    tmp_path: Path, collector: TestCollector
) -> None:
    service = Service()
    async with serving(service.talk) as port:
        config = write_config(tmp_path, collector.url, {"dpi": http_check(port)})
        await enrol(config)
        async with running(config):
            await collector.until_seen("dpi", "U")
            service.answer = page("Maintenance en cours", status="503 Service Unavailable")
            await collector.until_seen("dpi", "UD")
            service.answer = page(LOGIN)
            await collector.until_seen("dpi", "DU")

    assert set(collector.outcomes("dpi")) == {"U", "D"}
    failures = [each for columns in collector.columns("dpi") for each in columns.failures]
    assert {failure for _, failure, _ in failures} == {Failure.MAINTENANCE_PAGE}


async def test_an_agent_that_is_stopped_and_continued_never_calls_a_service_down(
    tmp_path: Path, collector: TestCollector
) -> None:
    service = Service()
    async with serving(service.talk) as port:
        config = write_config(tmp_path, collector.url, {"dpi": http_check(port)})
        await enrol(config)
        async with running(config) as process:
            await collector.until_seen("dpi", "U")
            service.may_answer.clear()
            service.asked.clear()
            await service.asked.wait()
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(1.6)  # the probe's deadline, of 1 s, passes meanwhile
            service.may_answer.set()
            process.send_signal(signal.SIGCONT)
            await collector.until_seen("dpi", "X")
            await collector.until_seen("dpi", "XU")

    assert "D" not in collector.outcomes("dpi")
    failures = [each for columns in collector.columns("dpi") for each in columns.failures]
    assert {failure for _, failure, _ in failures} == {Failure.STALL}


async def test_sigterm_ends_an_agent_whose_probe_hangs_without_a_verdict_on_it(
    tmp_path: Path, collector: TestCollector
) -> None:
    service = Service()
    service.may_answer.clear()
    async with serving(service.talk) as port:
        slow = http_check(port, timeout="PT20S", max_gap="PT30S")
        config = write_config(tmp_path, collector.url, {"slow": slow})
        await enrol(config)
        async with running(config) as process:
            await service.asked.wait()
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        assert await log_line(config, "probes were abandoned")

    assert collector.outcomes("slow") == ""


async def test_an_agent_measures_on_while_its_collector_is_away(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(service)})
    await enrol(config)
    moved = config.read_text(encoding="utf-8").replace(collector.url, "http://127.0.0.1:9")
    config.write_text(moved, encoding="utf-8")

    async with running(config) as process:
        assert "level=warning" in await log_line(config, "cannot reach http://127.0.0.1:9")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def test_a_second_agent_on_the_same_state_is_refused(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(service)})
    await enrol(config)
    async with running(config):
        await log_line(config, "accueil-03 runs")

        second = await spawned("run", "--config", config)

    assert second.code == 1
    assert second.err.splitlines()[-1].startswith("constat-agent: cannot open ")
    assert "another agent is using it" in second.err


async def test_an_agent_that_is_not_enrolled_says_what_to_do(tmp_path: Path) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9", {"dpi": http_check(9)})

    ended = await spawned("run", "--config", config)

    assert ended.code == 2
    assert f"run constat-agent enrol --config {config} first" in ended.err
    assert "Traceback" not in ended.err


async def test_a_state_folder_of_another_vantage_point_is_refused(
    tmp_path: Path, collector: TestCollector
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(9)})
    await enrol(config)
    renamed = config.read_text(encoding="utf-8").replace("accueil-03", "urgences-01")
    config.write_text(renamed, encoding="utf-8")

    ended = await spawned("run", "--config", config)

    assert ended.code == 2
    assert "belongs to accueil-03, not to urgences-01" in ended.err


@pytest.mark.metrics
async def test_metrics_are_served_and_prometheus_finds_no_fault_in_them(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    config = write_config(
        tmp_path, collector.url, {"dpi": http_check(service)}, metrics={"listen": "127.0.0.1:0"}
    )
    await enrol(config)
    async with running(config), ClientSession() as session:
        url = (await log_line(config, "metrics at ")).rpartition(" ")[2].strip('"')
        await collector.until_seen("dpi", "U")
        async with session.get(url) as answer:
            text = await answer.text()

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'constat_agent_probes_total{check="dpi",outcome="up"}' in text
    assert 'constat_agent_collector_served{collector="test"} 1\n' in text
    await find_no_fault(text)


async def test_an_agent_measures_without_metrics_when_their_address_is_taken(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    metrics = {"listen": f"127.0.0.1:{service}"}
    config = write_config(tmp_path, collector.url, {"dpi": http_check(service)}, metrics=metrics)
    await enrol(config)
    async with running(config):
        await collector.until_seen("dpi", "U")

    assert "level=error" in await log_line(config, "no metrics: cannot listen on 127.0.0.1:")


async def test_status_tells_of_an_agent_that_runs_and_then_of_one_that_was_stopped(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(service)})
    await enrol(config)
    async with running(config) as process:
        await collector.until_seen("dpi", "U")
        alive = await command("status", "-c", config)
        process.send_signal(signal.SIGTERM)
        await process.wait()
    stopped = await command("status", "-c", config)

    assert (alive.code, stopped.code) == (0, 6)
    assert alive.out.startswith(f"running, process {process.pid}, for ")
    assert f"vantage    accueil-03 of {TENANT}, agent " in alive.out
    assert stopped.out.startswith("NOT RUNNING: it stopped ")
    assert "spool      0 measurements some collector does not have" in stopped.out
    assert "collector  test  served, batch " in stopped.out
    assert "check      dpi  up since " in stopped.out
    assert "network    NOT CHECKED: this vantage point cannot tell the loss of its" in stopped.out


@pytest.mark.metrics
async def test_status_and_metrics_tell_of_references_that_do_not_answer(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    nobodys = {"kind": "tcp", "host": "gateway.invalid", "port": 1, "connect_only": True}
    references = {"gateway": {**nobodys, "interval": "PT1S"}}
    config = write_config(
        tmp_path,
        collector.url,
        {"dpi": http_check(service)},
        references=references,
        metrics={"listen": "127.0.0.1:0"},
    )
    await enrol(config)
    async with running(config) as process, ClientSession() as session:
        url = (await log_line(config, "metrics at ")).rpartition(" ")[2].strip('"')
        assert "level=warning" in await log_line(config, "this vantage point has lost its network")
        await collector.until_seen("gateway", "D")
        async with session.get(url) as answer:
            text = await answer.text()
        process.send_signal(signal.SIGTERM)
        await process.wait()
    stopped = await command("status", "-c", config)

    assert "network    LOST: no reference answers, asked " in stopped.out
    assert "reference  gateway  down since " in stopped.out
    assert 'constat_agent_reference_answers{reference="gateway"} 0\n' in text
    assert "constat_agent_vantage_online 0\n" in text
    assert 'constat_agent_reference_rounds_total{standing="online"} 0\n' in text
    await find_no_fault(text)


async def test_status_tells_of_an_agent_that_was_killed(
    tmp_path: Path, collector: TestCollector, service: int
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(service)})
    await enrol(config)
    async with running(config) as process:
        await collector.until_seen("dpi", "U")
        process.kill()
        await process.wait()

    ended = await command("status", "-c", config)

    assert ended.code == 6
    assert ended.out.startswith("NOT RUNNING: it ended without a word, was last seen ")


async def test_status_tells_when_no_agent_ever_ran(tmp_path: Path) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9", {"dpi": http_check(9)})

    ended = await command("status", "-c", config)

    assert ended.code == 6
    assert ended.err.startswith("constat-agent: the agent is not running: no agent has run with ")
