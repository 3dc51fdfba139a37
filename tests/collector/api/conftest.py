"""The collector's HTTP interface on a loopback port, over a database of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from collector.api.app import make_app, make_runner
from collector.store.ingest import Ingest
from collector.store.pool import Pool
from collector.store.telemetry import Telemetry
from tests.collector.store.agents import LOG_KEY, NOON_US


@pytest.fixture
async def ingest(pool: Pool) -> Ingest:
    """An ingest; the `client` runs it."""
    return Ingest(pool, LOG_KEY, lambda: NOON_US, Telemetry())


@pytest.fixture
async def client(pool: Pool, ingest: Ingest) -> AsyncIterator[ClientSession]:
    """A client of a running collector."""
    app = make_app(pool, ingest, LOG_KEY, lambda: NOON_US, ingest.telemetry)
    writing = asyncio.create_task(ingest.run())
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()
    ingest.close()
    await writing
