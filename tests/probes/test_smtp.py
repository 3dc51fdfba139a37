"""What an smtp probe takes for a mail server that serves, and what it lets nobody slip in."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.smtp_target import Encryption, SmtpSpec
from probes.model.target import Regex, Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.mail import aiosmtpd, postfix, saying
from tests.servers.web import PATIENT

SMTP = kinds()["smtp"]
GREETING = b"220 mail.example ESMTP Postfix (3.7.11)\r\n"
PLAIN = b"250-mail.example\r\n250 SIZE 1000\r\n"
OFFER = b"250-mail.example\r\n250 STARTTLS\r\n"
GO = b"220 ready\r\n"
# Until it is connected and, for what is inside TLS at once, has shaken hands.
BEFORE = [each for each in SITUATIONS if each.operation is not Operation.FIRST_BYTE]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(saying(stay=False)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_when_it_is_greeted(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, b"", stay=False)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_when_it_is_greeted(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readline()
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.NEGOTIATE)
async def it_closes_in_a_reply(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, f"250-{PATIENT}\r\n".encode(), stay=False)) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(saying()) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=100)
async def it_greets_and_then_hangs(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def it_is_another_service(_: World) -> AsyncIterator[Place]:
    async with serving(saying(f"SSH-2.0-{PATIENT}\r\n".encode())) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def it_answers_before_it_is_asked(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING + PLAIN)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def something_is_slipped_in_before_the_handshake(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, OFFER, GO + PLAIN)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.NEGOTIATE)
async def its_reply_never_ends(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, f"250-{PATIENT}\r\n".encode() * 3_000)) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_is_too_busy_for_us(_: World) -> AsyncIterator[Place]:
    async with serving(saying(f"421 {PATIENT}\r\n".encode())) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_takes_no_mail_from_us(_: World) -> AsyncIterator[Place]:
    async with serving(saying(b"554-no service\r\n554 here\r\n")) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_shuts_down_when_it_is_greeted(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, b"421 shutting down\r\n")) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_STATUS, Operation.ASSERT)
async def it_greets_with_another_code(_: World) -> AsyncIterator[Place]:
    async with serving(saying(b"250 hello\r\n")) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_STATUS, Operation.ASSERT)
async def it_does_not_know_what_it_is_told(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, b"554 no valid name\r\n")) as port:
        yield Place(port)


@meets(Failure.TLS_NOT_OFFERED, Operation.ASSERT)
async def it_does_not_offer_tls(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, PLAIN)) as port:
        yield Place(port)


@meets(Failure.TLS_NOT_OFFERED, Operation.ASSERT)
async def it_cannot_do_tls_now(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, OFFER, b"454 not now\r\n")) as port:
        yield Place(port)


@meets(Failure.TLS_FAILED, Operation.TLS)
async def it_speaks_no_tls_after_all(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, OFFER, GO, b"500 what?\r\n")) as port:
        yield Place(port)


@meets(Failure.CERTIFICATE_EXPIRED, Operation.TLS)
async def its_certificate_has_expired_after_starttls(world: World) -> AsyncIterator[Place]:
    expired = authority().server(world.folder, until=dt.timedelta(days=-1))
    async with aiosmtpd(expired) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        options: dict[str, Any] = {"timeouts": situation.timeouts}
        if place.tls:
            options |= {"encryption": Encryption.IMPLICIT, "tls": place.tls}
        elif situation in ANSWERS:
            options |= {"encryption": Encryption.REQUIRED, "tls": world.trusted()}
        seen = await run(SMTP, SmtpSpec(place.host, place.port, **options))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    met = {situation.failure for situation in BEFORE + ANSWERS}
    assert met | {Failure.MARKER_MISSING} == SMTP.produces  # met further below


async def _meet(talk: Talk, **options: object) -> Observation:
    given: dict[str, Any] = options
    async with serving(talk) as port:
        return await run(SMTP, SmtpSpec("127.0.0.1", port, **given))


async def test_a_server_that_greets_and_is_greeted_is_up() -> None:
    seen = await _meet(saying(b"220-mail.example\r\n220 ESMTP\r\n", PLAIN))

    assert seen.outcome is Outcome.UP
    assert seen.detail.startswith("greeted by 127.0.0.1:")
    assert seen.version is None


@pytest.mark.parametrize(
    ("helo", "said"),
    [
        ("", b"EHLO [127.0.0.1]\r\n"),
        ("poste-03.ch.example", b"EHLO poste-03.ch.example\r\n"),
        ("[10.0.0.3]", b"EHLO [10.0.0.3]\r\n"),
    ],
)
async def test_it_says_who_it_is_and_takes_leave_and_nothing_else(helo: str, said: bytes) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        heard.put_nowait(await reader.readline())
        writer.write(PLAIN)
        heard.put_nowait(await reader.read())

    async with serving(talk) as port:
        await run(SMTP, SmtpSpec("127.0.0.1", port, helo=helo))
        assert [await heard.get(), await heard.get()] == [said, b"QUIT\r\n"]


async def test_over_ipv6_its_name_is_an_address_of_ipv6() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        heard.append(await reader.readline())
        writer.write(PLAIN)
        await fall_silent(reader)

    async with serving(talk, host="::1") as port:
        assert (await run(SMTP, SmtpSpec("::1", port))).outcome is Outcome.UP
    assert heard == [b"EHLO [IPv6:::1]\r\n"]


async def test_the_greeting_holds_what_is_expected_and_the_version() -> None:
    version = Regex(r"Postfix \(([\d.]+)\)")
    right = await _meet(saying(GREETING, PLAIN), expect="ESMTP Postfix", version=version)
    wrong = await _meet(saying(GREETING, PLAIN), expect=Regex("Exim [0-9]"), version=version)

    assert (right.outcome, right.version) == (Outcome.UP, "3.7.11")
    assert (wrong.outcome, wrong.failure) == (Outcome.DOWN, Failure.MARKER_MISSING)
    assert (wrong.operation, wrong.version) == (Operation.ASSERT, "3.7.11")
    assert wrong.detail.endswith(": a greeting without regex 'Exim [0-9]'")


async def test_a_slow_server_is_degraded() -> None:
    async with serving(saying(GREETING, PLAIN)) as port:
        spec = SmtpSpec("127.0.0.1", port, degraded_after_ms=5)
        seen = await SMTP.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


async def test_tls_that_is_not_offered_is_done_without_when_that_is_allowed() -> None:
    seen = await _meet(saying(GREETING, PLAIN), encryption=Encryption.OFFERED)

    assert seen.outcome is Outcome.UP
    assert "TLS" not in seen.detail


@pytest.mark.parametrize("encryption", [Encryption.OFFERED, Encryption.REQUIRED])
async def test_aiosmtpd_is_greeted_again_inside_tls(encryption: Encryption, tmp_path: Path) -> None:
    async with aiosmtpd(authority().server(tmp_path)) as port:
        tls = Tls(authority().write(tmp_path))
        seen = await run(SMTP, SmtpSpec("127.0.0.1", port, encryption=encryption, tls=tls))

    assert seen.outcome is Outcome.UP
    assert seen.detail == f"greeted by 127.0.0.1:{port} in TLSv1.3"
    assert seen.phases.tls_us is not None


async def test_aiosmtpd_without_tls_is_up_or_does_not_offer_it() -> None:
    async with aiosmtpd() as port:
        plain = await run(SMTP, SmtpSpec("127.0.0.1", port))
        required = SmtpSpec("127.0.0.1", port, encryption=Encryption.REQUIRED)
        lacking = await run(SMTP, required)

    assert plain.outcome is Outcome.UP
    assert (lacking.outcome, lacking.failure) == (Outcome.DOWN, Failure.TLS_NOT_OFFERED)
    assert lacking.detail == f"127.0.0.1:{port} does not offer STARTTLS"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"encryption": "starttls"}, "Invalid enum value 'starttls'"),
        ({"helo": "a b"}, "helo: 'a b' is not a host name, nor an address in brackets"),
        ({"helo": "a\r\nMAIL FROM:<>"}, "helo: 'a\\r\\nMAIL FROM:<>' is not a host name"),
        ({"tls": {"ca_file": "ca.pem"}}, "tls: is for nothing with encryption none"),
        ({"expect": ""}, "expect: an empty text is found in every page"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "smtp.example"} | options, SmtpSpec)

    assert str(raised.value).startswith(fault)


@pytest.mark.servers
async def test_postfix_is_up_degraded_and_down(tmp_path: Path) -> None:
    authority().server(tmp_path)
    tls = Tls(authority().write(tmp_path))
    inside: dict[str, Any] = {"tls": tls, "encryption": Encryption.REQUIRED}
    with postfix(tmp_path) as ports:
        plain = await run(SMTP, SmtpSpec("127.0.0.1", ports.plain, expect="ESMTP Postfix"))
        started = await run(SMTP, SmtpSpec("127.0.0.1", ports.plain, **inside))
        stranger = SmtpSpec("127.0.0.1", ports.plain, encryption=Encryption.OFFERED)
        untrusted = await run(SMTP, stranger)
        implicit = SmtpSpec("127.0.0.1", ports.implicit, encryption=Encryption.IMPLICIT, tls=tls)
        wrapped = await run(SMTP, implicit)
        slow = SmtpSpec("127.0.0.1", ports.plain, degraded_after_ms=5)
        degraded = await SMTP.probe(slow, AMPLE_US, ticking_clock(step_us=10_000))
        closed = await run(SMTP, SmtpSpec("127.0.0.1", ports.closed))
        reader, writer = await asyncio.open_connection("127.0.0.1", ports.full)
        assert (await reader.readline()).startswith(b"220 ")
        full = await run(SMTP, SmtpSpec("127.0.0.1", ports.full))
        writer.close()
    dead = await run(SMTP, SmtpSpec("127.0.0.1", ports.plain))

    assert plain.outcome is started.outcome is wrapped.outcome is Outcome.UP
    assert started.detail == f"greeted by 127.0.0.1:{ports.plain} in TLSv1.3"
    assert degraded.outcome is Outcome.DEGRADED
    assert (untrusted.outcome, untrusted.failure) == (Outcome.DOWN, Failure.CERTIFICATE_UNTRUSTED)
    assert (closed.outcome, closed.failure) == (Outcome.DOWN, Failure.NOT_SERVING)
    assert closed.detail.endswith(" answered the connection with 554")
    assert (full.outcome, full.failure) == (Outcome.DOWN, Failure.NOT_SERVING)
    assert full.detail.endswith(" answered the connection with 421")
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)
