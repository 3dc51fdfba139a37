import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.collector.demo.processes import Start, Started, next_line, tell

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer_in_capitals(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read()).upper())
    writer.close()


async def greet_and_wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    await reader.read()
    writer.close()


async def service(handler: Handler) -> asyncio.Server:
    return await asyncio.start_server(handler, "127.0.0.1", 0)


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def ask(port: int, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(question)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
def path(start: Start) -> Started:
    return start("path")


async def test_a_path_starts_cut(path: Started) -> None:
    with pytest.raises(ConnectionRefusedError):
        await ask(int(next_line(path)), b"?")


async def test_an_open_path_carries_both_ways_to_the_last_byte(path: Started) -> None:
    port, question = int(next_line(path)), b"x" * 3_000_000
    async with await service(answer_in_capitals) as server:
        assert tell(path, f"open {port_of(server)}") == f"open {port_of(server)}"
        assert await ask(port, question) == question.upper()


async def test_a_closed_path_refuses_and_opens_again_on_its_own_port(path: Started) -> None:
    port = int(next_line(path))
    async with await service(answer_in_capitals) as server:
        for _ in range(3):
            tell(path, f"open {port_of(server)}")
            assert await ask(port, b"a") == b"A"
            assert tell(path, "close") == "closed"
            with pytest.raises(ConnectionRefusedError):
                await ask(port, b"a")


async def test_closing_cuts_the_connections_that_are_open(path: Started) -> None:
    port = int(next_line(path))
    async with await service(greet_and_wait) as server:
        tell(path, f"open {port_of(server)}")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readexactly(5) == b"hello"
        tell(path, "close")
        assert await reader.read() == b""
        writer.close()


async def test_an_open_path_can_be_led_to_another_service(path: Started) -> None:
    port = int(next_line(path))
    async with await service(answer_in_capitals) as one, await service(greet_and_wait) as other:
        tell(path, f"open {port_of(one)}")
        assert await ask(port, b"a") == b"A"
        tell(path, f"open {port_of(other)}")
        assert await ask(port, b"a") == b"hello"


async def test_a_path_to_a_stopped_service_answers_nothing_and_lives_on(path: Started) -> None:
    port = int(next_line(path))
    async with await service(answer_in_capitals) as server:
        stopped = port_of(server)
    tell(path, f"open {stopped}")
    assert await ask(port, b"") == b""
    async with await service(answer_in_capitals) as server:
        tell(path, f"open {port_of(server)}")
        assert await ask(port, b"a") == b"A"


def test_nobody_takes_the_port_of_a_cut_path(path: Started) -> None:
    port = int(next_line(path))
    with socket.socket() as thief, pytest.raises(OSError, match="Address already in use"):
        thief.bind(("127.0.0.1", port))


def test_a_command_it_does_not_know_is_answered_and_changes_nothing(path: Started) -> None:
    next_line(path)
    assert tell(path, "open wide") == "cannot obey 'open wide': expected open PORT or close"


def test_a_path_ends_with_its_standard_input(path: Started) -> None:
    next_line(path)
    assert path.stdin is not None
    path.stdin.close()
    assert path.wait() == 0
    assert path.stderr is not None
    assert path.stderr.read() == ""
    path.stdin = None
