"""Situations any probe can meet between itself and an answer, each with what it must report.

Every one is real but four. The system's resolver cannot be pointed at a server of ours without
being root, and no loopback address is a host that cannot be reached: for those the call itself
raises, or does not return, what the system would.
"""

import asyncio
import datetime as dt
import errno
import os
import resource
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol, TypeAlias

import pytest

from probes.model.failure import Failure, Operation
from probes.model.target import Timeouts, Tls
from tests.servers.certificates import authority
from tests.servers.listening import (
    a_full_queue,
    fall_silent,
    nobody,
    reset,
    serving,
)


@dataclass(frozen=True)
class World:
    """What a situation may use of the test it is in."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def trusted(self) -> Tls:
        """Return the options that trust the authority of the tests."""
        return Tls(ca_file=authority().write(self.folder))

    def forbid(self, path: str) -> None:
        """Take away everybody's right to a file."""
        (self.folder / path).chmod(0)


@dataclass(frozen=True)
class Place:
    """Where a probe is sent, and how."""

    port: int
    host: str = "127.0.0.1"
    tls: Tls | None = None


@dataclass(frozen=True)
class Situation:
    """A situation, and the failure and operation every probe must report in it."""

    name: str
    failure: Failure
    operation: Operation
    arrange: Callable[[World], AbstractAsyncContextManager[Place]]
    timeouts: Timeouts = field(default_factory=Timeouts)


Arrangement: TypeAlias = Callable[[World], AsyncIterator[Place]]


class Meets(Protocol):
    """Enters a situation into a list, with what must be reported in it."""

    def __call__(
        self, failure: Failure, operation: Operation, **limits_ms: int
    ) -> Callable[[Arrangement], None]: ...


def entering(situations: list[Situation]) -> Meets:
    """Return the decorator that enters situations into a list."""

    def meets(
        failure: Failure, operation: Operation, **limits_ms: int
    ) -> Callable[[Arrangement], None]:
        def enter(arrange: Arrangement) -> None:
            name, timeouts = arrange.__name__, Timeouts(**limits_ms)
            world = asynccontextmanager(arrange)
            situations.append(Situation(name, failure, operation, world, timeouts))

        return enter

    return meets


SITUATIONS: list[Situation] = []
meets = entering(SITUATIONS)


def _resolver_says(world: World, code: int) -> Place:
    def answer(*_: object) -> NoReturn:
        raise socket.gaierror(code, os.strerror(code))

    world.monkeypatch.setattr(socket, "getaddrinfo", answer)
    return Place(80, "service.invalid")


@meets(Failure.NAME_NOT_FOUND, Operation.RESOLVE)
async def the_name_does_not_exist(world: World) -> AsyncIterator[Place]:
    yield _resolver_says(world, socket.EAI_NONAME)


@meets(Failure.NAME_NOT_FOUND, Operation.RESOLVE)
async def the_name_has_no_address(world: World) -> AsyncIterator[Place]:
    yield _resolver_says(world, socket.EAI_NODATA)


@meets(Failure.RESOLUTION_FAILED, Operation.RESOLVE)
async def the_resolver_gives_up(world: World) -> AsyncIterator[Place]:
    yield _resolver_says(world, socket.EAI_AGAIN)


@meets(Failure.RESOLUTION_FAILED, Operation.RESOLVE)
async def the_resolver_fails(world: World) -> AsyncIterator[Place]:
    yield _resolver_says(world, socket.EAI_FAIL)


@meets(Failure.OUT_OF_RESOURCES, Operation.RESOLVE)
async def the_resolver_has_no_memory(world: World) -> AsyncIterator[Place]:
    yield _resolver_says(world, socket.EAI_MEMORY)


@meets(Failure.TIMEOUT, Operation.RESOLVE, resolve_ms=30)
async def the_resolver_hangs(world: World) -> AsyncIterator[Place]:
    over = threading.Event()

    def answer(*arguments: object) -> NoReturn:
        if arguments[-1] == 0:
            over.wait()
        raise socket.gaierror(socket.EAI_NONAME, "")

    world.monkeypatch.setattr(socket, "getaddrinfo", answer)
    yield Place(80, "service.invalid")
    over.set()


@meets(Failure.CONNECTION_REFUSED, Operation.CONNECT)
async def nobody_listens(_: World) -> AsyncIterator[Place]:
    with nobody() as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.CONNECT, connect_ms=30)
