"""What SQL Server says, as MS-TDS has it: there is none to meet here.

Enough of the protocol for one session of python-tds: PRELOGIN, TLS inside it, a login, a
transaction, rows of one number. What it says to a login or to a question may be an error.
"""

import asyncio
import ssl
from dataclasses import dataclass
from struct import pack

from probes.tds_tunnel import prelogin
from tests.servers.listening import Talk
from tests.servers.web import PATIENT


@dataclass(frozen=True)
class SqlServer:
    """How a server answers: an error where there is a number, else what a working one says."""

    encryption: int = 2
    login_error: int = 0
    question_error: int = 0
    read_only: bool = False
    rows: int = 1
    route: bool = False


def sqlserver(server: SqlServer, tls: ssl.SSLContext | None = None) -> Talk:
    """Return the conversation of a server."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(reader, writer)
        await link.read()
        link.write(prelogin(server.encryption, bytes([16, 0, 16, 35, 0, 0])))
        if tls is not None:
            await link.shake_hands(tls)
        await link.read()
        link.write(_welcome(server))
        while True:
            kind, content = await link.read()
            link.write(_BEGUN + DONE if kind == 0x0E else _answer(server, content))

    return talk


def error(number: int) -> bytes:
    """Return an ERROR token, and the DONE after it."""
    words = PATIENT.encode("utf-16-le")
    content = pack("<iBBH", number, 1, 14, len(PATIENT)) + words + b"\0\0" + pack("<i", 1)
    return b"\xaa" + pack("<H", len(content)) + content + pack("<BHHQ", 0xFD, 2, 0, 0)


def reply(content: bytes) -> bytes:
    """Return a packet of a server's."""
    return pack(">BBHHBB", 4, 1, 8 + len(content), 0, 1, 0) + content


class _Link:
    """Packets in both directions, inside TLS once hands were shaken."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    async def read(self) -> tuple[int, bytes]:
        kind, _, size, *_ = await self._take(8)
        size = size << 8 | _[0]
        return kind, await self._take(size - 8)

    def write(self, content: bytes) -> None:
        if self._tls is None:
            self._writer.write(reply(content))
        else:
            self._tls.write(reply(content))
            self._writer.write(self._out.read())

    async def shake_hands(self, context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        tls = context.wrap_bio(self._in, self._out, server_side=True)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write((await self.read())[1])
            except ssl.SSLError:
                return self._writer.close()
            else:
                self._flush()
                self._tls = tls
                return None

    def _flush(self) -> None:
        if self._out.pending:
            data = self._out.read()
            self._writer.write(pack(">BBHHBB", 0x12, 1, 8 + len(data), 0, 1, 0) + data)

    async def _take(self, size: int) -> bytes:
        if self._tls is None:
            return await self._reader.readexactly(size)
        taken = b""
        while len(taken) < size:
            try:
                taken += self._tls.read(size - len(taken))
            except ssl.SSLWantReadError:
                data = await self._reader.read(65_536)
                if not data:
                    raise asyncio.IncompleteReadError(taken, size) from None
                self._in.write(data)
        return taken


def _welcome(server: SqlServer) -> bytes:
    if server.login_error:
        return error(server.login_error)
    name = "Microsoft SQL Server"
    content = b"\x01" + bytes.fromhex("74000004")
    content += bytes([len(name)]) + name.encode("utf-16-le") + bytes([16, 0, 16, 35])
    greeting = b"\xad" + pack("<H", len(content)) + content
    return (_ROUTE if server.route else b"") + greeting + DONE


def _answer(server: SqlServer, question: bytes) -> bytes:
    asked = question.decode("utf-16-le", "ignore")
    if "Updateability" in asked:
        return _number(int(server.read_only))
    if "SET LOCK_TIMEOUT" in asked:
        return DONE
    if server.question_error:
        return error(server.question_error)
    return _number(*[1] * server.rows)


def _number(*values: int) -> bytes:
    column = pack("<HIHBB", 1, 0, 1, 0x26, 4) + b"\0"
    rows = b"".join(b"\xd1" + pack("<Bi", 4, value) for value in values)
    return b"\x81" + column + rows + DONE


DONE = pack("<BHHQ", 0xFD, 0, 0, 0)
# ENVCHANGE 8: a transaction has begun; 20: the session is to be had at another server.
_BEGUN = b"\xe3" + pack("<HBBQB", 11, 8, 8, 1, 0)
_OTHER = "elsewhere.example"
_PLACE = pack("<BHH", 0, 1433, len(_OTHER)) + _OTHER.encode("utf-16-le")
_ROUTE = b"\xe3" + pack("<HBH", 3 + len(_PLACE) + 2, 20, len(_PLACE)) + _PLACE + pack("<H", 0)
