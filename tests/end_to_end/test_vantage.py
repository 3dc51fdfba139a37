"""A real agent in a real network whose cables are pulled: whose fault is it?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from probes.model.failure import Failure
from tests.agent.collecting import TestCollector, collecting
from tests.agent.processes import command, enrol, running, write_config
from tests.servers.network import COLLECTOR, GATEWAY, PEER, PORT, SERVICE, Network, network

pytestmark = pytest.mark.servers


def dpi(**more: str) -> dict[str, Any]:
    url = f"http://{SERVICE}:{PORT}/"
    never = {"duration": "PT0S"}
    asked = {"kind": "http", "interval": "PT1S", "url": url, "expect_markers": ["Connexion"]}
    return {**asked, "burst": never, **more}


def reference(host: str, **more: str) -> dict[str, Any]:
    asked = {"kind": "tcp", "host": host, "port": PORT, "connect_only": True}
    return {**asked, "interval": "PT2S", "timeout": "PT1S", **more}


GATEWAY_AND_PEER = {"gateway": reference(GATEWAY), "peer": reference(PEER)}


class World:
    """An agent that measures in the network, and what its collector hears."""

    def __init__(self, network: Network, collector: TestCollector) -> None:
        self.network = network
        self.collector = collector

    async def until_seen(self, outcomes: str) -> None:
        """Wait for outcomes that follow each other; a wrong one between them must not hang us."""
        async with asyncio.timeout(60):
            await self.collector.until_seen("dpi", outcomes)

    def failures(self) -> set[Failure]:
        """All failures of the check, but for the stalls of a busy machine."""
        columns = self.collector.columns("dpi")
        found = {failure for each in columns for _, failure, _ in each.failures}
        return found - {Failure.STALL}


@asynccontextmanager
async def measuring(
    folder: Path, references: dict[str, Any], check: dict[str, Any]
) -> AsyncIterator[World]:
    pages = folder / "pages"
    pages.mkdir()
    with network(pages) as net:
        async with collecting(COLLECTOR) as collector:
            config = write_config(folder, collector.url, {"dpi": check}, references=references)
            await enrol(config)
            async with running(config, before=net.inside(net.vantage)):
                world = World(net, collector)
                await world.until_seen("U")
                yield world


async def test_the_vantage_points_own_cable_is_pulled(tmp_path: Path) -> None:
    async with measuring(tmp_path, GATEWAY_AND_PEER, dpi()) as world:
        world.network.pull("vantage")
        await world.until_seen("X")
        world.network.plug("vantage")
        await world.until_seen("XU")

    assert "D" not in world.collector.outcomes("dpi")
    assert world.failures() == {Failure.VANTAGE_OFFLINE}
    # An auditor sees why: the references were down.
    for name in GATEWAY_AND_PEER:
        assert "D" in world.collector.outcomes(name)


async def test_the_cable_of_the_service_is_pulled(tmp_path: Path) -> None:
    async with measuring(tmp_path, GATEWAY_AND_PEER, dpi()) as world:
        world.network.pull("service")
        await world.until_seen("D")
        world.network.plug("service")
        await world.until_seen("DU")

    assert Failure.VANTAGE_OFFLINE not in world.failures()
    assert "D" not in world.collector.outcomes("peer")


async def test_a_gateway_that_does_not_answer_is_no_loss_while_a_peer_does(tmp_path: Path) -> None:
    async with measuring(tmp_path, GATEWAY_AND_PEER, dpi()) as world:
        world.network.filter(world.network.switch, "input", f"ip daddr {GATEWAY} drop")
        world.network.pull("service")
        await world.until_seen("D")

    assert Failure.VANTAGE_OFFLINE not in world.failures()


async def test_loopback_alone_keeps_no_vantage_point_online(tmp_path: Path) -> None:
    metrics = {"loopback": {**reference("127.0.0.1"), "port": 1}}  # a reset is an answer, too
    references = {**GATEWAY_AND_PEER, **metrics}
    async with measuring(tmp_path, references, dpi()) as world:
        world.network.pull("vantage")
        await world.until_seen("X")

    assert "D" not in world.collector.outcomes("dpi")
    assert world.failures() == {Failure.VANTAGE_OFFLINE}


async def test_a_firewall_of_the_vantage_point_refuses_in_nobodys_name(tmp_path: Path) -> None:
    async with measuring(tmp_path, GATEWAY_AND_PEER, dpi()) as world:
        world.network.filter(world.network.vantage, "output", "ip daddr 10.78.0.0/24 reject")
        await world.until_seen("X")

    assert "D" not in world.collector.outcomes("dpi")
    assert world.failures() == {Failure.VANTAGE_OFFLINE}


async def test_a_service_that_refuses_by_itself_is_down_though_no_reference_answers(
    tmp_path: Path,
) -> None:
    async with measuring(tmp_path, GATEWAY_AND_PEER, dpi()) as world:
        world.network.filter(
            world.network.switch, "input", f"ip daddr {{ {GATEWAY}, {PEER} }} drop"
        )
        world.network.filter(
            world.network.service, "input", f"tcp dport {PORT} reject with tcp reset"
        )
        await world.until_seen("D")

    assert world.failures() == {Failure.CONNECTION_REFUSED}


async def test_without_references_all_is_as_it_was_and_status_says_so(tmp_path: Path) -> None:
    async with measuring(tmp_path, {}, dpi()) as world:
        world.network.pull("vantage")
        await world.until_seen("D")
        told = await command("status", "-c", tmp_path / "agent.yaml")

    assert "network    NOT CHECKED: this vantage point cannot tell" in told.out
