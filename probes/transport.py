"""Dial and TLS: every probe resolves anew, connects anew and shakes hands anew.

Nothing is pooled, raced or remembered, but the trust a TLS context holds. The resolver is the
system's, with whatever cache the system puts before it.

A name with several addresses is tried as a user's client would, in the resolver's order, each
address with an equal share of the time left to connect. One that answers is enough, and is named in
the detail; the failed attempts before it stay in the time of the step. `family` asks for one kind.

A refusal is a TCP reset, from the target. What an ICMP message refuses, which a firewall on the way
or of this very host may send, is `host_unreachable`, where the system can tell the two apart.

A network that cannot be reached at all is `network_unreachable`, of the target: whether the vantage
point has lost its own network is for the vantage point to find out.
"""

import asyncio
import errno
import os
import socket
import ssl
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from probes.aside import aside
from probes.attempt import (
    Attempt,
    ProbeError,
    failure_of,
    failure_of_certificate,
    reason_of,
    unreadable,
)
from probes.certificate import first_to_end, last_to_begin, shown
from probes.model.failure import Failure, Operation
from probes.model.target import Family, Target, Tls, ascii_host

PRODUCES: Final = frozenset(
    {
        Failure.NAME_NOT_FOUND,
        Failure.RESOLUTION_FAILED,
        Failure.CONNECTION_REFUSED,
        Failure.CONNECTION_RESET,
        Failure.CONNECTION_CLOSED,
        Failure.HOST_UNREACHABLE,
        Failure.NETWORK_UNREACHABLE,
        Failure.TIMEOUT,
        Failure.TLS_FAILED,
        Failure.CERTIFICATE_EXPIRED,
        Failure.CERTIFICATE_NOT_YET_VALID,
        Failure.CERTIFICATE_UNTRUSTED,
        Failure.CERTIFICATE_NAME_MISMATCH,
        Failure.OUT_OF_RESOURCES,
        Failure.PERMISSION_DENIED,
        Failure.BAD_CONFIGURATION,
    }
)


class Address(NamedTuple):
    """An address as the system's calls take it."""

    family: int
    place: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]

    def __str__(self) -> str:
        host, port = map(str, self.place[:2])
        return f"[{host}]:{port}" if self.family == socket.AF_INET6 else f"{host}:{port}"


class Connection:
    """A connected stream of bytes; `peer` is the address that answered."""

    __slots__ = ("_loop", "_socket", "peer")

    def __init__(self, connected: socket.socket, peer: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self.peer = peer

    @property
    def local(self) -> str:
        """The address of this end."""
        return str(self._socket.getsockname()[0])

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self) -> bytes:
        """Return the next bytes; none at the end of the stream."""
        return await self._loop.sock_recv(self._socket, _CHUNK)

    def close(self) -> None:
        """Let go of the connection, without waiting for the other side."""
        self._socket.close()

    def handed_over(self) -> socket.socket:
        """Return the socket, to one who reads, writes and closes it himself from now on."""
        return self._socket


