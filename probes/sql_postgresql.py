"""A session with PostgreSQL, by asyncpg over a connection that we dialled.

asyncpg asks its event loop for connections: it is given one that hands it ours, inside TLS when the
check says so. Nothing of the environment (PGPASSWORD, ~/.pgpass, PGSSLMODE) decides for a check.
"""

import asyncio
import re
import ssl
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.model.sql_target import SqlSpec
from probes.model.target import ascii_host
from probes.secret import read_secret
from probes.sql_session import UNREADABLE, Shown, shown, unreadable_answer
from probes.transport import Connection, dial, trusting

if TYPE_CHECKING:
    import asyncpg


async def ask(spec: SqlSpec, attempt: Attempt) -> Shown:
    """Return what a session shows; `ProbeError` says why there was none."""
    import asyncpg  # noqa: PLC0415 - an agent pays for the drivers it uses

    context = trusting(spec.tls) if spec.tls else None
    password = read_secret(spec.password_file) if spec.password_file else ""
    loop = _Loop(await dial(spec.target, None, attempt), spec, attempt)
    try:
        attempt.begin(Operation.NEGOTIATE)
        if context is not None:
            await loop.ask_for_tls()
        session = await _log_in(spec, password, context, loop)
        try:
            return await _converse(session, spec, attempt, loop.peer)
        finally:
            session.terminate()  # what a server does with a farewell is not waited for
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise _failure(error, attempt.operation) from None
    except OSError as error:  # one of TLS is a ValueError too
        if isinstance(error, ConnectionError) and error.errno is None:
            raise ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered") from None
        raise
    except UNREADABLE as error:
        raise unreadable_answer(error) from None
    finally:
        loop.let_go()


async def _log_in(
    spec: SqlSpec, password: str, context: ssl.SSLContext | None, loop: "_Loop"
) -> "asyncpg.Connection[Any]":
    import asyncpg  # noqa: PLC0415 - as above
    from asyncpg.connect_utils import SessionAttribute  # noqa: PLC0415

    session: asyncpg.Connection[Any] = await asyncpg.connect(
        host=spec.target.host,
        port=spec.target.port,
        user=spec.username,
        password=password,
        database=spec.database or spec.username,
        ssl=context or False,
        # We asked for TLS ourselves: what is left is the handshake.
        direct_tls=context is not None,
        target_session_attrs=SessionAttribute.any,
        server_settings={"application_name": "constat-agent"},
        statement_cache_size=0,  # a pooler between may give each transaction another server
        timeout=_LONGEST_S,
        connection_class=_session_class(),
        loop=cast("asyncio.AbstractEventLoop", loop),
    )
    return session


@cache
def _session_class() -> "type[asyncpg.Connection[Any]]":
    import asyncpg  # noqa: PLC0415 - as above

    class Session(asyncpg.Connection):
        """A session that may be dropped in any state: `let_go` sees to what it holds."""

        __slots__ = ()

        def __del__(self) -> None: ...

    return Session


