"""The PostgreSQL that tests run on, and how one of its databases is made and dropped."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from os import getpid
from typing import Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import asyncpg

PREFIX: Final = "constat_test_"
_numbers: Final = count(1)
_T = TypeVar("_T")


class UnsafeServerError(Exception):
    """The server is not one where tests may create and drop databases and roles."""


class Server(NamedTuple):
    """A server with a role that may create databases."""

    dsn: str

    def create(self, template: str) -> str:
        """Create a database of our own as a copy of `template`, and return its DSN."""
        name = f"{PREFIX}{getpid()}_{next(_numbers)}"
        self.run(
            lambda connection: connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        )
        return urlsplit(self.dsn)._replace(path=f"/{name}").geturl()

    def drop(self, dsn: str) -> None:
        """Drop a database that `create` made, with whoever is still connected to it."""
        name = urlsplit(dsn).path[1:]
        assert name.startswith(PREFIX), name
        self.run(lambda connection: connection.execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def freeze(self, dsn: str) -> str:
        """Let no one into a database any more, so that it can be copied; return its name."""
        name = urlsplit(dsn).path[1:]

        async def close(connection: asyncpg.Connection) -> None:
            await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            # TimescaleDB has a process of its own in every database that has the extension.
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = $1",
                name,
            )

        self.run(close)
        return name

    def run(self, use: Callable[[asyncpg.Connection], Awaitable[_T]]) -> _T:
        """Do one thing on a connection, in an event loop of its own."""

        async def connected() -> _T:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await use(connection)
            finally:
                await connection.close()

        return in_own_loop(connected())


def refuse_unsafe(server: Server) -> None:
    """Raise unless the server is there for tests: roles and databases are made and dropped on it.

    A server that holds a database which is neither the one named nor ours is somebody's.
    """
    others, may_create, standby = server.run(_what_is_there)
    if standby or not may_create:
        raise UnsafeServerError(
            "CONSTAT_TEST_DSN: tests want a primary server, and a superuser on it"
        )
    if others:
        raise UnsafeServerError(
            f"CONSTAT_TEST_DSN: the server also holds {', '.join(others)}; tests want a server"
            " with nothing else on it"
        )


async def _what_is_there(connection: asyncpg.Connection) -> tuple[list[str], bool, bool]:
    others = await connection.fetch(
        "SELECT datname FROM pg_database WHERE NOT datistemplate"
        " AND datname NOT IN ('postgres', current_database()) AND NOT starts_with(datname, $1)"
        " ORDER BY datname",
        PREFIX,
    )
    names = [row["datname"] for row in others]
    if await connection.fetchval("SELECT current_database() = 'constat'"):
        names.append("constat")
    may_create = await connection.fetchval(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    return names, may_create, await connection.fetchval("SELECT pg_is_in_recovery()")


async def ask(dsn: str, question: str) -> object:
    """Return the one value that `question` asks for, over a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def do(dsn: str, statement: str) -> None:
    """Execute one statement, over a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def in_own_loop(work: Awaitable[_T]) -> _T:
    """Run `work` without touching the event loop that a test has or will have."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
