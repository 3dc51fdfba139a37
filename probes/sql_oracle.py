"""A session with Oracle Database, by oracledb in its thin mode (no client of Oracle's).

oracledb dials by itself, without a way to be handed a connection: it is given addresses that we
resolved, one after the other. Connecting, the handshake and the login are one step to it, so they
are one here; which of them failed is told by the error.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from probes.attempt import Attempt, ProbeError, failure_of, reason_of
from probes.model.failure import Failure, Operation
from probes.model.sql_target import SqlSpec
from probes.model.target import Tls, ascii_host
from probes.secret import read_secret
from probes.sql_session import UNREADABLE, Shown, cause_of, shown, unreadable_answer
from probes.transport import Address, resolve, trusting

if TYPE_CHECKING:
    import oracledb


async def ask(spec: SqlSpec, attempt: Attempt) -> Shown:
    """Return what a session shows; `ProbeError` says why there was none."""
    import oracledb  # noqa: PLC0415 - an agent pays for the drivers it uses

    context = _naming(spec.tls, spec.host) if spec.tls else None
    password = read_secret(spec.password_file) if spec.password_file else ""
    addresses = await resolve(spec.target, attempt)
    attempt.begin(Operation.NEGOTIATE)
    try:
        session, peer = await _log_in_at(addresses, spec, password, context, attempt)
        seen = await _converse(session, spec, attempt, peer)
        await _let_go(session)
    except oracledb.Error as error:
        raise _failure(error, attempt.operation, inside_tls=context is not None) from None
    except OSError as error:
        raise _of_system(error, attempt.operation, inside_tls=context is not None) from None
    except UNREADABLE as error:
        raise unreadable_answer(error) from None
    return seen


async def _log_in_at(
    addresses: list[Address],
    spec: SqlSpec,
    password: str,
    context: ssl.SSLContext | None,
    attempt: Attempt,
) -> "tuple[oracledb.AsyncConnection, str]":
    """Log in at the first address that answers, each with an equal share of the time."""
    import oracledb  # noqa: PLC0415 - as above

    for tried, address in enumerate(addresses):
        share_us = attempt.left_us() / (len(addresses) - tried)
        try:
            async with asyncio.timeout(share_us / 1e6):
                return await _log_in(address, spec, password, context), str(address)
        except (oracledb.Error, TimeoutError) as error:
            cause = cause_of(error)
            if tried + 1 == len(addresses) or cause is None or isinstance(cause, ssl.SSLError):
                raise
    raise ProbeError(Failure.NAME_NOT_FOUND, "the name has no address")


async def _log_in(
    address: Address, spec: SqlSpec, password: str, context: ssl.SSLContext | None
) -> "oracledb.AsyncConnection":
    import oracledb  # noqa: PLC0415 - as above

    session: oracledb.AsyncConnection = await oracledb.connect_async(
        user=spec.username,
        password=password,
        host=str(address.place[0]),
        port=spec.target.port,
        service_name=spec.database,
        protocol="tcp" if context is None else "tcps",
        ssl_context=context,
        ssl_server_dn_match=False,  # the context verifies the name
        retry_count=0,
        tcp_connect_timeout=spec.timeouts.connect_ms / 1_000,
        program="constat-agent",
    )
    return session


async def _converse(
    session: "oracledb.AsyncConnection", spec: SqlSpec, attempt: Attempt, peer: str
) -> Shown:
    attempt.begin(Operation.FIRST_BYTE)
    session.call_timeout = max(1, attempt.left_us() // 1_000)
    with session.cursor() as cursor:
        cursor.arraysize = cursor.prefetchrows = spec.most_rows
        standing = await _standing(cursor)
        await cursor.execute("SET TRANSACTION READ ONLY")
        await cursor.execute(spec.question)
        rows = await cursor.fetchmany(spec.most_rows)
    return shown(peer, session.version, standing, rows)


async def _standing(cursor: Any) -> str:  # noqa: ANN401 - its types say too little
    """Return why a database is not all it might be, as far as the account may know."""
    import oracledb  # noqa: PLC0415 - as above

    await cursor.execute("SELECT sys_context('USERENV', 'DATABASE_ROLE') FROM dual")
    (role,) = await cursor.fetchone()
    if role != "PRIMARY":
        return "the database is a standby"
    try:
        await cursor.execute("SELECT open_mode FROM v$database")
    except oracledb.DatabaseError as error:
        if not _codes(error) & _NOT_TO_KNOW:
            raise
        return ""
    (mode,) = await cursor.fetchone()
    return "the database is read-only" if str(mode).startswith("READ ONLY") else ""


async def _let_go(session: "oracledb.AsyncConnection") -> None:
    """Take leave, for a moment: what is then left of a session is dropped with it."""
    import oracledb  # noqa: PLC0415 - as above

    with suppress(oracledb.Error, OSError):
        async with asyncio.timeout(_FAREWELL_S):
            await session.close()


class _Naming(ssl.SSLContext):
    """Verifies one name: oracledb takes that out of the context that it is given."""

    name: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Begin a handshake for our name, whichever is asked for."""
        del server_hostname
        self.check_hostname = True
        return super().wrap_bio(incoming, outgoing, server_side, self.name, session)


