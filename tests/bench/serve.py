"""A collector as a process of its own: `python -m tests.bench.serve DSN` prints its port."""

import asyncio
import sys
import time

from aiohttp import web

from collector.api.app import make_app, make_runner
from collector.store.ingest import Ingest
from collector.store.pool import open_pool
from collector.store.telemetry import Telemetry
from tests.collector.store.agents import LOG_KEY


def now_us() -> int:
    return time.time_ns() // 1000


async def serve(dsn: str) -> None:
    async with open_pool(dsn) as pool:
        telemetry = Telemetry()
        ingest = Ingest(pool, LOG_KEY, now_us, telemetry)
        runner = make_runner(make_app(pool, ingest, LOG_KEY, now_us, telemetry))
        writing = asyncio.create_task(ingest.run())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()
        ingest.close()
        await writing


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
