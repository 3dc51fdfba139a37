"""A session with SQL Server, by python-tds in a thread over a socket that we dialled."""

import socket
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
from probes.tds_tunnel import Tunnel, agree
from probes.transport import dial, trusting


async def ask(spec: SqlSpec, attempt: Attempt) -> Shown:
    """Return what a session shows; `ProbeError` says why there was none."""
    import pytds  # noqa: PLC0415 - an agent pays for the drivers it uses

    context = trusting(spec.tls) if spec.tls else None
    password = read_secret(spec.password_file) if spec.password_file else ""
    connection = await dial(spec.target, None, attempt)
    attempt.begin(Operation.NEGOTIATE)

    def talk(dialled: socket.socket, step: Step) -> Shown:
        agreed = agree(dialled, encrypted=context is not None)
        tunnel = Tunnel(dialled)
        if context is not None:
            name = (spec.tls.server_name if spec.tls else "") or spec.host
            tunnel.shake_hands(context, ascii_host(name), step)
        session = _log_in(spec, password, tunnel)
        step(Operation.FIRST_BYTE)
        rows, standing = _converse(session, spec, attempt)
        return shown(connection.peer, agreed.version, standing, rows)

    try:
        return await in_own_thread(connection, attempt, talk)
    except OSError as error:
        raise _failure(error, attempt.operation) from None
    except pytds.Error as error:
        raise _failure(error, attempt.operation) from None
    except UNREADABLE as error:
        raise unreadable_answer(error) from None


def _log_in(spec: SqlSpec, password: str, tunnel: Tunnel) -> Any:  # noqa: ANN401 - it has no types
    import pytds  # noqa: PLC0415 - as above

    return pytds.connect(
        dsn=spec.target.host,
        port=spec.target.port,
        user=spec.username,
        password=password,
        database=spec.database or None,
        appname="constat-agent",
        sock=tunnel,
        login_timeout=-1,  # in the past: a login that failed is not tried again
        disable_connect_retry=True,
    )


def _converse(session: Any, spec: SqlSpec, attempt: Attempt) -> tuple[list[Any], str]:  # noqa: ANN401
    limit_ms = max(1, attempt.left_us() // 1_000)
    cursor = session.cursor()
    cursor.execute(_STATE)
    ((read_only,),) = cursor.fetchall()
    # The transaction that the session began is never committed.
    cursor.execute(f"SET LOCK_TIMEOUT {limit_ms}; SET ROWCOUNT {spec.most_rows}")
    cursor.execute(spec.question)
    rows = cursor.fetchmany(spec.most_rows)
    return rows, "the database is read-only" if read_only else ""


def _failure(error: Exception, operation: Operation) -> ProbeError:
    """Return what an error of python-tds means: of the tunnel, of the system or of the server."""
    import pytds  # noqa: PLC0415 - as above

    # What was not tried again is behind the error that says so.
    told = error.__cause__ if isinstance(error, TimeoutError) and error.__cause__ else error
    if isinstance(told, ProbeError):
        return told
    if isinstance(told, pytds.ClosedConnectionError):
        return ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered")
    if (cause := cause_of(told)) is not None:
        raise cause
    number = getattr(told, "number", 0) or getattr(told, "msg_no", 0)
    if not number:
        return unreadable_answer(error)
    unknown = Failure.NOT_SERVING if operation is Operation.NEGOTIATE else Failure.QUERY_FAILED
    return ProbeError(_MEANINGS.get(number, unknown), f"error {number}")


# A replica that may only be read says the same of itself as a database that was set so.
_STATE: Final = (
    "SELECT CASE WHEN CONVERT(nvarchar(20), DATABASEPROPERTYEX(DB_NAME(), 'Updateability'))"
    " = N'READ_ONLY' THEN 1 ELSE 0 END"
)
# Of the Database Engine's errors (sys.messages), those that are not what they seem.
_MEANINGS: Final = {
    916: Failure.AUTHENTICATION_FAILED,  # no right to the database
    18452: Failure.AUTHENTICATION_FAILED,
    18456: Failure.AUTHENTICATION_FAILED,
    18470: Failure.AUTHENTICATION_FAILED,  # the account is disabled
    18486: Failure.AUTHENTICATION_FAILED,  # … locked
    18487: Failure.AUTHENTICATION_FAILED,  # its password has expired
    18488: Failure.AUTHENTICATION_FAILED,  # … must be changed
    1222: Failure.TIMEOUT,  # a lock was waited for
    922: Failure.NOT_SERVING,  # the database is being recovered
    927: Failure.NOT_SERVING,  # … restored
    942: Failure.NOT_SERVING,  # … is offline
    945: Failure.NOT_SERVING,  # … cannot be opened
    976: Failure.NOT_SERVING,  # the replica does not let anyone read
    978: Failure.NOT_SERVING,
    983: Failure.NOT_SERVING,  # … has no role now
    4060: Failure.NOT_SERVING,  # the database cannot be opened
    6005: Failure.NOT_SERVING,  # it is shutting down
}
