"""A target that comes and goes: a port that listens for a while, and then does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

from tests.servers.listening import nobody


@asynccontextmanager
async def flapping(random: Random) -> AsyncIterator[int]:
    """Give a port of loopback that is open and closed for 1 to 4 s in turn."""
    with nobody() as port:
        pass
    task = asyncio.create_task(_flap(port, random))
    try:
        yield port
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _flap(port: int, random: Random) -> None:
    while True:
        server = await asyncio.start_server(_close, "127.0.0.1", port, reuse_address=True)
        try:
            await asyncio.sleep(random.uniform(1, 4))
        finally:
            server.close()
        await asyncio.sleep(random.uniform(1, 4))


async def _close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
