"""The metrics server: what it answers, and to what."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from agent.exposition import CONTENT_TYPE
from agent.metrics_server import listen


async def exposition() -> bytes:
    return b"constat_agent_build_info 1\n" * 10_000


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with await listen(exposition, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("query", ["", "?name[]=up"])
async def test_the_metrics_are_answered_whole(port: int, query: str) -> None:
    async with (
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics{query}") as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert await answer.read() == await exposition()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", b"404"),
        (b"GET /metricsx HTTP/1.1", b"404"),
        (b"POST /metrics HTTP/1.1", b"405"),
        (b"HEAD /metrics HTTP/1.1", b"405"),
        (b"nonsense", b"400"),
    ],
)
async def test_anything_else_is_told_so(port: int, request_line: bytes, status: bytes) -> None:
    answer = await exchange(port, request_line + b"\r\nHost: here\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 " + status)


async def test_a_head_without_end_is_refused(port: int) -> None:
    answer = await exchange(port, b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 100_000)

    assert answer.startswith(b"HTTP/1.1 400") or answer == b""


async def test_a_client_that_says_nothing_is_let_go(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.metrics_server.TIMEOUT_S", 0.01)

    assert await exchange(port, b"") == b""
