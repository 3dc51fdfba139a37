"""What a sql probe says of Debian's MariaDB, and of what answers in its place."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.sql_target import Dialect, Role, SqlSpec
from probes.model.target import Timeouts, Tls
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.mariadb import PASSWORD, administer, mariadb
from tests.servers.web import PATIENT

SQL = kinds()["sql"]
# Until it is connected: MySQL speaks first, and only then of TLS.
BEFORE = [
    each
    for each in SITUATIONS
    if each.operation in (Operation.RESOLVE, Operation.CONNECT, Operation.SCHEDULE)
]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with mariadb(tmp_path_factory.mktemp("mariadb")) as started:
        yield started


@pytest.fixture
def spec(port: int, tmp_path: Path) -> SqlSpec:
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n", "utf-8")
    return SqlSpec(
        Dialect.MYSQL,
        "127.0.0.1",
        username="constat",
        port=port,
        database="dpi",
        password_file=str(password),
    )


@pytest.mark.servers
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"statement": "SELECT 'ouvert'", "expect": "ouvert"},
        {"statement": "SELECT true", "expect": True},
        {"statement": "SELECT 1.50", "expect": "1.50"},
        {"statement": "SELECT x'c3a9'", "expect": "é"},
        {"statement": "SHOW TABLES", "expect": "patient"},
        {"statement": "WITH a AS (SELECT 3 AS b) SELECT b FROM a", "expect": 3},
        {"statement": "SELECT name FROM patient", "min_rows": 2, "max_rows": 2},
        {"statement": "SELECT 1 FROM patient WHERE false", "min_rows": 0, "max_rows": 0},
    ],
)
async def test_a_server_that_answers_as_expected_is_up(
    spec: SqlSpec, asked: dict[str, Any]
) -> None:
    seen = await run(SQL, replace(spec, **asked))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{spec.port}")
    assert re.match(r"1\d\.\d+\.\d+-MariaDB", str(seen.version))


@pytest.mark.servers
@pytest.mark.parametrize(
    ("changed", "failure", "operation", "detail"),
    [
        (
            {"username": "nobody"},
            Failure.AUTHENTICATION_FAILED,
            Operation.NEGOTIATE,
            "error 1045",
        ),
        ({"username": "locked"}, Failure.AUTHENTICATION_FAILED, Operation.NEGOTIATE, "error 4151"),
        ({"username": "inside"}, Failure.AUTHENTICATION_FAILED, Operation.NEGOTIATE, "error 1045"),
        ({"database": "mysql"}, Failure.AUTHENTICATION_FAILED, Operation.NEGOTIATE, "error 1044"),
        ({"statement": "SELECT a"}, Failure.QUERY_FAILED, Operation.FIRST_BYTE, "error 1054"),
        (
            {"statement": "SELECT name FROM patient", "expect": "x"},
            Failure.UNEXPECTED_VALUE,
            Operation.ASSERT,
            "the first value is not 'x'",
        ),
        (
            {"statement": "SELECT name FROM patient", "max_rows": 1},
            Failure.UNEXPECTED_VALUE,
            Operation.ASSERT,
            "expected at most 1 rows, got more",
        ),
        (
            {"statement": "SELECT sleep(600)", "timeouts": Timeouts(first_byte_ms=200)},
            Failure.TIMEOUT,
            Operation.FIRST_BYTE,
            "not over within 200 ms",
        ),
    ],
)
async def test_what_is_wrong_is_told_without_a_word_of_the_servers(
    spec: SqlSpec, changed: dict[str, Any], failure: Failure, operation: Operation, detail: str
) -> None:
    seen = await run(SQL, replace(spec, **changed))

    assert (seen.failure, seen.operation) == (failure, operation)
    assert seen.detail.endswith(detail)
    assert PATIENT not in repr(seen)


@pytest.mark.servers
async def test_a_database_that_is_not_there_serves_nobody(spec: SqlSpec, port: int) -> None:
    administer(port, "GRANT SELECT ON gone.* TO constat@'127.0.0.1'")

    seen = await run(SQL, replace(spec, database="gone"))

    assert (seen.failure, seen.detail) == (Failure.NOT_SERVING, "error 1049")


@pytest.mark.servers
async def test_a_server_with_no_connection_left_serves_nobody(spec: SqlSpec, port: int) -> None:
    administer(port, "ALTER USER constat@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
    guest = pymysql.connect(host="127.0.0.1", port=port, user="constat", password=PASSWORD.encode())
    with closing(guest):
        seen = await run(SQL, spec)
    administer(port, "ALTER USER constat@'127.0.0.1' WITH MAX_USER_CONNECTIONS 0")

    assert (seen.failure, seen.detail) == (Failure.NOT_SERVING, "error 1226")


@pytest.mark.servers
async def test_a_server_that_only_reads_is_degraded_where_a_primary_is_wanted(
    spec: SqlSpec, port: int
) -> None:
    administer(port, "SET GLOBAL read_only = 1")
    try:
        seen = await run(SQL, spec)
        content = await run(SQL, replace(spec, role=Role.ANY))
    finally:
        administer(port, "SET GLOBAL read_only = 0")

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail == f"from 127.0.0.1:{port}: the server is read-only"
    assert content.outcome is Outcome.UP


@pytest.mark.servers
async def test_a_statement_runs_where_nothing_can_be_written(spec: SqlSpec, port: int) -> None:
    administer(port, "CREATE OR REPLACE SEQUENCE dpi.counter")
    administer(port, "GRANT ALL ON dpi.* TO constat@'127.0.0.1'")

    seen = await run(SQL, replace(spec, statement="SELECT nextval(counter)"))

    assert (seen.failure, seen.detail) == (Failure.QUERY_FAILED, "error 1792")


@pytest.mark.servers
async def test_the_server_ends_what_takes_too_long(spec: SqlSpec, port: int) -> None:
    slow = "SELECT benchmark(1000000000000, md5(1))"
    limits = Timeouts(first_byte_ms=200)

    seen = await run(SQL, replace(spec, statement=slow, timeouts=limits))

    assert seen.failure is Failure.TIMEOUT
    while administer(port, _COUNTING):
        pass


@pytest.mark.servers
@pytest.mark.parametrize(
    ("server_name", "failure"),
    [("", None), ("dpi.example", Failure.CERTIFICATE_NAME_MISMATCH)],
)
async def test_the_server_proves_its_name_inside_tls(
    spec: SqlSpec, tmp_path: Path, server_name: str, failure: Failure | None
) -> None:
    tls = Tls(ca_file=authority().write(tmp_path), server_name=server_name)

    seen = await run(SQL, replace(spec, tls=tls, username="inside", database=""))

    assert seen.failure is failure
    assert seen.phases.tls_us is not None


@pytest.mark.servers
async def test_a_server_whose_authority_is_unknown_is_not_trusted(spec: SqlSpec) -> None:
    seen = await run(SQL, replace(spec, tls=Tls()))

    assert (seen.failure, seen.operation) == (Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)


def packet(number: int, content: bytes) -> bytes:
    """Return a packet of MySQL."""
    return len(content).to_bytes(3, "little") + bytes([number]) + content


def error(number: int, code: int) -> bytes:
    """Return an error of the server."""
    return packet(number, b"\xff" + code.to_bytes(2, "little") + f"#08004{PATIENT}".encode())


# Protocol 10, version, thread, salt, capabilities (4.1, connection with a database), more salt.
GREETING = packet(
    0,
    b"\x0a8.0.36\0" + bytes(4) + b"saltsalt\0" + b"\xff\xf7" + b"\x21\x02\0" + b"\x0f\x80"
    b"\x15" + bytes(10) + b"saltsaltsalt\0" + b"mysql_native_password\0",
)
OK = packet(2, b"\0\0\0\x02\0\0\0")


def saying(*pieces: bytes, stay: bool = False) -> Talk:
    """Return a server that says one thing, and then one each time it hears something."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await reader.read(65_536)
        if stay:
            await fall_silent(reader)

    return talk


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(saying(stay=True)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(saying()) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_when_it_is_told_who_asks(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.read(65_536)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_in_its_greeting(_: World) -> AsyncIterator[Place]:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING[:9])

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def another_service_answers(_: World) -> AsyncIterator[Place]:
    async with serving(saying(packet(0, f"SSH-2.0-{PATIENT}".encode()), stay=True)) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def it_has_no_connection_left(_: World) -> AsyncIterator[Place]:
    async with serving(saying(error(0, 1040))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.NEGOTIATE)
async def it_shuts_down(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, error(2, 1053))) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.NEGOTIATE)
async def it_refuses_the_account(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, error(2, 1045))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.FIRST_BYTE)
async def it_refuses_the_question(_: World) -> AsyncIterator[Place]:
    settings_taken = packet(1, OK[4:])
    async with serving(saying(GREETING, OK, settings_taken, error(1, 1227))) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=30)
