"""Situations that a description cannot say: what is left of a service that is half gone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from tests.servers.listening import a_full_queue
from tests.servers.web import page, read_request


@asynccontextmanager
async def kept_alive() -> AsyncIterator[int]:
    """Stop listening, and answer still whoever was connected before."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await read_request(reader)
                writer.write(page())
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _answered(reader, writer)
    server.close()
    with socket.socket() as taken:
        # Or another test might be given the port.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        try:
            await _answered(reader, writer)
            yield port
            await _answered(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /login HTTP/1.1\r\nHost: dpi\r\n\r\n")
    assert await reader.readexactly(len(page())) == page()


@asynccontextmanager
async def queue_full() -> AsyncIterator[int]:
    """Neither accept nor refuse."""
    with a_full_queue() as port:
        yield port


STAGES: Final[dict[str, Callable[[], AbstractAsyncContextManager[int]]]] = {
    "a kept connection outlives its listener": kept_alive,
    "the queue of connections is full": queue_full,
}
