"""Fixtures that every folder of tests may use: a PostgreSQL, and a database in it for each test."""

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings

from collector.embedded.server import EmbeddedPostgres
from tests.postgres import Server, UnsafeServerError, in_own_loop, refuse_unsafe

# A machine that is busy is no fault of the code: no test is failed for the time it takes.
settings.register_profile("constat", deadline=None)
settings.load_profile("constat")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of CONSTAT_TEST_DSN when that is set, else an embedded one for this session."""
    if dsn := os.environ.get("CONSTAT_TEST_DSN"):
        given = Server(dsn)
        try:
            refuse_unsafe(given)
        except UnsafeServerError as unsafe:
            pytest.exit(str(unsafe), returncode=pytest.ExitCode.USAGE_ERROR)
        yield given
        return
    folder = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(folder)
    in_own_loop(server.start())
    yield Server(server.dsn)
    in_own_loop(server.stop())
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_template() -> str:
    """The database that `database_dsn` copies: an empty one.

    A folder may override this with what `postgres.freeze` makes of a database that it prepared.
    """
    return "template0"


@pytest.fixture
def database_dsn(postgres: Server, database_template: str) -> Iterator[str]:
    """A database for this test alone, dropped afterwards."""
    dsn = postgres.create(database_template)
    yield dsn
    postgres.drop(dsn)
