"""HTTP over one kept connection, against servers that answer as they like."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agent.http import HttpConnection, HttpError, Response
from agent.link import trust
from tests.servers.listening import a_full_queue, serving

TRUST = trust(None)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Script:
    """A server that reads a request, gives the next answer, and closes where it is told to.

    `connections` has the requests that came over each connection.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = deque(answers)
        self.connections: list[list[bytes]] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests: list[bytes] = []
        self.connections.append(requests)
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0])
            requests.append(head + await reader.readexactly(length))
            answer = self.answers.popleft()
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()


@asynccontextmanager
async def connected(script: Script, timeout_s: float = 10.0) -> AsyncIterator[HttpConnection]:
    async with serving(script.talk) as port:
        connection = HttpConnection(f"http://127.0.0.1:{port}", TRUST, timeout_s)
        yield connection
        await connection.close()


async def ask(connection: HttpConnection, body: bytes = b"?") -> Response:
    return await connection.request("POST", "/path", {"X-Name": "value"}, body, longest=1_000)


async def test_a_request_says_what_it_was_asked_to_say() -> None:
    script = Script(OK)
    async with connected(script) as connection:
        response = await ask(connection, b"body")
    assert (response.status, response.body) == (200, b"ok")
    head, _, body = script.connections[0][0].partition(b"\r\n\r\n")
    first, host, *others = head.split(b"\r\n")
    assert first == b"POST /path HTTP/1.1"
    assert host.startswith(b"Host: 127.0.0.1:")
    assert others == [b"X-Name: value", b"Content-Length: 4"]
    assert body == b"body"


async def test_one_connection_carries_many_requests() -> None:
    script = Script(OK, OK, OK)
    async with connected(script) as connection:
        for _ in range(3):
            await ask(connection)
    assert [len(requests) for requests in script.connections] == [3]


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    script = Script(OK, None, OK)
    async with connected(script) as connection:
        for _ in range(2):
            assert (await ask(connection)).body == b"ok"
    assert [len(requests) for requests in script.connections] == [2, 1]


async def test_a_new_connection_that_is_closed_is_not_tried_again() -> None:
    script = Script(None, OK)
    async with connected(script) as connection:
        with pytest.raises(HttpError, match="the connection was closed without an answer"):
            await ask(connection)
    assert len(script.connections) == 1


async def test_a_server_that_wants_to_close_is_heeded() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    script = Script(closing, OK)
    async with connected(script) as connection:
        for _ in range(2):
            assert (await ask(connection)).body == b"ok"
    assert [len(requests) for requests in script.connections] == [1, 1]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_every_form_of_an_answer_is_read(answer: bytes) -> None:
    async with connected(Script(answer)) as connection:
        assert (await ask(connection)).body == b"ok"


async def test_the_names_of_headers_are_in_lower_case() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with connected(Script(answer)) as connection:
        response = await ask(connection)
    assert response.status == 503
    assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK[:-1], "closed"),
        (b"HTTP/1.1 200 OK\r\nContent", "closed|without"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "illegal"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2_000, "longer than 1000"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000, "longer than 1000 bytes"),
    ],
)
async def test_half_an_answer_is_none(answer: bytes, reason: str) -> None:
    async with connected(Script(answer)) as connection:
        with pytest.raises(HttpError, match=f"(?i){reason}"):
            await ask(connection)


async def test_after_a_failure_the_next_request_finds_a_new_connection() -> None:
    script = Script(b"nonsense\r\n\r\n", OK)
    async with connected(script) as connection:
        with pytest.raises(HttpError):
            await ask(connection)
        assert (await ask(connection)).body == b"ok"
    assert len(script.connections) == 2


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with connected(Script(b"", None), timeout_s=0.1) as connection:
        with pytest.raises(HttpError, match="no answer in time"):
            await ask(connection)


async def test_a_server_that_does_not_even_accept_is_given_up() -> None:
    with a_full_queue() as port:
        connection = HttpConnection(f"http://127.0.0.1:{port}", TRUST, timeout_s=0.1)
        with pytest.raises(HttpError, match="no answer in time"):
            await ask(connection)


async def test_a_server_without_tls_is_named_as_such() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    async with serving(greet) as port:
        connection = HttpConnection(f"https://127.0.0.1:{port}", TRUST, timeout_s=10)
        with pytest.raises(HttpError, match="TLS failed: "):
            await ask(connection)


async def test_a_name_nobody_has_is_named_as_such() -> None:
    connection = HttpConnection("http://collector.invalid", TRUST, timeout_s=10)
    with pytest.raises(HttpError, match=r"(?i)name|address"):
        await ask(connection)
