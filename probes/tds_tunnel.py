"""The way to SQL Server that its driver is given: agreed on, and inside TLS, before it says a word.

SQL Server shakes hands inside packets of its own protocol (MS-TDS, section 3.2.5.1). Here that is
done with our trust and for our name; the driver is then answered that there is no TLS, and what it
sends goes through the tunnel. A server that sends it elsewhere is not followed.
"""

import socket
import ssl
import sys
from struct import Struct, error
from typing import Final, NamedTuple

from probes.attempt import ProbeError
from probes.model.failure import Failure, Operation
from probes.sql_session import Step


class Agreed(NamedTuple):
    """What a server said before anything else: whether it encrypts, and which version it is."""

    encryption: int
    version: str


def agree(plain: socket.socket, *, encrypted: bool) -> Agreed:
    """Exchange PRELOGIN packets; `ProbeError` when the two sides cannot agree on TLS."""
    wanted = _ON if encrypted else _NOT_SUPPORTED
    plain.sendall(_packet(_PRELOGIN, prelogin(wanted)))
    agreed = _read_prelogin(_read_packet(plain, _REPLY))
    if encrypted and agreed.encryption not in (_ON, _REQUIRED):
        raise ProbeError(Failure.TLS_NOT_OFFERED, "it does not encrypt a whole session")
    if not encrypted and agreed.encryption == _REQUIRED:
        raise ProbeError(Failure.AUTHENTICATION_FAILED, "it lets nobody in without TLS: give tls")
    return agreed


def prelogin(encryption: int, version: bytes = bytes(6)) -> bytes:
    """Return the content of a PRELOGIN packet: the version of who speaks, and whether he encrypts.

    `version` is one byte each of major and minor, two of build, two of what follows.
    """
    options = [(_VERSION, version), (_ENCRYPTION, bytes([encryption]))]
    head, data = b"", b""
    for name, value in options:
        head += _OPTION.pack(name, _OPTION.size * len(options) + 1 + len(data), len(value))
        data += value
    return head + b"\xff" + data


class Tunnel:
    """What the driver takes for its socket."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._canned = b""

    def shake_hands(self, context: ssl.SSLContext, name: str, step: Step) -> None:
        """Go inside TLS; its records travel in PRELOGIN packets until it is there."""
        step(Operation.TLS)
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush_in_packet()
                self._incoming.write(_read_packet(self._plain, _PRELOGIN))
            else:
                break
        self._flush_in_packet()
        self._tls = tls
        step(Operation.NEGOTIATE)

    def sendall(self, data: bytes | bytearray, _: int = 0) -> None:
        """Send all of it, but for the driver's own PRELOGIN, which is answered here."""
        if data[0] == _PRELOGIN:
            self._canned = _packet(_REPLY, prelogin(_NOT_SUPPORTED))
        elif self._tls is None:
            self._plain.sendall(data)
        else:
            self._tls.write(data)
            self._plain.sendall(self._outgoing.read())

    def recv(self, size: int) -> bytes:
        """Return the next bytes; none at the end of the stream."""
        if self._canned:
            data, self._canned = self._canned[:size], self._canned[size:]
            return data
        if self._tls is None:
            return self._plain.recv(size)
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                data = self._plain.recv(_CHUNK)
                if not data:
                    return b""
                self._incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""

    def recv_into(self, buffer: memoryview, size: int = 0, _: int = 0) -> int:
        """Put the next bytes into a buffer, and return how many there are."""
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close; a driver that closes though nothing failed was sent to another server."""
        if sys.exc_info()[0] is None:
            raise ProbeError(Failure.NOT_SERVING, "it sends its guests to another server")

    def setsockopt(self, *_: object) -> None:
        """Leave the socket as it was dialled."""

    def settimeout(self, _: float | None) -> None:
        """Leave the time to the probe."""

    def _flush_in_packet(self) -> None:
        if self._outgoing.pending:
            self._plain.sendall(_packet(_PRELOGIN, self._outgoing.read()))


def _packet(kind: int, content: bytes) -> bytes:
    return _HEADER.pack(kind, _LAST, _HEADER.size + len(content), 0, 1, 0) + content


def _read_packet(plain: socket.socket, expected: int) -> bytes:
    """Return what a message of one or more packets holds."""
    content = b""
    while True:
        kind, status, size, *_ = _HEADER.unpack(_read(plain, _HEADER.size))
        if kind != expected or size < _HEADER.size or len(content) > _LONGEST:
            raise ProbeError(Failure.PROTOCOL_ERROR, "what came is not of the protocol of TDS")
        content += _read(plain, size - _HEADER.size)
        if status & _LAST:
            return content


def _read(plain: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = plain.recv(size - len(data))
        if not piece:
            raise ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered")
        data += piece
    return data


def _read_prelogin(content: bytes) -> Agreed:
    found: dict[int, bytes] = {}
    at = 0
    try:
        while content[at] != _END:
            name, offset, length = _OPTION.unpack_from(content, at)
            found[name] = content[offset : offset + length]
            at += _OPTION.size
        major, minor, build = _VERSION_FORM.unpack_from(found[_VERSION])
        return Agreed(found[_ENCRYPTION][0], f"{major}.{minor}.{build}")
    except (LookupError, error):
        detail = "what came is not of the protocol of TDS"
        raise ProbeError(Failure.PROTOCOL_ERROR, detail) from None


# MS-TDS, sections 2.2.3.1 and 2.2.6.5.
_HEADER: Final = Struct(">BBHHBB")
_OPTION: Final = Struct(">BHH")
_VERSION_FORM: Final = Struct(">BBH")
_PRELOGIN: Final = 0x12
_REPLY: Final = 0x04
_LAST: Final = 0x01
_VERSION: Final = 0
_ENCRYPTION: Final = 1
_END: Final = 0xFF
_ON: Final = 1
_NOT_SUPPORTED: Final = 2
_REQUIRED: Final = 3
_CHUNK: Final = 16_384
_LONGEST: Final = 65_536
