"""Every failure an http probe can report, from a situation in which it is the truth."""

import asyncio
import gzip
from dataclasses import dataclass, field
from typing import Any

import pytest

from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec, Method, Version
from probes.model.measurement import Outcome
from probes.model.target import Regex, Timeouts, Tls
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Situation, World
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.web import LOGIN, PATIENT, answering, page, read_request, redirect

HTTP = kinds()["http"]


@dataclass(frozen=True)
class Answer:
    """What a server does, what is asked of it, and what must be reported."""

    talk: Talk
    failure: Failure
    operation: Operation = Operation.ASSERT
    options: dict[str, object] = field(default_factory=dict)


def starts(data: bytes, *, then: str) -> Talk:
    """Return a conversation that answers in part, and then falls silent or resets."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(data)
        await writer.drain()
        if then == "reset":
            reset(writer)
        else:
            await fall_silent(reader)

    return talk


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte at a time, never too late for the next, until the other side has enough."""
    await read_request(reader)
    writer.write(page(length=10**6))
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.002)


def chunked(*chunks: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


async def deaf(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Take a connection, and never read from it."""
    await asyncio.get_running_loop().create_future()


_TRUNCATED, _GARBAGE = Failure.RESPONSE_TRUNCATED, Failure.PROTOCOL_ERROR
_TRANSFER = Operation.TRANSFER
_BOMB = gzip.compress(bytes(200_000))

ANSWERS = {
    # Not HTTP, or not all of it.
    "garbage": Answer(answering(f"220 {PATIENT}\r\n\r\n".encode()), _GARBAGE, _TRANSFER),
    "a bad header": Answer(
        answering(f"HTTP/1.1 200 OK\r\n{PATIENT}\r\n\r\n".encode()), _GARBAGE, _TRANSFER
    ),
    "two lengths": Answer(answering(page(headers=("Content-Length: 5",))), _GARBAGE, _TRANSFER),
    "a flood of headers": Answer(
        answering(b"HTTP/1.1 200 OK\r\n" + f"X: {PATIENT}\r\n".encode() * 10_000),
        _GARBAGE,
        _TRANSFER,
    ),
    "another protocol": Answer(
        answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
        _GARBAGE,
        _TRANSFER,
    ),
    "a bad chunk": Answer(
        answering(chunked(LOGIN.encode()) + f"{PATIENT}\r\n".encode()), _GARBAGE, _TRANSFER
    ),
    "half a head": Answer(answering(b"HTTP/1.1 200 OK\r\nConte"), _TRUNCATED, _TRANSFER),
    "only a 100": Answer(answering(b"HTTP/1.1 100 Continue\r\n\r\n"), _TRUNCATED, _TRANSFER),
    "half a body": Answer(answering(page(length=100_000)), _TRUNCATED, _TRANSFER),
    "no last chunk": Answer(answering(chunked(LOGIN.encode())), _TRUNCATED, _TRANSFER),
    "half a page in gzip": Answer(
        answering(page(gzip.compress(LOGIN.encode())[:-9], headers=("Content-Encoding: gzip",))),
        _TRUNCATED,
        _TRANSFER,
    ),
    "a page that is not gzip": Answer(
        answering(page(headers=("Content-Encoding: gzip",))), _GARBAGE, _TRANSFER
    ),
    "a coding nobody asked for": Answer(
        answering(page(headers=("Content-Encoding: br",))), _GARBAGE, _TRANSFER
    ),
    "a reset in the body": Answer(
        starts(page(length=100_000), then="reset"), Failure.CONNECTION_RESET, _TRANSFER
    ),
    "silence in the body": Answer(
        starts(page(length=100_000), then="silence"),
        Failure.TIMEOUT,
        _TRANSFER,
        {"timeouts": Timeouts(transfer_ms=30)},
    ),
    "silence after half a head": Answer(
        starts(b"HTTP/1.1 200 OK\r\nConte", then="silence"),
        Failure.TIMEOUT,
        _TRANSFER,
        {"timeouts": Timeouts(transfer_ms=30)},
    ),
    "a trickle": Answer(
        trickle, Failure.TIMEOUT, _TRANSFER, {"timeouts": Timeouts(transfer_ms=60)}
    ),
    # Too much of it.
    "a body over the cap": Answer(
        answering(page(LOGIN * 1_000)),
        Failure.RESPONSE_TOO_LARGE,
        _TRANSFER,
        {"max_body_bytes": 50_000},
    ),
    "a bomb": Answer(
        answering(page(_BOMB, headers=("Content-Encoding: gzip",))),
        Failure.RESPONSE_TOO_LARGE,
        _TRANSFER,
        {"max_body_bytes": 100_000},
    ),
    # Not what was expected.
    "an error page": Answer(
        answering(page(status="500 Internal Server Error")), Failure.UNEXPECTED_STATUS
    ),
    "no such page": Answer(answering(page(status="404 Not Found")), Failure.UNEXPECTED_STATUS),
    "a redirect without location": Answer(
        answering(page(status="302 Found")), Failure.UNEXPECTED_STATUS
    ),
    "a page too small": Answer(
        answering(page()), Failure.UNEXPECTED_SIZE, options={"min_bytes": 500}
    ),
    "a page too large": Answer(
        answering(page()), Failure.UNEXPECTED_SIZE, options={"max_bytes": 50}
    ),
    "no such header": Answer(
        answering(page()), Failure.UNEXPECTED_HEADER, options={"expect_headers": {"X-Dpi": "1"}}
    ),
    "another header": Answer(
        answering(page(headers=(f"X-Dpi: {PATIENT}",))),
        Failure.UNEXPECTED_HEADER,
        options={"expect_headers": {"X-Dpi": Regex("^v2$")}},
    ),
    "an empty page": Answer(answering(page("")), Failure.MARKER_MISSING),
    "another page": Answer(answering(page(f"<h1>It works!</h1>{PATIENT}")), Failure.MARKER_MISSING),
    "no content": Answer(
        answering(b"HTTP/1.1 204 No Content\r\n\r\n"),
        Failure.MARKER_MISSING,
        options={"expect_status": (204,)},
    ),
    "another value": Answer(
        answering(page(f'{{"status": "{PATIENT}"}}')),
        Failure.UNEXPECTED_VALUE,
        options={"expect_markers": (), "expect_json": {"/status": "pass"}},
    ),
    "no such value": Answer(
        answering(page(f'{{"name": "{PATIENT}"}}')),
        Failure.UNEXPECTED_VALUE,
        options={"expect_markers": (), "expect_json": {"/status": "pass"}},
    ),
    "no JSON": Answer(
        answering(page()),
        Failure.UNEXPECTED_VALUE,
        options={"expect_markers": (), "expect_json": {"/status": "pass"}},
    ),
    "JSON too deep": Answer(
        answering(page("[" * 100_000)),
        Failure.UNEXPECTED_VALUE,
        options={"expect_markers": (), "expect_json": {"/status": "pass"}},
    ),
    "a maintenance page": Answer(
        answering(page(f"<h1>Connexion</h1>Le site est en maintenance. {PATIENT}")),
        Failure.MAINTENANCE_PAGE,
    ),
    "a page with a pattern of its own": Answer(
        answering(page()),
        Failure.MAINTENANCE_PAGE,
        options={"maintenance_patterns": ("Dossier patient",)},
    ),
    "an error in the frame of the page": Answer(
        answering(page(f"{LOGIN} ORA-01033: {PATIENT}")), Failure.ERROR_PAGE
    ),
    "an error of its own": Answer(
        answering(page()), Failure.ERROR_PAGE, options={"error_patterns": ("Dossier patient",)}
    ),
    "a copy that a cache kept": Answer(
        answering(page(headers=(f'Warning: 110 - "{PATIENT}"',))), Failure.STALE_ANSWER
    ),
    "another version": Answer(
        answering(page()),
        Failure.UNEXPECTED_VERSION,
        options={"version": Version(header="X-Dpi"), "expect_version": Regex("^2")},
    ),
    "a network that wants a login": Answer(
        answering(page(status="511 Network Authentication Required")), Failure.VANTAGE_OFFLINE
    ),
    # Elsewhere.
    "the portal of a network": Answer(
        answering(redirect(f"http://10.1.0.1:3990/?uamip=10.1.0.1&user={PATIENT}")),
        Failure.VANTAGE_OFFLINE,
    ),
    "a redirect to a stranger": Answer(
        answering(redirect("https://stranger.example/login")), Failure.REDIRECT_REFUSED
    ),
    "a redirect to no page": Answer(
        answering(redirect(f"mailto:{PATIENT}")), Failure.REDIRECT_REFUSED
    ),
    "a redirect to no host": Answer(
        answering(redirect(f"http://{PATIENT}/")), Failure.REDIRECT_REFUSED
    ),
    "a redirect to itself": Answer(answering(redirect("/login")), Failure.TOO_MANY_REDIRECTS),
    "a redirect, where none is followed": Answer(
        answering(redirect("/login")), Failure.TOO_MANY_REDIRECTS, options={"max_redirects": 0}
    ),
    # Deaf.
    "nobody hears a large question": Answer(
        deaf,
        Failure.TIMEOUT,
        Operation.SEND,
        {"method": Method.POST, "body": "x" * 20_000_000, "timeouts": Timeouts(send_ms=200)},
    ),
    "a reset under a large question": Answer(
        starts(b"", then="reset"),
        Failure.CONNECTION_RESET,
        Operation.FIRST_BYTE,
        {"method": Method.POST, "body": "x" * 1_000},
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true_before_an_answer(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        scheme = "http" if place.tls is None else "https"
        spec = HttpSpec(
            f"{scheme}://{place.host}:{place.port}/login",
            expect_markers=("Connexion",),
            timeouts=situation.timeouts,
            tls=place.tls or Tls(),
        )
        seen = await run(HTTP, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument


@pytest.mark.parametrize("name", ANSWERS)
async def test_it_reports_what_is_true_of_an_answer(name: str) -> None:
    answer = ANSWERS[name]
    async with serving(answer.talk) as port:
        options: dict[str, Any] = {"expect_markers": ("Connexion",)} | answer.options
        seen = await run(HTTP, HttpSpec(f"http://127.0.0.1:{port}/login", **options))

    assert (seen.failure, seen.operation) == (answer.failure, answer.operation)
    assert seen.outcome is (Outcome.UNKNOWN if answer.failure.of_instrument else Outcome.DOWN)
    assert not any(word in repr(seen) for word in PATIENT.split())


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    met = {situation.failure for situation in SITUATIONS}

    assert met | {answer.failure for answer in ANSWERS.values()} == HTTP.produces