async def _converse(
    session: "asyncpg.Connection[Any]", spec: SqlSpec, attempt: Attempt, peer: str
) -> Shown:
    attempt.begin(Operation.FIRST_BYTE)
    state = await session.fetchrow(_STATE)
    standing = "" if state is None else _standing(*state)
    await session.transaction(readonly=True).start()  # it ends with the session
    limit_ms = max(1, attempt.left_us() // 1_000)
    await session.execute(f"SET LOCAL statement_timeout = {limit_ms}")
    cursor = await session.cursor(spec.question)
    rows = await cursor.fetch(spec.most_rows)
    version = str(session.get_settings().server_version).partition(" ")[0]
    return shown(peer, version, standing, rows)


def _standing(in_recovery: bool, read_only: str) -> str:
    if in_recovery:
        return "the server is in recovery"
    return "transactions only read by default" if read_only == "on" else ""


class _Loop:
    """The running event loop, but for how it connects: by the one connection that is there.

    What asyncpg would dial beside it, to cancel a statement, is refused: the server itself ends a
    statement that takes too long.
    """

    def __init__(self, connection: Connection, spec: SqlSpec, attempt: Attempt) -> None:
        self.peer = connection.peer
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._name = ascii_host((spec.tls.server_name if spec.tls else "") or spec.host)
        self._attempt = attempt
        self._handed_over = False
        self._transport: asyncio.Transport | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the loop has
        return getattr(self._loop, name)

    async def ask_for_tls(self) -> None:
        """Ask whether the server speaks TLS; it answers with one byte, before anything else."""
        await self._connection.send(_TLS_REQUEST)
        answer = await self._connection.receive()
        if not answer:
            raise ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered")
        if answer == b"N":
            raise ProbeError(Failure.TLS_NOT_OFFERED, f"{self.peer} does not speak TLS")
        if answer != b"S":  # more than a byte would be someone else's, said before the handshake
            raise ProbeError(Failure.PROTOCOL_ERROR, "it did not say whether it speaks TLS")

    async def create_connection(
        self,
        factory: Any,  # noqa: ANN401 - the protocol is asyncpg's own
        *_: object,
        ssl: ssl.SSLContext | None = None,
    ) -> Any:  # noqa: ANN401
        if self._handed_over:
            raise ConnectionRefusedError
        self._handed_over = True
        if ssl is not None:
            self._attempt.begin(Operation.TLS)
        transport, protocol = await self._loop.create_connection(
            factory,
            sock=self._connection.handed_over(),
            ssl=ssl,
            server_hostname=None if ssl is None else self._name,
        )
        self._transport = transport
        if ssl is not None:
            self._attempt.begin(Operation.NEGOTIATE)
        return transport, protocol

    def let_go(self) -> None:
        """Drop the connection, whatever became of it."""
        if self._transport is not None:
            self._transport.abort()
        elif not self._handed_over:
            self._connection.close()


def _failure(error: Exception, operation: Operation) -> ProbeError:
    """Return what an error of asyncpg means: by its SQLSTATE, when the server gave one."""
    import asyncpg  # noqa: PLC0415 - as above

    told: BaseException = error
    if isinstance(error, asyncpg.ConnectionDoesNotExistError) and error.__cause__ is not None:
        told = error.__cause__  # what the server said before it closed
    if isinstance(told, OSError):
        raise told
    if isinstance(told, asyncpg.ConnectionDoesNotExistError):
        return ProbeError(Failure.CONNECTION_CLOSED, "closed before it answered")
    if isinstance(told, asyncpg.PostgresError):
        code = str(getattr(told, "sqlstate", None) or "")
        words = _CAPITAL.sub(" ", type(told).__name__.removesuffix("Error")).lower()
        return ProbeError(_meaning(code, operation), f"SQLSTATE {code}: {words}")
    if isinstance(told, asyncpg.InterfaceError):
        # It asks for a way to prove who we are that the driver does not know.
        return ProbeError(Failure.BAD_CONFIGURATION, "asyncpg does not do what the server asks for")
    return unreadable_answer(error)


def _meaning(code: str, operation: Operation) -> Failure:
    """Return the failure a SQLSTATE stands for (PostgreSQL, appendix A)."""
    if operation is Operation.NEGOTIATE and code == _NO_PRIVILEGE:
        return Failure.AUTHENTICATION_FAILED
    for beginning, failure in _MEANINGS.items():
        if code.startswith(beginning):
            return failure
    return Failure.QUERY_FAILED


# SSLRequest: its length, then 1234 and 5679 (PostgreSQL, "Message Formats").
_TLS_REQUEST: Final = bytes.fromhex("00000008 04d2162f")
_STATE: Final = "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')"
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST_S: Final = 600  # longer than any probe, whose own deadline counts
_NO_PRIVILEGE: Final = "42501"
_MEANINGS: Final = {
    "28": Failure.AUTHENTICATION_FAILED,
    "3D000": Failure.NOT_SERVING,  # there is no such database, or it was renamed away
    "53": Failure.NOT_SERVING,  # no connection, memory or disk is left
    "55000": Failure.NOT_SERVING,  # the database accepts no connections
    "57014": Failure.TIMEOUT,
    "57P": Failure.NOT_SERVING,  # starting up, shutting down, in recovery
    "58": Failure.NOT_SERVING,  # the system under it fails
    "08P01": Failure.PROTOCOL_ERROR,
}