async def it_lets_in_and_falls_silent(_: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, OK, packet(1, OK[4:]), stay=True)) as port:
        yield Place(port)


@meets(Failure.TLS_NOT_OFFERED, Operation.NEGOTIATE)
async def it_speaks_no_tls(world: World) -> AsyncIterator[Place]:
    async with serving(saying(GREETING, stay=True)) as port:
        yield Place(port, tls=world.trusted())


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(SQL, _spec(place, situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


async def test_a_driver_that_waits_for_ever_ends_with_its_probe() -> None:
    before = _threads()
    async with serving(saying(stay=True)) as port:
        for _ in range(5):
            await run(SQL, _spec(Place(port), Timeouts(negotiate_ms=10)))

        while _threads() > before:
            pass


def _threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(packet, st.integers(0, 3), st.binary(max_size=60)),
            st.sampled_from([GREETING, OK]),
        ),
        min_size=1,
        max_size=4,
    )
)
async def test_no_nonsense_is_ever_up_nor_an_error(pieces: list[bytes]) -> None:
    async with serving(saying(*pieces)) as port:
        seen = await run(SQL, _spec(Place(port), Timeouts(negotiate_ms=100, first_byte_ms=100)))

    assert seen.outcome not in (Outcome.UP, Outcome.DEGRADED)


def _spec(place: Place, timeouts: Timeouts) -> SqlSpec:
    return SqlSpec(
        Dialect.MYSQL,
        place.host,
        username="constat",
        port=place.port,
        tls=place.tls,
        timeouts=timeouts,
    )


_COUNTING = "SELECT count(*) - 1 FROM information_schema.processlist WHERE info LIKE '%benchmark%'"
