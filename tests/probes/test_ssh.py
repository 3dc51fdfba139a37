"""What an ssh probe takes for a server that a client can use."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.ssh_target import SshSpec
from probes.model.target import Pattern, Regex
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.ssh import sshd
from tests.servers.web import PATIENT

SSH = kinds()["ssh"]
# Until it is connected; what comes then is a greeting, and never inside TLS.
BEFORE = [each for each in SITUATIONS if each.operation in (Operation.RESOLVE, Operation.CONNECT)]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def _saying(*pieces: bytes, stay: bool = True) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if stay:
            await fall_silent(reader)
        else:
            await reader.readline()

    return talk


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(stay=False)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_without_a_word(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(_saying()) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=100)
async def a_mail_server_greets_and_waits(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(f"220 {PATIENT}\r\n".encode())) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def a_web_server_answers(_: World) -> AsyncIterator[Place]:
    answer = f"HTTP/1.1 400 Bad Request\r\n\r\n{PATIENT}".encode()
    async with serving(_saying(answer, stay=False)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def its_lines_never_end(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(f"{PATIENT}\r\n".encode() * 3_000)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.NEGOTIATE)
async def it_closes_within_its_identification(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"SSH-2.0-Open", stay=False)) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def it_has_too_many_clients(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"Exceeded MaxStartups\r\n", stay=False)) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def it_has_too_many_clients_and_does_not_listen_to_us(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"Exceeded MaxStartups\r\n")
        await writer.drain()
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VERSION, Operation.ASSERT)
async def it_speaks_an_old_version_only(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"SSH-1.5-1.2.27\n")) as port:
        yield Place(port)


@meets(Failure.MARKER_MISSING, Operation.ASSERT)
async def it_is_another_server(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(f"SSH-2.0-dropbear {PATIENT}\r\n".encode())) as port:
        yield Place(port)


@meets(Failure.PERMISSION_DENIED, Operation.CONNECT)
async def the_firewall_of_this_host_forbids_it(world: World) -> AsyncIterator[Place]:
    """As netfilter answers a program whose packets it rejects; the rule itself would need root."""

    def connect(*_: object) -> NoReturn:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    world.monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    yield Place(22)


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        spec = SshSpec(place.host, place.port, expect="OpenSSH", timeouts=situation.timeouts)
        seen = await run(SSH, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BEFORE + ANSWERS} == SSH.produces


@pytest.mark.parametrize(
    ("pieces", "version"),
    [
        ([b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"], "OpenSSH_9.2p1"),
        ([b"SSH-1.99-Cisco-1.25\n"], "Cisco-1.25"),
        ([b"Access is ", b"logged.\r\n", b"\r\nSSH-2.0-", b"x_1\r\n\x00\x00"], "x_1"),
        ([f"{PATIENT}\r\nSSH-2.0-x_1 {PATIENT}\r\n".encode()], "x_1"),
    ],
)
async def test_a_server_that_identifies_itself_is_up(pieces: list[bytes], version: str) -> None:
    async with serving(_saying(*pieces)) as port:
        seen = await run(SSH, SshSpec("127.0.0.1", port))

    assert (seen.outcome, seen.version) == (Outcome.UP, version)
    assert PATIENT not in repr(seen)


async def test_a_server_that_waits_for_ours_is_heard() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(b"SSH-2.0-x\r\n")
        await fall_silent(reader)

    async with serving(talk) as port:
        assert (await run(SSH, SshSpec("127.0.0.1", port))).outcome is Outcome.UP

    assert heard[0].startswith(b"SSH-2.0-Constat_")
    assert heard[0].endswith(b"\r\n")


@pytest.mark.parametrize("expect", ["OpenSSH_9", Regex(r"OpenSSH_\d+\.\d+p1 Debian")])
async def test_what_is_expected_is_looked_for_in_the_whole_line(expect: Pattern) -> None:
    async with serving(_saying(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")) as port:
        seen = await run(SSH, SshSpec("127.0.0.1", port, expect=expect))

    assert seen.outcome is Outcome.UP


async def test_the_version_of_a_server_that_is_not_the_expected_one_is_recorded() -> None:
    async with serving(_saying(b"SSH-2.0-dropbear_2022.83\r\n")) as port:
        seen = await run(SSH, SshSpec("127.0.0.1", port, expect="OpenSSH"))

    assert (seen.failure, seen.version) == (Failure.MARKER_MISSING, "dropbear_2022.83")


async def test_a_slow_server_is_degraded() -> None:
    async with serving(_saying(b"SSH-2.0-x\r\n")) as port:
        spec = SshSpec("127.0.0.1", port, degraded_after_ms=5)
        seen = await SSH.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"host": ""}, "host: '' is not a host name"),
        ({"expect": " "}, "expect: an empty text is found in every page"),
        ({"expect": {"regex": ".*"}}, "regex: '.*' matches an empty text"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "dpi.example"} | options, SshSpec)

    assert str(raised.value).startswith(fault)


@pytest.mark.servers
async def test_sshd_is_up_degraded_when_slow_and_down_when_dead(tmp_path: Path) -> None:
    with sshd(tmp_path) as port:
        up = await run(SSH, SshSpec("127.0.0.1", port, expect=Regex(r"OpenSSH_\d+\.")))
        slow = SshSpec("127.0.0.1", port, degraded_after_ms=5)
        degraded = await SSH.probe(slow, AMPLE_US, ticking_clock(step_us=10_000))
    dead = await run(SSH, SshSpec("127.0.0.1", port))

    assert up.outcome is Outcome.UP
    assert (up.version or "").startswith("OpenSSH_")
    assert degraded.outcome is Outcome.DEGRADED
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)


@pytest.mark.servers
async def test_sshd_that_takes_no_more_clients_is_not_serving(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxStartups 2:100:2") as port, ExitStack() as guests:
        greeted = 0
        while greeted < 2:  # who waited for sshd to listen may hold a place for a moment
            guest = guests.enter_context(socket.create_connection(("127.0.0.1", port)))
            greeted += guest.recv(100).startswith(b"SSH-")
        seen = await run(SSH, SshSpec("127.0.0.1", port))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.NOT_SERVING)
    assert seen.detail == "closed after saying 'Exceeded MaxStartups'"