async def the_queue_of_connections_is_full(_: World) -> AsyncIterator[Place]:
    with a_full_queue() as port:
        yield Place(port)


@meets(Failure.NETWORK_UNREACHABLE, Operation.CONNECT)
async def there_is_no_route(_: World) -> AsyncIterator[Place]:
    yield Place(80, "127.255.255.255")  # a broadcast address: TCP has no route to it


@meets(Failure.HOST_UNREACHABLE, Operation.CONNECT)
async def the_host_is_switched_off(world: World) -> AsyncIterator[Place]:
    def connect(*_: object) -> NoReturn:
        raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))

    world.monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    yield Place(80)


@meets(Failure.OUT_OF_RESOURCES, Operation.CONNECT)
async def no_descriptor_is_left(_: World) -> AsyncIterator[Place]:
    async with serving(_close) as port:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as lowest:
            free = lowest.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            yield Place(port)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@meets(Failure.BAD_CONFIGURATION, Operation.SCHEDULE)
async def the_authority_file_does_not_exist(world: World) -> AsyncIterator[Place]:
    with nobody() as port:
        yield Place(port, tls=Tls(ca_file=str(world.folder / "missing.pem")))


@meets(Failure.BAD_CONFIGURATION, Operation.SCHEDULE)
async def the_authority_file_holds_no_certificate(world: World) -> AsyncIterator[Place]:
    path = world.folder / "empty.pem"
    path.write_text("nothing\n")
    with nobody() as port:
        yield Place(port, tls=Tls(ca_file=str(path)))


@meets(Failure.PERMISSION_DENIED, Operation.SCHEDULE)
async def the_authority_file_is_not_ours_to_read(world: World) -> AsyncIterator[Place]:
    tls = world.trusted()
    world.forbid(tls.ca_file)
    root = os.geteuid() == 0
    with nobody() as port:
        if root:
            os.seteuid(65_534)
        try:
            yield Place(port, tls=tls)
        finally:
            if root:
                os.seteuid(0)


@meets(Failure.CONNECTION_CLOSED, Operation.TLS)
async def it_closes_in_the_handshake(world: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(65_536)

    async with serving(talk) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CONNECTION_RESET, Operation.TLS)
async def it_resets_in_the_handshake(world: World) -> AsyncIterator[Place]:
    async with serving(_reset) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.TIMEOUT, Operation.TLS, tls_ms=30)
async def it_is_silent_in_the_handshake(world: World) -> AsyncIterator[Place]:
    async with serving(_silent) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.TLS_FAILED, Operation.TLS)
async def it_does_not_speak_tls(world: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with serving(talk) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.TLS_FAILED, Operation.TLS)
async def it_answers_with_an_alert(world: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(bytes.fromhex("15 0303 0002 02 28"))  # fatal, handshake_failure
        await writer.drain()

    async with serving(talk) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_EXPIRED, Operation.TLS)
async def its_certificate_has_expired(world: World) -> AsyncIterator[Place]:
    async with serving(
        _close, authority().server(world.folder, until=dt.timedelta(days=-1))
    ) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_NOT_YET_VALID, Operation.TLS)
async def its_certificate_is_of_the_future(world: World) -> AsyncIterator[Place]:
    tls = authority().server(world.folder, until=dt.timedelta(days=11))
    async with serving(_close, tls) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)
async def its_authority_is_unknown(world: World) -> AsyncIterator[Place]:
    stranger = authority("Stranger").server(world.folder)
    async with serving(_close, stranger) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)
async def the_system_does_not_know_its_authority(world: World) -> AsyncIterator[Place]:
    async with serving(_close, authority().server(world.folder)) as port:
        yield Place(port, tls=Tls())


@meets(Failure.CERTIFICATE_NAME_MISMATCH, Operation.TLS)
async def its_certificate_is_for_another_address(world: World) -> AsyncIterator[Place]:
    async with serving(_close, authority().server(world.folder, address="127.0.0.9")) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_NAME_MISMATCH, Operation.TLS)
async def its_certificate_is_for_another_name(world: World) -> AsyncIterator[Place]:
    async with serving(_close, authority().server(world.folder)) as port:
        yield Place(port, tls=Tls(world.trusted().ca_file, server_name="dpi.example"))


@meets(Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(_hear_and_close) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.FIRST_BYTE)
async def it_resets_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(_reset) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(_silent) as port:
        yield Place(port)


async def _close(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    return


async def _hear_and_close(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(65_536)


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)
    reset(writer)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await fall_silent(reader)