def _naming(tls: Tls, host: str) -> _Naming:
    """Return what trusts as other probes do; it is not theirs, since oracledb changes it."""
    trusted = trusting(tls)
    context = _Naming(ssl.PROTOCOL_TLS_CLIENT)
    context.name = ascii_host(tls.server_name or host)
    context.verify_flags = trusted.verify_flags
    context.minimum_version = trusted.minimum_version
    if tls.ca_file:
        context.load_verify_locations(tls.ca_file)
    else:
        context.load_default_certs()
    return context


def _failure(error: Exception, operation: Operation, *, inside_tls: bool) -> ProbeError:
    """Return what an error of oracledb means: of the system, of the driver or of the server."""
    cause, codes = cause_of(error), _codes(error)
    if cause is not None:
        return _of_system(cause, operation, inside_tls=inside_tls)
    if inside_tls and operation is Operation.NEGOTIATE and _CLOSED in codes:
        return ProbeError(Failure.CONNECTION_CLOSED, "closed in the handshake", Operation.TLS)
    for code in codes:
        if code in _MEANINGS:
            return ProbeError(_MEANINGS[code], code)
    unknown = Failure.NOT_SERVING if operation is Operation.NEGOTIATE else Failure.QUERY_FAILED
    told = next((code for code in codes if code.startswith("ORA-")), "")
    return ProbeError(unknown, told) if told else unreadable_answer(error)


def _of_system(cause: OSError, operation: Operation, *, inside_tls: bool) -> ProbeError:
    """Return an error of the system, in the step that it is of: the driver does not tell them."""
    failure = failure_of(cause)
    talking = Operation.TLS if inside_tls and operation is Operation.NEGOTIATE else operation
    if failure is None:
        return ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered", talking)
    dialling = failure in _OF_DIALLING and operation is Operation.NEGOTIATE
    return ProbeError(failure, reason_of(cause), Operation.CONNECT if dialling else talking)


def _codes(error: BaseException | None) -> frozenset[str]:
    """Return the codes of an error and of those behind it, as ORA-01017."""
    codes: set[str] = set()
    while error is not None:
        told = error.args[0] if error.args else None
        codes.add(str(getattr(told, "full_code", "")))
        error = error.__cause__
    return frozenset(codes)


_FAREWELL_S: Final = 1
_CLOSED: Final = "DPY-4011"
_OF_DIALLING: Final = frozenset(
    {
        Failure.CONNECTION_REFUSED,
        Failure.HOST_UNREACHABLE,
        Failure.NETWORK_UNREACHABLE,
        Failure.OUT_OF_RESOURCES,
        Failure.PERMISSION_DENIED,
        Failure.TIMEOUT,
    }
)
_NOT_TO_KNOW: Final = frozenset({"ORA-00942", "ORA-01031"})
# Of the Database Error Messages reference; DPY are oracledb's own.
_MEANINGS: Final = {
    "ORA-01017": Failure.AUTHENTICATION_FAILED,
    "ORA-01031": Failure.QUERY_FAILED,
    "ORA-01045": Failure.AUTHENTICATION_FAILED,  # no right to begin a session
    "ORA-28000": Failure.AUTHENTICATION_FAILED,  # the account is locked
    "ORA-28001": Failure.AUTHENTICATION_FAILED,  # its password has expired
    "ORA-28040": Failure.AUTHENTICATION_FAILED,  # no way to log in is known to both
    _CLOSED: Failure.CONNECTION_CLOSED,
    "DPY-4024": Failure.TIMEOUT,
    "ORA-01013": Failure.TIMEOUT,
    "ORA-00018": Failure.NOT_SERVING,  # too many sessions
    "ORA-00020": Failure.NOT_SERVING,  # too many processes
    "ORA-00257": Failure.NOT_SERVING,  # no room to archive to
    "ORA-01033": Failure.NOT_SERVING,  # starting up or shutting down
    "ORA-01034": Failure.NOT_SERVING,
    "ORA-01089": Failure.NOT_SERVING,  # shutting down
    "ORA-01090": Failure.NOT_SERVING,
    "ORA-01092": Failure.NOT_SERVING,
    "ORA-01109": Failure.NOT_SERVING,  # not open
    "DPY-6000": Failure.NOT_SERVING,  # the listener refuses
    "DPY-6001": Failure.NOT_SERVING,  # … knows no such service
    "DPY-6003": Failure.NOT_SERVING,
}
