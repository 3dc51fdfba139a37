"""HTTP/1.1 to one origin over one connection that is kept open (RFC 9112).

h11 reads the protocol. A general client would take a third of the memory the agent may use, for
pools, cookies, redirects and forms that are not wanted here. An answer is taken whole or not at
all, within one limit of time, and up to a limit of size.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import h11

CONNECT_TIMEOUT_S: Final = 10.0
_CHUNK: Final = 64 << 10


class HttpError(Exception):
    """There was no whole answer; the message says why."""


class _StaleError(HttpError):
    """The connection ended before the first byte of an answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the names of headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpConnection:
    """The connection to one origin, opened when it is needed and again when it was lost."""

    def __init__(self, origin: str, trust: ssl.SSLContext | None, timeout_s: float) -> None:
        parts = urlsplit(origin)
        self._trust = trust if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._trust else 80)
        self._authority = parts.netloc
        self._timeout_s = timeout_s
        self._open: _Conversation | None = None

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, longest: int
    ) -> Response:
        """Ask once and return the answer; `HttpError` when there was none.

        A connection that was kept open may have been closed by the other side at that very moment:
        such a request is sent once more on a new one. It must be one that may arrive twice.
        """
        request = h11.Request(
            method=method,
            target=path,
            headers=[
                ("Host", self._authority),
                *headers.items(),
                ("Content-Length", str(len(body))),
            ],
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._open is not None:
                    with suppress(_StaleError):
                        return await self._ask(self._open, request, body, longest)
                self._open = await self._connect()
                return await self._ask(self._open, request, body, longest)
        except TimeoutError:
            raise HttpError("no answer in time") from None
        except (OSError, h11.RemoteProtocolError) as error:
            raise HttpError(_reason(error)) from None

    async def close(self) -> None:
        """Close the connection, if there is one."""
        conversation, self._open = self._open, None
        if conversation is not None:
            await conversation.close()

    async def _connect(self) -> "_Conversation":
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return _Conversation(
                *await asyncio.open_connection(self._host, self._port, ssl=self._trust)
            )

    async def _ask(
        self, conversation: "_Conversation", request: h11.Request, body: bytes, longest: int
    ) -> Response:
        reusable = False
        try:
            response = await conversation.ask(request, body, longest)
            reusable = conversation.begin_next()
        finally:
            if not reusable:
                await self.close()
        return response


class _Conversation:
    """Questions and answers on one open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self._heard = False

    async def ask(self, request: h11.Request, body: bytes, longest: int) -> Response:
        """Send a request and return the whole answer."""
        self._heard = False
        try:
            for event in (request, h11.Data(body), h11.EndOfMessage()):
                self._writer.write(self._http.send(event) or b"")
            await self._writer.drain()
            return await self._answer(longest)
        except OSError as error:
            if self._heard:
                raise
            raise _StaleError(_reason(error)) from None

    def begin_next(self) -> bool:
        """Return whether another request may follow on this connection, and be ready for it."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def close(self) -> None:
        """End the connection without waiting for the other side."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _answer(self, longest: int) -> Response:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._read()
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > longest:
                    raise HttpError(f"the answer is longer than {longest} bytes")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
                return Response(head.status_code, bytes(body), headers)
            elif not isinstance(event, h11.InformationalResponse):
                raise HttpError("the connection was closed in the middle of the answer")

    async def _read(self) -> None:
        data = await self._reader.read(_CHUNK)
        if not data and not self._heard:
            raise _StaleError("the connection was closed without an answer")
        self._heard = True
        self._http.receive_data(data)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:  # a name that is not found
        return error.strerror
    return str(error) or type(error).__name__
