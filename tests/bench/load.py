"""A load of HTTP requests: each connection sends its own bodies in order, one at a time."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple


class Load(NamedTuple):
    """What came of a load: how long it took, and how long each answer took."""

    seconds: float
    latencies_s: list[float]

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def send_all(
    port: int, bodies: Sequence[Sequence[bytes]], *, every_s: float | None = None
) -> Load:
    """Send one connection's bodies on each of as many connections, as fast as they are answered.

    With `every_s` each connection sends one body that often instead; an answer's time is then
    counted from when its request was due, so that waiting is not left out.
    """
    streams = [await asyncio.open_connection("127.0.0.1", port, limit=1 << 16) for _ in bodies]
    began = perf_counter()
    latencies = await asyncio.gather(
        *[
            _send(*stream, own, began + (every_s or 0) * place / len(bodies), every_s)
            for place, (stream, own) in enumerate(zip(streams, bodies, strict=True))
        ]
    )
    seconds = perf_counter() - began
    for _, writer in streams:
        writer.close()
        await writer.wait_closed()
    return Load(seconds, [latency for each in latencies for latency in each])


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    bodies: Sequence[bytes],
    due: float,
    every_s: float | None,
) -> list[float]:
    latencies = []
    for body in bodies:
        if every_s is None:
            due = perf_counter()
        elif (early := due - perf_counter()) > 0:
            await asyncio.sleep(early)
        writer.write(
            b"POST /v1/batches HTTP/1.1\r\nHost: collector\r\nContent-Encoding: gzip\r\n"
            b"Content-Type: application/vnd.dsse.envelope.v1+json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        await _answer(reader)
        latencies.append(perf_counter() - due)
        due += every_s or 0
    return latencies


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the collector answered {head!r} {body!r}")
