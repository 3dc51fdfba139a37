"""What a sql probe says where Oracle Database should be, as far as that can be known without one.

Listeners here refuse or misbehave; the driver and its errors are the real ones.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import oracledb
import pytest
from oracledb import errors

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.sql_target import Dialect, SqlSpec
from probes.model.target import Timeouts
from probes.registry import kinds
from probes.sql_oracle import _failure
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.listening import fall_silent, reset, serving
from tests.servers.web import PATIENT

SQL = kinds()["sql"]
# The driver dials: connecting and the handshake are told by their errors, not by their times.
BEFORE = [
    each
    for each in SITUATIONS
    if each.operation is not Operation.FIRST_BYTE
    and (each.failure is not Failure.TIMEOUT or each.operation is Operation.RESOLVE)
    and each.name not in ("the_host_is_switched_off", "it_closes_in_the_handshake")
]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def refusal(code: int) -> bytes:
    """Return a packet REFUSE of a listener."""
    words = f"(DESCRIPTION=(ERR={code})(ERROR_STACK=(ERROR=(CODE={code})(EMFI=4)({PATIENT}))))"
    content = b"\0\0" + len(words).to_bytes(2, "big") + words.encode()
    return (8 + len(content)).to_bytes(2, "big") + b"\0\0\x04\0\0\0" + content


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def the_listener_knows_no_such_service(_: World) -> AsyncIterator[Place]:
    async with _answering(refusal(12514)) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def the_listener_lets_nobody_in(_: World) -> AsyncIterator[Place]:
    async with _answering(refusal(12528)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with _answering(b"") as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=50)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=50)
async def another_service_answers(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.TLS)
async def it_closes_in_the_handshake(world: World) -> AsyncIterator[Place]:
    async with _answering(b"") as port:
        yield Place(port, tls=world.trusted())


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(SQL, _spec(place, situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


async def test_a_reset_is_told_from_a_close() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        reset(writer)

    async with serving(talk) as port:
        seen = await run(SQL, _spec(Place(port), Timeouts()))

    assert seen.failure in (Failure.CONNECTION_RESET, Failure.CONNECTION_CLOSED)


@pytest.mark.parametrize(
    ("code", "operation", "failure"),
    [
        ("ORA-01017", Operation.NEGOTIATE, Failure.AUTHENTICATION_FAILED),
        ("ORA-28000", Operation.NEGOTIATE, Failure.AUTHENTICATION_FAILED),
        ("ORA-28001", Operation.NEGOTIATE, Failure.AUTHENTICATION_FAILED),
        ("ORA-01045", Operation.NEGOTIATE, Failure.AUTHENTICATION_FAILED),
        ("ORA-01033", Operation.NEGOTIATE, Failure.NOT_SERVING),
        ("ORA-00020", Operation.NEGOTIATE, Failure.NOT_SERVING),
        ("ORA-12345", Operation.NEGOTIATE, Failure.NOT_SERVING),
        ("ORA-00942", Operation.FIRST_BYTE, Failure.QUERY_FAILED),
        ("ORA-01031", Operation.FIRST_BYTE, Failure.QUERY_FAILED),
        ("ORA-01456", Operation.FIRST_BYTE, Failure.QUERY_FAILED),
        ("ORA-01013", Operation.FIRST_BYTE, Failure.TIMEOUT),
        ("DPY-4011", Operation.FIRST_BYTE, Failure.CONNECTION_CLOSED),
        ("DPY-4024", Operation.FIRST_BYTE, Failure.TIMEOUT),
        ("DPY-5004", Operation.NEGOTIATE, Failure.PROTOCOL_ERROR),
    ],
)
def test_an_error_of_the_drivers_is_told_by_its_code(
    code: str, operation: Operation, failure: Failure
) -> None:
    error = oracledb.DatabaseError(errors._Error(f"{code}: {PATIENT}"))

    told = _failure(error, operation, inside_tls=False)

    assert told.failure is failure
    assert PATIENT not in told.detail


def _spec(place: Place, timeouts: Timeouts) -> SqlSpec:
    return SqlSpec(
        Dialect.ORACLE,
        place.host,
        username="constat",
        port=place.port,
        database="dpi",
        tls=place.tls,
        timeouts=timeouts,
    )


def _answering(answer: bytes) -> Any:  # noqa: ANN401 - a context, as `serving` gives it
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(answer)

    return serving(talk)
