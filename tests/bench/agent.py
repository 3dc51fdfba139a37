"""What a running agent costs, beside Debian's blackbox_exporter that does the same rounds.

The agent is the real command with its real configuration, enrolled with a collector that checks
every batch; the exporter is asked for as many probes of the same page, evenly spread. Both run at
once, on the same machine, against the same nginx. What each used to start up is not counted: a full
round of all checks goes before.

How late the agent starts its probes is by its own histogram: from when a slot was due until the
probe's own first instruction. A process that only sleeps as often shows how much of that is the
machine's.
"""

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import ClientConnectionError, ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.agent.collecting import collecting
from tests.agent.processes import enrol, running, write_config
from tests.bench.figure import Figure
from tests.bench.peers import (
    MARKER,
    Exporter,
    Page,
    blackbox,
    cpu_us,
    install_peers,
    nginx,
    resident_mb,
)
from tests.servers.real import free_port

ROUNDS_OF: Final = (("http", 100), ("http", 1_000), ("https", 1_000))
INTERVAL_S: Final = 10
ROUNDS: Final = 3


class Scrape(NamedTuple):
    """What the agent's metrics say at one instant; delays are counted by their bound in seconds."""

    probes: float
    missed: float
    delays: Counter[float]

    def since(self, earlier: "Scrape") -> "Scrape":
        """Return what was added after an earlier scrape."""
        return Scrape(
            self.probes - earlier.probes,
            self.missed - earlier.missed,
            self.delays - earlier.delays,
        )

    def delay_ms(self, share: float) -> float:
        """Return the delay that this share of starts did not exceed, linear inside its bucket."""
        wanted = share * max(self.delays.values())
        below_s = below = 0.0
        for bound_s, count in sorted(self.delays.items()):
            if count >= wanted:
                return (below_s + (bound_s - below_s) * (wanted - below) / (count - below)) * 1e3
            below_s, below = bound_s, count
        raise ValueError("no start was counted")


class Used(NamedTuple):
    """What a process used: CPU microseconds a probe, and memory in MB."""

    cpu_us: float
    resident_mb: float


class Seen(NamedTuple):
    """What came of some rounds of both sides."""

    agent: Used
    exporter: Used
    scrape: Scrape
    sleep_late_ms: float


def run() -> list[Figure]:
    """Print what both sides cost at each size; return the figures."""
    install_peers()
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with nginx(folder) as pages:
            for scheme, checks in ROUNDS_OF:
                page = next(page for page in pages if page.url.startswith(f"{scheme}:"))
                with blackbox(folder, page.ca_file) as exporter:
                    state = folder / f"{scheme}-{checks}"
                    state.mkdir()
                    seen = asyncio.run(side_by_side(state, page, exporter, checks))
                figures += _told(scheme, checks, seen)
    return figures


async def side_by_side(folder: Path, page: Page, exporter: Exporter, checks: int) -> Seen:
    """Let both sides probe a page at the same pace for some rounds; return what they used."""
    check = {
        "kind": "http",
        "interval": f"PT{INTERVAL_S}S",
        "url": page.url,
        "tls": {"ca_file": page.ca_file},
        "expect_markers": [MARKER],
    }
    listen = f"127.0.0.1:{free_port()}"
    async with collecting() as collector, ClientSession(f"http://{listen}") as session:
        config = write_config(
            folder,
            collector.url,
            {f"check-{n:04}": check for n in range(checks)},
            metrics={"listen": listen},
        )
        await enrol(config)
        async with running(config) as process:
            await _until_it_answers(session)
            await _drive(exporter, page, checks, 1)
            before, agent_us = await _scrape(session), cpu_us(process.pid)
            exporter_us = cpu_us(exporter.pid)
            sleeper = await _sleeper(checks)
            await _drive(exporter, page, checks, ROUNDS)
            agent_us = cpu_us(process.pid) - agent_us
            exporter_us = cpu_us(exporter.pid) - exporter_us
            scrape = (await _scrape(session)).since(before)
            resident = resident_mb(process.pid), resident_mb(exporter.pid)
    await exporter.close()
    sleep_late_ms, _ = await sleeper.communicate()
    return Seen(
        Used(agent_us / scrape.probes, resident[0]),
        Used(exporter_us / (checks * ROUNDS), resident[1]),
        scrape,
        float(sleep_late_ms),
    )


def _told(scheme: str, checks: int, seen: Seen) -> list[Figure]:
    what = f"{checks} {scheme} checks"
    for name, used in (("agent", seen.agent), ("blackbox_exporter", seen.exporter)):
        print(f"{what:17}  {name:18}{used.cpu_us:5.0f} us/probe{used.resident_mb:6.1f} MB")
    scrape = seen.scrape
    print(
        f"{what:17}  {scrape.probes:.0f} probes by the agent, {scrape.missed:.0f} slots"
        f" missed; a start is late by {scrape.delay_ms(0.5):.2f} ms (median),"
        f" {scrape.delay_ms(0.99):.2f} ms (p99); a bare sleep by {seen.sleep_late_ms:.2f} ms (p99)"
    )
    cpu = seen.agent.cpu_us / seen.exporter.cpu_us
    memory = seen.agent.resident_mb / seen.exporter.resident_mb
    return [
        Figure(f"CPU of a probe, {what}, to blackbox_exporter's", cpu, "x", _AIMS[scheme]),
        Figure(f"resident memory, {what}, to blackbox_exporter's", memory, "x", 1.5),
        Figure(f"resident memory, {what}", seen.agent.resident_mb, "MB", 45),
        Figure(f"start delay p99, {what}", scrape.delay_ms(0.99), "ms", 5),
        Figure(f"p99 of a bare sleep meanwhile, {what}", seen.sleep_late_ms, "ms"),
        Figure(f"slots missed, {what}", scrape.missed, "", 0),
    ]


_AIMS: Final = {"http": 0.6, "https": 0.9}


async def _drive(exporter: Exporter, page: Page, checks: int, rounds: int) -> None:
    """Ask the exporter for a probe of each check in each round, evenly spread over the round."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for probe in range(checks * rounds):
            await asyncio.sleep(began + probe * INTERVAL_S / checks - loop.time())
            group.create_task(exporter.probe(page))
    await asyncio.sleep(began + rounds * INTERVAL_S - loop.time())


async def _sleeper(checks: int) -> asyncio.subprocess.Process:
    """Start a process that sleeps as often as the agent starts probes."""
    times, every_s = checks * ROUNDS, INTERVAL_S / checks
    arguments = (sys.executable, "-m", "tests.bench.sleeper", str(times), str(every_s))
    return await asyncio.create_subprocess_exec(*arguments, stdout=PIPE)


async def _until_it_answers(session: ClientSession) -> None:
    while True:
        with suppress(ClientConnectionError):
            await _scrape(session)
            return
        await asyncio.sleep(0.1)


async def _scrape(session: ClientSession) -> Scrape:
    async with session.get("/metrics") as answer:
        text = await answer.text()
    probes = missed = 0.0
    delays: Counter[float] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix("constat_agent_")
            if name == "probes_total":
                probes += sample.value
            elif name == "missed_slots_total":
                missed += sample.value
            elif name == "probe_start_delay_seconds_bucket":
                delays[float(sample.labels["le"])] = int(sample.value)
    return Scrape(probes, missed, delays)