class TlsConnection(Connection):
    """The same inside TLS, in memory: no layer between hides what went wrong."""

    __slots__ = ("_incoming", "_outgoing", "_tls")

    def __init__(self, connected: Connection, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(connected._socket, connected.peer)  # noqa: SLF001 - takes it over
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    @property
    def version(self) -> str:
        """The version of TLS that was agreed on, as `TLSv1.3`."""
        return self._tls.version() or ""

    @property
    def protocol(self) -> str:
        """The protocol that was agreed on inside the handshake (RFC 7301); empty for none."""
        return self._tls.selected_alpn_protocol() or ""

    def chain(self) -> list[bytes]:
        """Return the certificates by which the target was verified, or not, its own first; DER."""
        if sys.version_info >= (3, 13):
            return self._tls.get_verified_chain()
        # The same, before it had a public name.
        found = self._tls._sslobj.get_verified_chain() or ()  # type: ignore[attr-defined]  # noqa: SLF001
        return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found]

    async def shake_hands(self) -> None:
        """Agree on keys and verify the certificate; an `ssl.SSLError` says why not.

        What TLS 1.3 still has to send then goes with the first data, or before the first are waited
        for: a packet less.
        """
        # The last flight of a handshake must not wait for the acknowledgement of the one before.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                if not await self._exchange():
                    raise ProbeError(Failure.CONNECTION_CLOSED, "closed in the handshake") from None
            else:
                return

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Return the next bytes; none at the end of the stream.

        A stream that ends without its closing alert ends like another, as it does for browsers:
        whether an answer is whole is for its own framing to say.
        """
        while True:
            try:
                return self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                if not await self._exchange():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    def close(self) -> None:
        """Send the closing alert, or the one that says what was wrong, and let go."""
        with suppress(OSError):
            self._tls.unwrap()
        with suppress(OSError):
            self._socket.send(self._outgoing.read())
        super().close()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await super().send(self._outgoing.read())

    async def _exchange(self) -> bool:
        """Send what is to be sent and take what comes; False when the stream has ended."""
        await self._flush()
        data = await super().receive()
        self._incoming.write(data)
        return len(data) > 0


async def dial(target: Target, tls: Tls | None, attempt: Attempt) -> Connection:
    """Resolve, connect and, when asked to, shake hands; the certificate must prove the target."""
    context = None if tls is None else trusting(tls)
    addresses = await resolve(target, attempt)
    attempt.begin(Operation.CONNECT)
    connection = await _connect_any(addresses, attempt)
    if tls is None or context is None:
        return connection
    return await secure(connection, context, tls.server_name or target.host, attempt)


async def secure(
    connection: Connection, context: ssl.SSLContext, name: str, attempt: Attempt
) -> TlsConnection:
    """Shake hands over a connection, which is closed when that fails; `name` must be proven."""
    attempt.begin(Operation.TLS)
    secured = TlsConnection(connection, context, ascii_host(name))
    try:
        await secured.shake_hands()
    except ssl.SSLCertVerificationError as error:
        failure = failure_of_certificate(error)
        detail = reason_of(error) + _dated(failure, secured)
        secured.close()
        raise ProbeError(failure, detail) from error
    except BaseException:
        secured.close()
        raise
    return secured


def _dated(failure: Failure, secured: TlsConnection) -> str:
    """Return when a certificate expired or will be valid, if that is what is wrong with it."""
    if failure is Failure.CERTIFICATE_EXPIRED:
        ended = first_to_end(secured.chain())
        return f": it was valid until {shown(ended.until)}" if ended else ""
    if failure is Failure.CERTIFICATE_NOT_YET_VALID:
        begins = last_to_begin(secured.chain())
        return f": it is valid from {shown(begins.since)}" if begins else ""
    return ""


async def resolve(target: Target, attempt: Attempt) -> list[Address]:
    """Return the addresses of a target, in the resolver's order."""
    addresses = _literal(target)
    if addresses is None:
        attempt.begin(Operation.RESOLVE)
        addresses = await aside(lambda: _addresses(target), "resolve")
    return addresses


def _addresses(target: Target, flags: int = 0) -> list[Address]:
    host, family = ascii_host(target.host).encode(), _FAMILIES[target.family]
    try:
        found = socket.getaddrinfo(host, target.port, family, socket.SOCK_STREAM, 0, flags)
    except socket.gaierror:
        # Out of descriptors, the resolver only says that it got no answer.
        socket.socket().close()
        raise
    return [Address(family, place) for family, _, _, _, place in found]


@lru_cache(maxsize=4096)
def _literal(target: Target) -> list[Address] | None:
    """Return the address a target is written as; None when it is a name."""
    try:
        return _addresses(target, socket.AI_NUMERICHOST)
    except socket.gaierror:
        return None


