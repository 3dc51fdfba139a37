"""A session with MySQL or MariaDB, by PyMySQL in a thread over a socket that we dialled."""

import socket
import ssl
from typing import Any, Final

from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.model.sql_target import SqlSpec
from probes.model.target import ascii_host
from probes.secret import read_secret
from probes.sql_session import (
    UNREADABLE,
    Shown,
    Step,
    cause_of,
    in_own_thread,
    shown,
    unreadable_answer,
)
from probes.transport import dial, trusting


async def ask(spec: SqlSpec, attempt: Attempt) -> Shown:
    """Return what a session shows; `ProbeError` says why there was none."""
    import pymysql.cursors  # noqa: PLC0415 - an agent pays for the drivers it uses

    context = trusting(spec.tls) if spec.tls else None
    password = read_secret(spec.password_file) if spec.password_file else ""
    connection = await dial(spec.target, None, attempt)
    attempt.begin(Operation.NEGOTIATE)

    def talk(dialled: socket.socket, step: Step) -> Shown:
        session = _session(spec, password, context, step)
        session.connect(dialled)
        try:
            step(Operation.FIRST_BYTE)
            return _converse(session, spec, attempt, connection.peer)
        finally:
            session._force_close()  # noqa: SLF001 - close() would wait for a farewell to be sent

    try:
        return await in_own_thread(connection, attempt, talk)
    except pymysql.Error as error:
        raise _failure(error, attempt.operation) from None
    except UNREADABLE as error:
        raise unreadable_answer(error) from None


def _session(spec: SqlSpec, password: str, context: ssl.SSLContext | None, step: Step) -> Any:  # noqa: ANN401 - what is asked of it here its stubs do not know
    import pymysql  # noqa: PLC0415 - as above

    session: Any = pymysql.Connection(
        user=spec.username,
        password=password.encode(),  # a text it would take for Latin-1
        database=spec.database or None,
        charset="utf8mb4",
        autocommit=None,
        ssl=context,
        ssl_disabled=context is None,
        program_name="constat-agent",
        defer_connect=True,
    )
    if context is not None:
        name = (spec.tls.server_name if spec.tls else "") or spec.host
        session.ctx = _Handshake(context, ascii_host(name), step)
    return session


def _converse(session: Any, spec: SqlSpec, attempt: Attempt, peer: str) -> Shown:  # noqa: ANN401
    import pymysql.cursors  # noqa: PLC0415 - as above

    # What MariaDB put before its version so that replicas of MySQL 5 took it for one of theirs.
    version = str(session.get_server_info()).removeprefix("5.5.5-")
    limit_ms = max(1, attempt.left_us() // 1_000)
    cursor = session.cursor(pymysql.cursors.SSCursor)
    cursor.execute("SELECT @@global.read_only, @@global.innodb_read_only")
    standing = _standing(cursor.fetchall())
    if "mariadb" in version.lower():
        cursor.execute(f"SET SESSION max_statement_time = {limit_ms / 1_000}")
    else:
        cursor.execute(f"SET SESSION max_execution_time = {limit_ms}")
    cursor.execute(f"SET SESSION sql_select_limit = {spec.most_rows}")
    cursor.execute("START TRANSACTION READ ONLY")
    cursor.execute(spec.question)
    rows = list(cursor.fetchmany(spec.most_rows))
    return shown(peer, version, standing, rows)


def _standing(rows: Any) -> str:  # noqa: ANN401 - as the driver has them
    # A server may be `ON` in words, or one of several ways of being read-only (MariaDB 12).
    flags = {str(value).upper() for value in rows[0]}
    return "" if flags <= {"0", "OFF", "NONE"} else "the server is read-only"


class _Handshake:
    """What PyMySQL takes for a context: it shakes hands for our name, and says when."""

    def __init__(self, context: ssl.SSLContext, name: str, step: Step) -> None:
        self._context = context
        self._name = name
        self._step = step

    def wrap_socket(self, plain: socket.socket, **_: object) -> ssl.SSLSocket:
        self._step(Operation.TLS)
        secured = self._context.wrap_socket(plain, server_hostname=self._name)
        self._step(Operation.NEGOTIATE)
        return secured


def _failure(error: Exception, operation: Operation) -> ProbeError:
    """Return what an error of PyMySQL means: of the system, of the driver or of the server."""
    if (cause := cause_of(error)) is not None and cause.errno is not None:
        raise cause
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code == _LOST:
        return ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered")
    if code == _NO_TLS:
        return ProbeError(Failure.TLS_NOT_OFFERED, "it does not speak TLS", Operation.NEGOTIATE)
    if not code or code in _OF_CLIENT:
        return ProbeError(Failure.PROTOCOL_ERROR, "what came is not of the protocol of MySQL")
    unknown = Failure.NOT_SERVING if operation is Operation.NEGOTIATE else Failure.QUERY_FAILED
    return ProbeError(_MEANINGS.get(code, unknown), f"error {code}")


_OF_CLIENT: Final = range(2_000, 3_000)
_LOST: Final = 2_013
_NO_TLS: Final = 2_026
# Of MySQL's server error reference, and MariaDB's where they differ.
_MEANINGS: Final = {
    1044: Failure.AUTHENTICATION_FAILED,  # no right to the database
    1045: Failure.AUTHENTICATION_FAILED,
    1130: Failure.AUTHENTICATION_FAILED,  # not from this host
    1251: Failure.AUTHENTICATION_FAILED,
    1698: Failure.AUTHENTICATION_FAILED,
    1820: Failure.AUTHENTICATION_FAILED,  # the password must be changed first
    1862: Failure.AUTHENTICATION_FAILED,  # the password has expired
    3118: Failure.AUTHENTICATION_FAILED,  # the account is locked
    3159: Failure.AUTHENTICATION_FAILED,  # not without TLS
    4151: Failure.AUTHENTICATION_FAILED,  # the account is locked (MariaDB)
    1040: Failure.NOT_SERVING,  # too many connections
    1049: Failure.NOT_SERVING,  # there is no such database
    1053: Failure.NOT_SERVING,  # it is shutting down
    1129: Failure.NOT_SERVING,  # this host is blocked
    1203: Failure.NOT_SERVING,  # too many connections of this account
    1226: Failure.NOT_SERVING,
    1317: Failure.TIMEOUT,  # the statement was interrupted
    1969: Failure.TIMEOUT,  # max_statement_time (MariaDB)
    3024: Failure.TIMEOUT,  # max_execution_time (MySQL)
    1927: Failure.NOT_SERVING,  # the session was killed (MariaDB)
}
