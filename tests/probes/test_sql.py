"""What a sql probe says of a real PostgreSQL, in every state it can be brought into."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.sql_target import Dialect, Role, SqlSpec
from probes.model.target import Timeouts, Tls
from probes.registry import kinds
from tests.postgres import do, in_own_loop
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.certificates import authority
from tests.servers.postgresql import PASSWORD, SUPERUSER, Cluster, Postgres, cluster, front
from tests.servers.web import PATIENT

SQL = kinds()["sql"]


@pytest.fixture(scope="module")
def stopped() -> Iterator[Cluster]:
    """A cluster that nobody serves: it is to be copied."""
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def server(stopped: Cluster) -> Iterator[Postgres]:
    with stopped.copy(stopped.folder.with_name("primary")).serving() as started:
        in_own_loop(do(started.dsn, _WORLD))
        in_own_loop(do(started.dsn, "CREATE DATABASE closed"))
        in_own_loop(do(started.dsn, "REVOKE CONNECT ON DATABASE closed FROM public"))
        yield started


@pytest.fixture
def spec(server: Postgres, tmp_path: Path) -> SqlSpec:
    return _spec(server.port, tmp_path)


def _spec(port: int, folder: Path) -> SqlSpec:
    password = folder / "password"
    password.write_text(f"{PASSWORD}\n", "utf-8")
    return SqlSpec(
        Dialect.POSTGRESQL,
        "127.0.0.1",
        username=SUPERUSER,
        port=port,
        database="postgres",
        password_file=str(password),
    )


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"statement": "select 1;", "expect": 1},
        {"statement": "SELECT 'ouvert'", "expect": "ouvert"},
        {"statement": "SELECT true", "expect": True},
        {"statement": "SELECT 1.50", "expect": "1.50"},
        {"statement": "SELECT 2.0", "expect": 2},
        {"statement": "SHOW server_encoding", "expect": "UTF8"},
        {"statement": "VALUES (1), (2)", "min_rows": 2, "max_rows": 2},
        {"statement": "WITH a AS (SELECT 3 AS b) SELECT b FROM a", "expect": 3},
        {"statement": "SELECT 1 WHERE false", "min_rows": 0, "max_rows": 0},
        {"statement": "SELECT name FROM patient", "min_rows": 2},
    ],
)
async def test_a_server_that_answers_as_expected_is_up(
    spec: SqlSpec, asked: dict[str, Any]
) -> None:
    seen = await run(SQL, replace(spec, **asked))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{spec.port}")
    assert seen.version is not None
    assert seen.version.startswith("18.")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"expect": 2}, "the first value is not 2"),
        ({"expect": "2"}, "the first value is not '2'"),
        ({"statement": "SELECT name FROM patient", "expect": "x"}, "the first value is not 'x'"),
        ({"statement": "SELECT '1'", "expect": 1}, "the first value is not 1"),
        ({"statement": "SELECT NULL", "expect": 1}, "the first value is not 1"),
        ({"statement": "SELECT 1 WHERE false"}, "0 rows, expected at least 1"),
        ({"statement": "SELECT 1 WHERE false", "expect": 1}, "0 rows, expected at least 1"),
        ({"statement": "SELECT name FROM patient", "min_rows": 3}, "2 rows, expected at least 3"),
        (
            {"statement": "SELECT name FROM patient", "max_rows": 1},
            "expected at most 1 rows, got more",
        ),
    ],
)
async def test_what_is_not_expected_is_told_in_the_words_of_the_check(
    spec: SqlSpec, asked: dict[str, Any], reason: str
) -> None:
    seen = await run(SQL, replace(spec, **asked))

    assert (seen.failure, seen.operation) == (Failure.UNEXPECTED_VALUE, Operation.ASSERT)
    assert seen.detail == f"from 127.0.0.1:{spec.port}: {reason}"
    assert PATIENT not in repr(seen)


@pytest.mark.parametrize(
    ("changed", "failure", "operation", "detail"),
    [
        (
            {"username": "nobody"},
            Failure.AUTHENTICATION_FAILED,
            Operation.NEGOTIATE,
            "SQLSTATE 28P01: invalid password",
        ),
        (
            {"username": "locked"},
            Failure.AUTHENTICATION_FAILED,
            Operation.NEGOTIATE,
            "SQLSTATE 28000: invalid authorization specification",
        ),
        (
            {"username": "reader", "database": "closed"},
            Failure.AUTHENTICATION_FAILED,
            Operation.NEGOTIATE,
            "SQLSTATE 42501: insufficient privilege",
        ),
        (
            {"database": "gone"},
            Failure.NOT_SERVING,
            Operation.NEGOTIATE,
            "SQLSTATE 3D000: invalid catalog name",
        ),
        (
            {"username": "crowded"},
            Failure.NOT_SERVING,
            Operation.NEGOTIATE,
            "SQLSTATE 53300: too many connections",
        ),
        (
            {"statement": "SELECT dose FROM patient"},
            Failure.QUERY_FAILED,
            Operation.FIRST_BYTE,
            "SQLSTATE 42703: undefined column",
        ),
        (
            {"username": "reader", "statement": "SELECT name FROM patient"},
            Failure.QUERY_FAILED,
            Operation.FIRST_BYTE,
            "SQLSTATE 42501: insufficient privilege",
        ),
        (
            {"statement": "SELECT name::int FROM patient"},
            Failure.QUERY_FAILED,
            Operation.FIRST_BYTE,
            "SQLSTATE 22P02: invalid text representation",
        ),
        (
            {"statement": "SELECT nextval('counter')"},
            Failure.QUERY_FAILED,
            Operation.FIRST_BYTE,
            "SQLSTATE 25006: read only sql transaction",
        ),
        (
            {"statement": "SELECT pg_terminate_backend(pg_backend_pid())"},
            Failure.NOT_SERVING,
            Operation.FIRST_BYTE,
            "SQLSTATE 57P01: admin shutdown",
        ),
    ],
)
async def test_what_the_server_refuses_is_told_by_its_code_alone(
    spec: SqlSpec, changed: dict[str, Any], failure: Failure, operation: Operation, detail: str
) -> None:
    seen = await run(SQL, replace(spec, **changed))

    assert (seen.failure, seen.operation, seen.detail) == (failure, operation, detail)


async def test_a_wrong_password_is_refused(spec: SqlSpec) -> None:
    Path(spec.password_file).write_text("autre")

    seen = await run(SQL, spec)

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.AUTHENTICATION_FAILED)


async def test_the_environment_decides_nothing(
    spec: SqlSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
    monkeypatch.setenv("PGPORT", "1")

    assert (await run(SQL, spec)).outcome is Outcome.UP
    nobody_knows = replace(spec, password_file="")
    assert (await run(SQL, nobody_knows)).failure is Failure.AUTHENTICATION_FAILED


async def test_a_statement_that_takes_too_long_is_ended_by_both_sides(
    spec: SqlSpec, server: Postgres
) -> None:
    slow = replace(spec, statement="SELECT pg_sleep(600)", timeouts=Timeouts(first_byte_ms=200))

    seen = await run(SQL, slow)

    assert (seen.failure, seen.operation) == (Failure.TIMEOUT, Operation.FIRST_BYTE)
    connection = await asyncpg.connect(server.dsn)
    try:
        while await connection.fetchval(_SLEEPING):
            pass
    finally:
        await connection.close()


async def test_rows_without_end_are_not_read(spec: SqlSpec) -> None:
    endless = replace(spec, statement="SELECT generate_series(1, 10000000000)", expect=1)

    assert (await run(SQL, endless)).outcome is Outcome.UP


async def test_a_database_that_only_reads_is_degraded_where_a_primary_is_wanted(
    spec: SqlSpec,
) -> None:
    reader = replace(spec, username="archivist")

    seen = await run(SQL, reader)

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail == f"from 127.0.0.1:{spec.port}: transactions only read by default"
    assert (await run(SQL, replace(reader, role=Role.ANY))).outcome is Outcome.UP


async def test_a_slow_server_is_degraded(spec: SqlSpec) -> None:
    slow = replace(spec, degraded_after_ms=5)
    clock = ticking_clock(step_us=10_000)

    seen = await SQL.probe(slow, AMPLE_US, clock)

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


async def test_a_standby_is_degraded_where_a_primary_is_wanted(
    stopped: Cluster, tmp_path: Path
) -> None:
    with stopped.copy(stopped.folder.with_name("standby"), "standby.signal").serving() as standby:
        spec = _spec(standby.port, tmp_path)
        seen = await run(SQL, spec)
        content = await run(SQL, replace(spec, role=Role.ANY))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail == f"from 127.0.0.1:{spec.port}: the server is in recovery"
    assert content.outcome is Outcome.UP


async def test_a_server_that_only_recovers_serves_nobody(stopped: Cluster, tmp_path: Path) -> None:
    cold = stopped.copy(stopped.folder.with_name("cold"), "standby.signal")
    with cold.serving("standby", hot_standby="off") as standby:
        seen = await run(SQL, _spec(standby.port, tmp_path))

    assert (seen.failure, seen.operation) == (Failure.NOT_SERVING, Operation.NEGOTIATE)
    assert seen.detail == "SQLSTATE 57P03: cannot connect now"


async def test_a_server_that_shuts_down_serves_nobody(stopped: Cluster, tmp_path: Path) -> None:
    with stopped.copy(stopped.folder.with_name("closing")).serving() as closing:
        spec = _spec(closing.port, tmp_path)
        last_guest = await asyncpg.connect(closing.dsn)
        os.kill(closing.pid, signal.SIGTERM)  # it waits for its guests to go
        seen = await run(SQL, spec)
        while seen.outcome is Outcome.UP:  # the signal was not heard yet
            seen = await run(SQL, spec)
        await last_guest.close()

    assert (seen.failure, seen.detail) == (
        Failure.NOT_SERVING,
        "SQLSTATE 57P03: cannot connect now",
    )


async def test_the_server_proves_its_name_inside_tls(spec: SqlSpec, tmp_path: Path) -> None:
    async with front(spec.target.port, tls=authority().server(tmp_path)) as port:
        inside = replace(spec, port=port, tls=Tls(ca_file=authority().write(tmp_path)))
        seen = await run(SQL, inside)

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"from 127.0.0.1:{port}")
    assert seen.phases.tls_us is not None


async def test_a_server_without_tls_is_told_from_one_that_fails_at_it(spec: SqlSpec) -> None:
    seen = await run(SQL, replace(spec, tls=Tls()))

    assert (seen.failure, seen.operation) == (Failure.TLS_NOT_OFFERED, Operation.NEGOTIATE)


async def test_nothing_is_left_open(spec: SqlSpec) -> None:
    before = _descriptors()
    for each in (spec, replace(spec, database="gone"), replace(spec, expect=2)):
        await run(SQL, each)
    await asyncio.sleep(0)

    assert _descriptors() == before


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


_SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
_WORLD = f"""
    CREATE TABLE patient (name text);
    INSERT INTO patient VALUES ('{PATIENT}'), ('{PATIENT}');
    CREATE SEQUENCE counter;
    CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
    CREATE ROLE archivist LOGIN PASSWORD '{PASSWORD}';
    ALTER ROLE archivist SET default_transaction_read_only = on;
    CREATE ROLE locked NOLOGIN PASSWORD '{PASSWORD}';
    CREATE ROLE crowded LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 0;
"""