async def _connect_any(addresses: list[Address], attempt: Attempt) -> Connection:
    if len(addresses) == 1:
        return await reach(addresses[0])
    failures: dict[Failure, str] = {}
    for tried, address in enumerate(addresses):
        share_us = attempt.left_us() / (len(addresses) - tried)
        try:
            async with asyncio.timeout(share_us / 1e6):
                return await reach(address)
        except OSError as error:
            failure = failure_of(error)
            if failure not in _MOST_TELLING_FIRST:
                raise
            failures.setdefault(failure, f"{address} {reason_of(error)}")
    worst = min(failures, key=_MOST_TELLING_FIRST.index)
    raise ProbeError(worst, "; ".join(failures.values()))


async def reach(address: Address, *, datagrams: bool = False) -> Connection:
    """Connect to one address; with `datagrams`, each thing sent or received is one, by UDP.

    A connected UDP socket hears its peer alone, and that nobody listens there.
    """
    dialled = socket.socket(address.family, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
    try:
        dialled.settimeout(0)
        await _reach(dialled, address)
        _refuse_itself(dialled)
    except BaseException:
        dialled.close()
        raise
    return Connection(dialled, str(address))


async def _reach(dialled: socket.socket, address: Address) -> None:
    try:
        await asyncio.get_running_loop().sock_connect(dialled, address.place)
    except ConnectionRefusedError:
        if _heard_nothing(dialled):
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH)) from None
        raise


def _heard_nothing(dialled: socket.socket) -> bool:
    """Return whether not one TCP segment has answered those that were sent."""
    if sys.platform != "linux":
        return False
    info = dialled.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEGMENTS_AT + _SEGMENTS.size)
    if len(info) < _SEGMENTS_AT + _SEGMENTS.size:
        return False
    sent, received = _SEGMENTS.unpack_from(info, _SEGMENTS_AT)
    # A system that does not count has sent none, it says.
    return bool(sent) and not received


def _refuse_itself(dialled: socket.socket) -> None:
    """Refuse a socket that was given the very port it dials: TCP lets it connect to itself."""
    if dialled.getsockname() == dialled.getpeername():
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def trusting(tls: Tls, protocol: str = "") -> ssl.SSLContext:
    """Return what verifies the target's certificate; `ProbeError` for an unreadable file.

    `protocol` is offered inside the handshake (RFC 7301).
    """
    if not tls.ca_file:
        return _context("", 0, protocol)
    try:
        return _context(tls.ca_file, Path(tls.ca_file).stat().st_mtime_ns, protocol)
    except OSError as error:
        raise unreadable(tls.ca_file, error) from None


@lru_cache(maxsize=64)
def _context(ca_file: str, modified_ns: int, protocol: str) -> ssl.SSLContext:
    """Return what verifies certificates; a file that changes is read again."""
    del modified_ns
    context = ssl.create_default_context(cafile=ca_file or None)
    # The same on every Python: what is in the file is trusted, be it an intermediate authority or
    # the target's own certificate, and no extension is asked for that browsers do without.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    if protocol:
        context.set_alpn_protocols([protocol])
    return context


# tcpi_segs_out and tcpi_segs_in of struct tcp_info (linux/tcp.h), since Linux 4.2.
_SEGMENTS: Final = Struct("=II")
_SEGMENTS_AT: Final = 136
_CHUNK: Final = 16_384
_FAMILIES: Final = {
    Family.ANY: socket.AF_UNSPEC,
    Family.IPV4: socket.AF_INET,
    Family.IPV6: socket.AF_INET6,
}
# When every address failed, the failure that came furthest says most of the target.
_MOST_TELLING_FIRST: Final = (
    Failure.CONNECTION_REFUSED,
    Failure.CONNECTION_RESET,
    Failure.TIMEOUT,
    Failure.HOST_UNREACHABLE,
    Failure.OUT_OF_RESOURCES,
    Failure.NETWORK_UNREACHABLE,
)
