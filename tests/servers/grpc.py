"""gRPC servers on loopback: the one of grpcio, and one on h2 that answers right or wrong."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, StreamEnded

from tests.servers.listening import Talk, fall_silent
from tests.servers.web import PATIENT

SERVING: int = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: int = health_pb2.HealthCheckResponse.NOT_SERVING

HEAD = (":status", "200"), ("content-type", "application/grpc")
ENDED_WELL = (("grpc-status", "0"),)
UP = bytes.fromhex("08 01")  # HealthCheckResponse {status: SERVING}

_ANY_QUESTION = (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a")

HEADERS, SETTINGS, GOAWAY, CONTINUATION = 1, 4, 7, 9  # RFC 9113, section 6

Answer: TypeAlias = Callable[[H2Connection], None]


@contextmanager
def grpcio(
    statuses: dict[str, int], *, healthy: bool = True, pem: Path | None = None
) -> Iterator[int]:
    """Run grpcio's server, with its health service unless told not to; `pem` is key and chain."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    if healthy:
        servicer = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        for name, status in statuses.items():
            servicer.set(name, status)
    if pem is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        identity = pem.read_bytes()
        credentials = grpc.ssl_server_credentials([(identity, identity)])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def answering(answer: Answer, *, stay: bool = True) -> Talk:
    """Hold a conversation of HTTP/2: when the request is whole, answer it; then stay, or close."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
        server.initiate_connection()
        await _until(StreamEnded, server, reader, writer)
        answer(server)
        writer.write(server.data_to_send())
        await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


async def _until(
    kind: type[Event],
    server: H2Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while data := await reader.read(65_536):
        events = server.receive_data(data)
        writer.write(server.data_to_send())
        if any(isinstance(event, kind) for event in events):
            return


def replying(
    body: bytes | None = None,
    trailers: Iterable[tuple[str, str]] | None = ENDED_WELL,
    head: Iterable[tuple[str, str]] = HEAD,
) -> Answer:
    """Return an answer of one stream: a head, a body if any, and trailers if any."""

    def answer(server: H2Connection) -> None:
        bare = body is None and trailers is None
        server.send_headers(1, list(head), end_stream=bare)
        if body is not None:
            server.send_data(1, body, end_stream=trailers is None)
        if trailers is not None:
            server.send_headers(1, list(trailers), end_stream=True)

    return answer


def prefixed(message: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """Return a message behind its prefix, which may lie."""
    size = len(message) if length is None else length
    return bytes((flag,)) + size.to_bytes(4, "big") + message


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """Return a frame of HTTP/2 (RFC 9113, section 4.1)."""
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def goaway(last: int, code: int) -> bytes:
    """Return the frame of a server that leaves, with a text of its own behind."""
    return frame(GOAWAY, last.to_bytes(4, "big") + code.to_bytes(4, "big") + PATIENT.encode())


def saying(*pieces: bytes, stay: bool = True) -> Talk:
    """Hold a conversation in raw bytes: hear something, then say all this."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if stay:
            await fall_silent(reader)

    return talk


WHOLE = replying(prefixed(UP))


def answer_bytes(answer: Answer) -> bytes:
    """Return what a server of HTTP/2 sends that answers so, its settings first."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    client.send_headers(1, list(_ANY_QUESTION), end_stream=True)
    server = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
    server.initiate_connection()
    server.receive_data(client.data_to_send())
    answer(server)
    return server.data_to_send()
