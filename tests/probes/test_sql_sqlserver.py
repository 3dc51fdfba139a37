"""What a sql probe says of SQL Server, as far as that can be known without one.

The server here is ours, written from MS-TDS; the driver and its errors are the real ones.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.sql_target import Dialect, Role, SqlSpec
from probes.model.target import Timeouts, Tls
from probes.registry import kinds
from probes.tds_tunnel import prelogin
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.tds import SqlServer, reply, sqlserver
from tests.servers.web import PATIENT

SQL = kinds()["sql"]
# Until it is connected: TLS is inside packets of TDS.
BEFORE = [
    each
    for each in SITUATIONS
    if each.operation in (Operation.RESOLVE, Operation.CONNECT, Operation.SCHEDULE)
]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def _spec(place: Place, timeouts: Timeouts) -> SqlSpec:
    return SqlSpec(
        Dialect.SQLSERVER,
        place.host,
        username="constat",
        port=place.port,
        tls=place.tls,
        timeouts=timeouts,
    )


SPEC = _spec(Place(1), Timeouts())


async def test_a_server_that_answers_as_expected_is_up() -> None:
    async with serving(sqlserver(SqlServer())) as port:
        seen = await run(SQL, replace(SPEC, port=port, expect=1))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{port}")
    assert seen.version == "16.0.4131"


async def test_all_is_said_inside_tls(tmp_path: Path) -> None:
    context = authority().server(tmp_path)
    async with serving(sqlserver(SqlServer(encryption=1), context)) as port:
        tls = Tls(ca_file=authority().write(tmp_path))
        seen = await run(SQL, replace(SPEC, port=port, tls=tls, expect=1))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{port}")
    assert seen.phases.tls_us is not None


async def test_a_database_that_only_reads_is_degraded_where_a_primary_is_wanted() -> None:
    async with serving(sqlserver(SqlServer(read_only=True))) as port:
        seen = await run(SQL, replace(SPEC, port=port))
        content = await run(SQL, replace(SPEC, port=port, role=Role.ANY))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail == f"from 127.0.0.1:{port}: the database is read-only"
    assert content.outcome is Outcome.UP


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (18456, Failure.AUTHENTICATION_FAILED),
        (18486, Failure.AUTHENTICATION_FAILED),
        (916, Failure.AUTHENTICATION_FAILED),
        (4060, Failure.NOT_SERVING),
        (983, Failure.NOT_SERVING),
        (17142, Failure.NOT_SERVING),  # the service is paused: in no table
    ],
)
async def test_a_refused_login_is_told_by_its_number(number: int, failure: Failure) -> None:
    async with serving(sqlserver(SqlServer(login_error=number))) as port:
        seen = await run(SQL, replace(SPEC, port=port))

    assert (seen.failure, seen.operation) == (failure, Operation.NEGOTIATE)
    assert seen.detail == f"error {number}"


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (208, Failure.QUERY_FAILED),
        (229, Failure.QUERY_FAILED),
        (1222, Failure.TIMEOUT),
        (6005, Failure.NOT_SERVING),
    ],
)
async def test_a_refused_question_is_told_by_its_number(number: int, failure: Failure) -> None:
    async with serving(sqlserver(SqlServer(question_error=number))) as port:
        seen = await run(SQL, replace(SPEC, port=port))

    assert (seen.failure, seen.operation) == (failure, Operation.FIRST_BYTE)
    assert seen.detail == f"error {number}"
    assert PATIENT not in repr(seen)


async def test_a_server_that_sends_elsewhere_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dial(*_: object) -> None:
        raise AssertionError

    async with serving(sqlserver(SqlServer(route=True))) as port:
        monkeypatch.setattr("socket.create_connection", dial)
        seen = await run(SQL, replace(SPEC, port=port))

    assert (seen.failure, seen.operation) == (Failure.NOT_SERVING, Operation.NEGOTIATE)
    assert seen.detail == "it sends its guests to another server"


@pytest.mark.parametrize("encryption", [0, 2])
async def test_a_server_that_does_not_encrypt_a_session_offers_no_tls(encryption: int) -> None:
    async with serving(sqlserver(SqlServer(encryption=encryption))) as port:
        seen = await run(SQL, replace(SPEC, port=port, tls=Tls()))

    assert (seen.failure, seen.operation) == (Failure.TLS_NOT_OFFERED, Operation.NEGOTIATE)


async def test_a_server_that_demands_tls_says_so() -> None:
    async with serving(sqlserver(SqlServer(encryption=3))) as port:
        seen = await run(SQL, replace(SPEC, port=port))

    assert seen.failure is Failure.AUTHENTICATION_FAILED
    assert seen.detail == "it lets nobody in without TLS: give tls"


def _secured(world: World, context: ssl.SSLContext, name: str = "") -> tuple[Talk, Tls]:
    tls = Tls(world.trusted().ca_file, server_name=name)
    return sqlserver(SqlServer(encryption=1), context), tls


@meets(Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)
async def its_authority_is_unknown(world: World) -> AsyncIterator[Place]:
    talk, tls = _secured(world, authority("Stranger").server(world.folder))
    async with serving(talk) as port:
        yield Place(port, tls=tls)


@meets(Failure.CERTIFICATE_NAME_MISMATCH, Operation.TLS)
async def its_certificate_is_for_another_name(world: World) -> AsyncIterator[Place]:
    talk, tls = _secured(world, authority().server(world.folder), "dpi.example")
    async with serving(talk) as port:
        yield Place(port, tls=tls)


@meets(Failure.CONNECTION_CLOSED, Operation.TLS)
async def it_closes_in_the_handshake(world: World) -> AsyncIterator[Place]:
    async with serving(_saying(reply(prelogin(1)), b"")) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.PROTOCOL_ERROR, Operation.TLS)
async def it_does_not_shake_hands(world: World) -> AsyncIterator[Place]:
    async with serving(_saying(reply(prelogin(1)), reply(b"no"))) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"")) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_in_a_packet(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(reply(prelogin(2))[:11])) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_at_the_login(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(reply(prelogin(2)), b"")) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_at_the_login(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(reply(prelogin(2)))
        await reader.read(65_536)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"", stay=True)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def another_service_answers(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"HTTP/1.1 400 Bad Request\r\n\r\n", stay=True)) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(SQL, _spec(place, situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(reply, st.binary(max_size=60)),
            st.just(reply(prelogin(2))),
        ),
        min_size=1,
        max_size=4,
    )
)
async def test_no_nonsense_is_ever_up_nor_an_error(pieces: list[bytes]) -> None:
    async with serving(_saying(*pieces)) as port:
        seen = await run(SQL, _spec(Place(port), Timeouts(negotiate_ms=100, first_byte_ms=100)))

    assert seen.outcome not in (Outcome.UP, Outcome.DEGRADED)


def _saying(*pieces: bytes, stay: bool = False) -> Talk:
    """Return a server that says one thing each time it hears something."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await reader.read(65_536)
            writer.write(piece)
            await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk
