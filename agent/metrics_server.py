"""Answers `GET /metrics`, on loopback unless the configuration says otherwise.

A few lines over h11: a general server would take a third of the memory the agent may use. Each
connection serves one request and has a few seconds for it; what is no request for the metrics is
told so and closed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

import h11

from agent.exposition import CONTENT_TYPE
from agent.metrics import metrics_of
from agent.service import Service

TIMEOUT_S: Final = 10.0
_CHUNK: Final = 16_384

_LOG: Final = logging.getLogger(__name__)

Metrics: TypeAlias = Callable[[], Awaitable[bytes]]


async def serve_metrics(service: Service, host: str, port: int) -> None:
    """Serve the metrics of an agent until cancelled; `OSError` when the address cannot be had."""

    async def metrics() -> bytes:
        return metrics_of(service.tally, await service.snapshot())

    async with await listen(metrics, host, port) as server:
        await server.serve_forever()


async def listen(metrics: Metrics, host: str, port: int) -> asyncio.Server:
    """Return a server that answers each request for the metrics with what it is then told."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(TIMEOUT_S):
                    await _answer(reader, writer, metrics)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, host, port)
    bound_host, bound_port = server.sockets[0].getsockname()[:2]
    _LOG.info("metrics at http://%s:%d/metrics", bound_host, bound_port)
    return server


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, metrics: Metrics
) -> None:
    http = h11.Connection(h11.SERVER)
    try:
        status, body = await _respond(await _request(reader, http), metrics)
    except h11.RemoteProtocolError:
        status, body = 400, b"this is not HTTP\n"
    headers = [
        ("Content-Type", CONTENT_TYPE),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    for event in (
        h11.Response(status_code=status, headers=headers),
        h11.Data(body),
        h11.EndOfMessage(),
    ):
        writer.write(http.send(event) or b"")
    await writer.drain()
    writer.write_eof()
    await reader.read(_CHUNK)  # until the other side has all of it and closes


async def _request(reader: asyncio.StreamReader, http: h11.Connection) -> h11.Request:
    while True:
        event = http.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            raise ConnectionResetError
        http.receive_data(await reader.read(_CHUNK))


async def _respond(request: h11.Request, metrics: Metrics) -> tuple[int, bytes]:
    if request.target.partition(b"?")[0] != b"/metrics":
        return 404, b"the metrics are at /metrics\n"
    if request.method != b"GET":
        return 405, b"the metrics are there to be read\n"
    return 200, await metrics()
