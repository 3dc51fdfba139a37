"""The sql probe: logs in, asks one question in a session that only reads, and compares.

What a row holds is compared and forgotten: the detail of an observation names what was expected,
the server's state and the code of its error, never its words.
"""

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, Final, TypeAlias

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.kind import Kind, host_and_port, package
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.sql_target import Dialect, Role, SqlSpec
from probes.sql_session import Shown
from probes.version import shown_version

PRODUCES: Final = transport.PRODUCES | {
    Failure.TLS_NOT_OFFERED,
    Failure.PROTOCOL_ERROR,
    Failure.AUTHENTICATION_FAILED,
    Failure.NOT_SERVING,
    Failure.QUERY_FAILED,
    Failure.UNEXPECTED_VALUE,
}

_Ask: TypeAlias = Callable[[SqlSpec, Attempt], Coroutine[Any, Any, Shown]]


async def probe(spec: SqlSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a database once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    ask: _Ask = import_module(f"probes.sql_{spec.dialect}").ask
    try:
        async with attempt:
            seen = await ask(spec, attempt)
    except ProbeError as error:
        return attempt.failed(error)
    version = shown_version(seen.version)
    if flaw := _flaw(spec, seen):
        detail = f"from {seen.peer}: {flaw}"
        return Observation.failed(
            Failure.UNEXPECTED_VALUE,
            Operation.ASSERT,
            detail,
            version=version,
            phases=attempt.phases,
        )
    standing = seen.standing if spec.role is Role.PRIMARY else ""
    reason = standing or slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if reason else Outcome.UP
    detail = f"from {seen.peer}: {reason}" if reason else f"from {seen.peer}"
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


def _flaw(spec: SqlSpec, seen: Shown) -> str:
    """Return what the rows are not, in the words of the check; nothing when they are as expected.

    They were read up to one more than may come: their true number is not known.
    """
    if seen.rows < spec.min_rows:
        return f"{seen.rows} rows, expected at least {spec.min_rows}"
    if spec.max_rows is not None and seen.rows > spec.max_rows:
        return f"expected at most {spec.max_rows} rows, got more"
    if spec.expect is not None and not _is(seen.value, spec.expect):
        return f"the first value is not {spec.expect!r}"
    return ""


def _is(value: object, expected: bool | int | str) -> bool:
    """Return whether a value is the one expected; a text is compared with what a person would read.

    MySQL and Oracle have no booleans of their own: there, true is 1.
    """
    if isinstance(expected, str):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        return text == expected
    return not isinstance(value, str) and value == expected


def _lacking(spec: SqlSpec) -> str:
    return package(*_DRIVERS[spec.dialect])(spec)


# The module of each driver, and the extra that brings it.
_DRIVERS: Final = {
    Dialect.POSTGRESQL: ("asyncpg", "sql"),
    Dialect.MYSQL: ("pymysql", "mysql"),
    Dialect.SQLSERVER: ("pytds", "sqlserver"),
    Dialect.ORACLE: ("oracledb", "oracle"),
}

KIND: Final = Kind(
    "sql",
    SqlSpec,
    probe,
    PRODUCES,
    host_and_port(),
    "dpi-db.example:5432 -o dialect=postgresql -o username=constat -o password_file=pw",
    _lacking,
)
