"""What a tcp probe says, and what it accepts as an answer."""

import asyncio
from pathlib import Path

import pytest

from probes.model.failure import Failure
from probes.model.measurement import Outcome
from probes.model.target import Pattern, Regex, TcpSpec, Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.certificates import authority
from tests.servers.listening import Talk, fall_silent, serving

TCP = kinds()["tcp"]


def _greeting(*pieces: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        await fall_silent(reader)

    return talk


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"heard " + await reader.read(100))
    await fall_silent(reader)


@pytest.mark.parametrize(
    ("said", "expect"),
    [
        (b"220 mail.example ESMTP\r\n", "220 "),
        (b"220 mail.example ESMTP\r\n", Regex("^220 .*ESMTP")),
        ("Prêt\r\n".encode(), "Prêt"),
        (b"\x05\xff\x00", Regex(r"\x05\xff")),
    ],
)
async def test_a_target_that_says_what_is_expected_is_up(said: bytes, expect: Pattern) -> None:
    async with serving(_greeting(said)) as port:
        seen = await run(TCP, TcpSpec("127.0.0.1", port, expect=expect))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{port}")


async def test_an_answer_may_come_in_pieces() -> None:
    async with serving(_greeting(b"2", b"2", b"0", b" ready")) as port:
        seen = await run(TCP, TcpSpec("127.0.0.1", port, expect="220 ready"))

    assert seen.outcome is Outcome.UP


@pytest.mark.parametrize(
    ("send", "send_hex", "expect"),
    [
        ("Prêt?\r\n", "", "heard Prêt?\r\n"),
        ("", "0b 00ff", Regex(r"heard \x0b\x00\xff")),
    ],
)
async def test_what_is_to_be_said_is_said(send: str, send_hex: str, expect: Pattern) -> None:
    async with serving(_echo) as port:
        spec = TcpSpec("127.0.0.1", port, send=send, send_hex=send_hex, expect=expect)
        seen = await run(TCP, spec)

    assert seen.outcome is Outcome.UP


async def test_a_bare_connection_is_enough_when_it_was_asked_for() -> None:
    async with serving(_greeting()) as port:
        seen = await run(TCP, TcpSpec("127.0.0.1", port, connect_only=True))

    assert seen.outcome is Outcome.UP
    assert seen.phases.connect_us is not None
    assert seen.phases.first_byte_us is None


async def test_the_version_in_a_banner_is_recorded() -> None:
    banner = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
    async with serving(_greeting(banner)) as port:
        spec = TcpSpec("127.0.0.1", port, expect="SSH-2.0", version=Regex(r"OpenSSH_(\S+)"))
        seen = await run(TCP, spec)

    assert seen.version == "9.2p1"


async def test_a_slow_answer_is_degraded() -> None:
    async with serving(_greeting(b"220 ")) as port:
        spec = TcpSpec("127.0.0.1", port, expect="220 ", degraded_after_ms=5)
        seen = await TCP.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


async def test_an_answer_is_read_inside_tls(tmp_path: Path) -> None:
    async with serving(_greeting(b"220 ready"), authority().server(tmp_path)) as port:
        tls = Tls(ca_file=authority().write(tmp_path))
        seen = await run(TCP, TcpSpec("127.0.0.1", port, tls=tls, expect="220 "))

    assert seen.outcome is Outcome.UP
    assert seen.phases.tls_us is not None


async def test_what_came_instead_is_counted_and_not_quoted() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 DUPONT")

    async with serving(talk) as port:
        seen = await run(TCP, TcpSpec("127.0.0.1", port, expect="220 "))

    assert seen.failure is Failure.MARKER_MISSING
    assert seen.detail == "10 bytes came, without '220 '"
