"""Every failure a sql probe can report, from a situation in which it is the truth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.sql_target import Dialect, SqlSpec
from probes.model.target import Timeouts
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.postgresql import front
from tests.servers.web import PATIENT

SQL = kinds()["sql"]
BEFORE = [each for each in SITUATIONS if each.operation is not Operation.FIRST_BYTE]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def message(kind: bytes, content: bytes) -> bytes:
    """Return a message of PostgreSQL: its length counts itself, not its kind."""
    return kind + (len(content) + 4).to_bytes(4, "big") + content


def error(code: str, text: str = PATIENT) -> bytes:
    """Return an ErrorResponse."""
    return message(b"E", f"SFATAL\0C{code}\0M{text}\0\0".encode())


WELCOME = message(b"R", bytes(4)) + message(b"S", b"server_version\x0018.1\0")
WELCOME += message(b"K", bytes(8)) + message(b"Z", b"I")


def saying(*pieces: bytes, stay: bool = False) -> Talk:
    """Return a server that says one thing each time it hears something."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await reader.read(65_536)
            writer.write(piece)
            await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(saying(b"")) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_without_a_word(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(saying(b"", stay=True)) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_half_a_message(_: World) -> AsyncIterator[Place]:
    async with serving(saying(WELCOME[:7], stay=True)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_in_a_message(_: World) -> AsyncIterator[Place]:
    async with serving(saying(WELCOME[:7])) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=30)
async def it_lets_in_and_falls_silent(_: World) -> AsyncIterator[Place]:
    async with serving(saying(WELCOME, stay=True)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE)
async def it_closes_when_it_is_asked(_: World) -> AsyncIterator[Place]:
    async with serving(saying(WELCOME, b"")) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.FIRST_BYTE)
async def it_shuts_down_when_it_is_asked(_: World) -> AsyncIterator[Place]:
    async with serving(saying(WELCOME, error("57P01"))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def it_has_no_connection_left(_: World) -> AsyncIterator[Place]:
    async with serving(saying(error("53300"))) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.NEGOTIATE)
async def it_refuses_the_account(_: World) -> AsyncIterator[Place]:
    async with serving(saying(error("28P01"))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.FIRST_BYTE)
async def it_refuses_the_statement(_: World) -> AsyncIterator[Place]:
    refusal = error("42P01") + message(b"Z", b"I")
    async with serving(saying(WELCOME, refusal, stay=True)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def it_says_what_no_server_says_first(_: World) -> AsyncIterator[Place]:
    async with serving(saying(message(b"R", b""), stay=True)) as port:
        yield Place(port)


@meets(Failure.BAD_CONFIGURATION, Operation.NEGOTIATE)
async def it_asks_for_a_ticket_that_the_driver_cannot_get(_: World) -> AsyncIterator[Place]:
    kerberos_v4 = message(b"R", (1).to_bytes(4, "big"))
    async with serving(saying(kerberos_v4, stay=True)) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_has_fewer_rows(world: World) -> AsyncIterator[Place]:
    del world
    async with serving(_empty_handed) as port:
        yield Place(port)


@meets(Failure.TLS_NOT_OFFERED, Operation.NEGOTIATE)
async def it_speaks_no_tls(world: World) -> AsyncIterator[Place]:
    async with serving(saying(b"N", stay=True)) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def it_does_not_say_whether_it_speaks_tls(world: World) -> AsyncIterator[Place]:
    async with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def somebody_slips_a_word_in_before_tls(world: World) -> AsyncIterator[Place]:
    async with serving(saying(b"S" + WELCOME, stay=True)) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_when_it_is_asked_for_tls(world: World) -> AsyncIterator[Place]:
    async with serving(saying(b"")) as port:
        yield Place(port, tls=world.trusted())


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place, _reached(place, situation) as port:
        seen = await run(SQL, _spec(replace(place, port=port), situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BEFORE + ANSWERS} == SQL.produces


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        (Dialect.POSTGRESQL, "asyncpg is missing: install it with pip install 'constat[sql]'"),
        (Dialect.MYSQL, "pymysql is missing: install it with pip install 'constat[mysql]'"),
        (Dialect.SQLSERVER, "pytds is missing: install it with pip install 'constat[sqlserver]'"),
        (Dialect.ORACLE, "oracledb is missing: install it with pip install 'constat[oracle]'"),
    ],
)
def test_a_dialect_says_what_it_lacks(
    dialect: Dialect, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SqlSpec(dialect, "db.example", username="constat", database="dpi")
    assert SQL.lacking(spec) == ""

    monkeypatch.setattr("probes.kind.find_spec", lambda _: None)

    assert SQL.lacking(spec) == said


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(message, st.sampled_from([b"R", b"S", b"K", b"Z", b"E", b"T"]), st.binary()),
            st.just(WELCOME),
        ),
        min_size=1,
        max_size=4,
    )
)
async def test_no_nonsense_is_ever_up_nor_an_error(pieces: list[bytes]) -> None:
    async with serving(saying(*pieces)) as port:
        seen = await run(SQL, _spec(Place(port), Timeouts(negotiate_ms=200, first_byte_ms=200)))

    assert seen.outcome not in (Outcome.UP, Outcome.DEGRADED)


@pytest.mark.parametrize("length", ["00000000", "00000003", "7fffffff", "80000000", "ffffffff"])
async def test_a_length_that_cannot_be_keeps_nobody_busy(length: str) -> None:
    async with serving(saying(b"R" + bytes.fromhex(length) + bytes(64), stay=True)) as port:
        seen = await run(SQL, _spec(Place(port), Timeouts(negotiate_ms=50)))

    assert seen.failure in (Failure.PROTOCOL_ERROR, Failure.TIMEOUT, Failure.BAD_CONFIGURATION)


async def test_a_password_that_cannot_be_read_is_no_fault_of_the_server(tmp_path: Path) -> None:
    spec = replace(_spec(Place(1), Timeouts()), password_file=str(tmp_path / "missing"))

    seen = await run(SQL, spec)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)


def _spec(place: Place, timeouts: Timeouts) -> SqlSpec:
    return SqlSpec(
        Dialect.POSTGRESQL,
        place.host,
        username="constat",
        port=place.port,
        tls=place.tls,
        timeouts=timeouts,
    )


def _reached(place: Place, situation: Situation) -> AbstractAsyncContextManager[int]:
    """Put before a situation of TLS what PostgreSQL says before the handshake."""
    if situation.operation is Operation.TLS:
        return front(place.port)
    return _as_it_is(place.port)


@asynccontextmanager
async def _as_it_is(port: int) -> AsyncIterator[int]:
    yield port


async def _empty_handed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak enough of PostgreSQL to answer every question with no row at all."""
    await reader.read(65_536)
    writer.write(WELCOME)
    ready = message(b"Z", b"I")
    while True:
        kind = await reader.readexactly(1)
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        if kind == b"Q":  # the transaction begins
            ready = message(b"Z", b"T")
        writer.write(_NOTHING.get(kind, b"") + (ready if kind in b"QS" else b""))


_NOTHING = {
    b"Q": message(b"C", b"SET\0"),
    b"P": message(b"1", b""),
    b"D": message(b"t", bytes(2)) + message(b"n", b""),
    b"B": message(b"2", b""),
    b"E": message(b"C", b"SELECT 0\0"),
    b"C": message(b"3", b""),
}
