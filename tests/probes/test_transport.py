"""Which address is dialled, how long it may take, and what is let go of at the end.

The system's resolver is replaced here for the reason given in `tests.probes.situations`.
"""

import _thread
import asyncio
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.model.target import Family, Target, Timeouts, Tls
from probes.transport import dial
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.certificates import authority
from tests.servers.listening import a_full_queue, fall_silent, nobody, serving

_NAME = "several.invalid"


def _attempt(**limits_ms: int) -> Attempt:
    return Attempt(Timeouts(**limits_ms), monotonic_us() + AMPLE_US, monotonic_us)


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *places: tuple[str, int]) -> None:
    def answer(*asked: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        if asked[-1] == socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await fall_silent(reader)


async def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(_silent) as port:
        with nobody("127.0.0.2") as closed:
            _resolve_to(monkeypatch, ("127.0.0.2", closed), ("127.0.0.1", port))
            async with _attempt() as attempt:
                connection = await dial(Target(_NAME, port), None, attempt)
                connection.close()

    assert connection.peer == f"127.0.0.1:{port}"


async def test_a_dead_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(_silent) as port:
        with a_full_queue() as full:
            _resolve_to(monkeypatch, ("127.0.0.1", full), ("127.0.0.1", port))
            async with _attempt(connect_ms=200) as attempt:
                connection = await dial(Target(_NAME, port), None, attempt)
                connection.close()

    assert connection.peer == f"127.0.0.1:{port}"
    connect_us = attempt.phases.connect_us
    assert connect_us is not None
    assert connect_us >= 100_000


async def test_when_every_address_fails_the_most_telling_failure_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with nobody() as closed, a_full_queue() as full:
        _resolve_to(
            monkeypatch, ("127.255.255.255", 80), ("127.0.0.1", full), ("127.0.0.1", closed)
        )
        with pytest.raises(ProbeError) as raised:
            async with _attempt(connect_ms=60) as attempt:
                await dial(Target(_NAME, 80), None, attempt)

    assert raised.value.failure is Failure.CONNECTION_REFUSED
    assert raised.value.detail == (
        "127.255.255.255:80 network is unreachable; "
        f"127.0.0.1:{full} timed out; 127.0.0.1:{closed} connection refused"
    )


async def test_a_fault_of_our_own_is_not_outweighed_by_another_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(*_: object) -> NoReturn:
        raise PermissionError(1, "operation not permitted")

    _resolve_to(monkeypatch, ("127.0.0.1", 80), ("127.0.0.2", 80))
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    with pytest.raises(ProbeError) as raised:
        async with _attempt() as attempt:
            await dial(Target(_NAME, 80), None, attempt)

    assert raised.value.failure is Failure.PERMISSION_DENIED


async def test_only_addresses_of_the_family_asked_for_are_dialled() -> None:
    async with serving(_silent) as port, _attempt() as attempt:
        connection = await dial(Target("localhost", port, Family.IPV4), None, attempt)
        connection.close()

    assert connection.peer == f"127.0.0.1:{port}"


async def test_an_ipv6_address_is_dialled_without_asking_the_resolver() -> None:
    async with serving(_silent, host="::1") as port, _attempt() as attempt:
        connection = await dial(Target("::1", port), None, attempt)
        connection.close()

    assert connection.peer == f"[::1]:{port}"
    assert attempt.phases.resolve_us is None


async def test_a_resolver_that_hangs_keeps_no_other_probe_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def answer(host: bytes, *rest: int) -> object:
        if host == b"hangs.invalid" and rest[-1] != socket.AI_NUMERICHOST:
            over.wait()
        return real(host, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", answer)

    async def hang() -> None:
        async with _attempt() as attempt:
            await dial(Target("hangs.invalid", 80), None, attempt)

    hanging = [asyncio.create_task(hang()) for _ in range(40)]
    async with serving(_silent) as port, _attempt() as attempt:
        (await dial(Target("localhost", port, Family.IPV4), None, attempt)).close()

    for task in hanging:
        task.cancel()
    ended = await asyncio.gather(*hanging, return_exceptions=True)
    over.set()
    assert all(isinstance(error, asyncio.CancelledError) for error in ended)


async def test_a_lack_of_descriptors_is_told_from_a_resolver_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(*_: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_AGAIN, "")

    def no_socket(*_: object) -> NoReturn:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket, "socket", no_socket)
    with pytest.raises(ProbeError) as raised:
        async with _attempt() as attempt:
            await dial(Target("starved.invalid", 80), None, attempt)

    assert raised.value.failure is Failure.OUT_OF_RESOURCES


async def test_a_lack_of_threads_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(*_: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", no_thread)
    with pytest.raises(ProbeError) as raised:
        async with _attempt() as attempt:
            await dial(Target("service.invalid", 80), None, attempt)

    assert raised.value.failure is Failure.OUT_OF_RESOURCES


async def test_a_socket_that_connects_to_itself_has_found_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    real = loop.sock_connect

    async def connect(dialled: socket.socket, address: tuple[str, int]) -> None:
        dialled.bind(address)  # what the system does now and then, when it picks the port
        await real(dialled, address)

    monkeypatch.setattr(loop, "sock_connect", connect)
    with nobody() as port:
        pass
    with pytest.raises(ProbeError) as raised:
        async with _attempt() as attempt:
            await dial(Target("127.0.0.1", port), None, attempt)

    assert raised.value.failure is Failure.CONNECTION_REFUSED


async def test_an_authority_file_that_changes_is_read_again(tmp_path: Path) -> None:
    stranger, known = authority("Stranger"), authority()
    tls = Tls(ca_file=stranger.write(tmp_path))

    async with serving(_silent, known.server(tmp_path)) as port:
        with pytest.raises(ProbeError) as raised:
            async with _attempt() as attempt:
                await dial(Target("127.0.0.1", port), tls, attempt)
        known.write(tmp_path)
        async with _attempt() as attempt:
            (await dial(Target("127.0.0.1", port), tls, attempt)).close()

    assert raised.value.failure is Failure.CERTIFICATE_UNTRUSTED


async def test_a_target_may_be_trusted_by_its_own_certificate(tmp_path: Path) -> None:
    async with serving(_silent, authority().server(tmp_path)) as port, _attempt() as attempt:
        tls = Tls(ca_file=str(tmp_path / "server.pem"))
        (await dial(Target("127.0.0.1", port), tls, attempt)).close()

    assert attempt.phases.tls_us is not None


async def test_the_end_of_a_tls_stream_needs_no_closing_alert(tmp_path: Path) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ")
        await writer.drain()
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)

    async with serving(talk, authority().server(tmp_path)) as port, _attempt() as attempt:
        tls = Tls(ca_file=authority().write(tmp_path))
        connection = await dial(Target("127.0.0.1", port), tls, attempt)
        received = [await connection.receive(), await connection.receive()]
        connection.close()

    assert received == [b"220 ", b""]


async def test_a_probe_that_is_cancelled_lets_go_of_its_socket() -> None:
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await fall_silent(reader)
        gone.set()

    async def wait() -> None:
        async with _attempt() as attempt:
            tls = Tls()
            await dial(Target("127.0.0.1", port), tls, attempt)

    async with serving(talk) as port:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await gone.wait()


async def test_no_descriptor_is_leaked_by_failures() -> None:
    with ExitStack() as stack:
        before = stack.enter_context(socket.socket()).fileno()
    with nobody() as port:
        for _ in range(5):
            with pytest.raises(ProbeError):
                async with _attempt() as attempt:
                    await dial(Target("127.0.0.1", port), None, attempt)
    with socket.socket() as after:
        assert after.fileno() == before


async def test_the_operation_that_failed_is_the_step_that_was_begun() -> None:
    with pytest.raises(ProbeError) as raised, nobody() as port:
        async with _attempt() as attempt:
            await dial(Target("127.0.0.1", port), None, attempt)

    assert attempt.failed(raised.value).operation is Operation.CONNECT
