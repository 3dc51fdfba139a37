"""Web servers that answer every request with the bytes they were given, right or wrong."""

import asyncio
from collections.abc import Callable, Iterable

from tests.servers.listening import Talk

PATIENT = "DUPONT Jeanne 2540375123456"
"""Stands in every body of these servers; no observation may hold it."""

LOGIN = f"<html><title>Dossier patient</title><h1>Connexion</h1><p>{PATIENT}</p></html>"


def page(
    body: str | bytes = LOGIN,
    *,
    status: str = "200 OK",
    headers: Iterable[str] = ("Content-Type: text/html; charset=utf-8",),
    length: int | None = None,
) -> bytes:
    """Return a whole answer; `length` is what it says of its body, when that is not the truth."""
    content = body.encode() if isinstance(body, str) else body
    size = len(content) if length is None else length
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {size}", "", ""]
    return "\r\n".join(lines).encode() + content


def redirect(location: str, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return page(f"<p>{PATIENT}</p>", status=status, headers=(f"Location: {location}",))


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Return a request, its body too."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


def answering(*pieces: bytes) -> Talk:
    """Return a conversation that reads a request, sends the pieces and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return talk


def site(answer: Callable[[str], bytes], requests: list[bytes] | None = None) -> Talk:
    """Return a conversation that answers by the path asked for, and notes what it was asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        if requests is not None:
            requests.append(request)
        writer.write(answer(request.split(b" ")[1].decode()))
        await writer.drain()

    return talk
