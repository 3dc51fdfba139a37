"""Name servers on loopback that answer every question by a script, right or wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TypeAlias

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dns.rdatatype import RdataType

from tests.servers.listening import Talk, fall_silent, serving

Script: TypeAlias = Callable[[bytes], Iterable[bytes]]


@asynccontextmanager
async def naming(
    script: Script,
    talk: Talk | None = None,
    *,
    forged: Script | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[int]:
    """Answer datagrams by a script, and streams by `talk` or the same script; give the port.

    What is `forged` is sent before, from another port.
    """
    async with serving(talk or _by_stream(script), host=host, port=port) as bound:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(script, forged), local_addr=(host, bound)
        )
        try:
            yield bound
        finally:
            transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, script: Script, forged: Script | None) -> None:
        self._script = script
        self._forged = forged or ignoring

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            for message in self._forged(data):
                elsewhere.sendto(message, addr)
        for message in self._script(data):
            self._transport.sendto(message, addr)


def _by_stream(script: Script) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for message in script(query):
            writer.write(framed(message))
        await fall_silent(reader)

    return talk


def framed(message: bytes) -> bytes:
    """Return a message as it goes over a stream."""
    return len(message).to_bytes(2) + message


def reply(
    query: bytes, *records: str, rcode: str = "NOERROR", cut: bool = False, alias: str = ""
) -> bytes:
    """Return a reply with records of the type asked for, at the end of an alias if there is one."""
    message = dns.message.make_response(dns.message.from_wire(query))
    asked = message.question[0]
    owner = asked.name
    if alias:
        message.answer.append(dns.rrset.from_text(owner, 60, "IN", "CNAME", alias))
        owner = dns.rrset.from_text(alias, 60, "IN", "A", "127.0.0.1").name
    if records:
        kind = RdataType.to_text(asked.rdtype)
        message.answer.append(dns.rrset.from_text(owner, 60, "IN", kind, *records))
    message.set_rcode(dns.rcode.from_text(rcode))
    if cut:
        message.flags |= dns.flags.TC
    return message.to_wire()


def answering(*records: str, rcode: str = "NOERROR") -> Script:
    """Return the script of a server that always gives the same records."""
    return lambda query: [reply(query, *records, rcode=rcode)]


def ignoring(_: bytes) -> list[bytes]:
    """Answer nothing."""
    return []
