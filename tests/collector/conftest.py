"""Fixtures of the collector's tests: a database with the schema, and a clock one can set."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from collector.register.sealing import Sealer
from collector.store.migrate import migrate
from collector.store.pool import Pool, open_pool
from probes.model.instant import SECOND, parse_instant
from probes.model.keys import SigningKey
from tests.postgres import Server, in_own_loop
from tests.servers.timestamps import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A time-stamping authority whose keys are elliptic curves."""
    return Authority.make(tmp_path_factory.mktemp("authority"), elliptic=True)


@pytest.fixture(scope="session")
def migrated_template(postgres: Server) -> Iterator[str]:
    """The name of a database with the schema and nothing in it, to be copied."""
    dsn = postgres.create("template0")

    async def prepare() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            await migrate(connection)
        finally:
            await connection.close()

    in_own_loop(prepare())
    yield postgres.freeze(dsn)
    postgres.drop(dsn)


@pytest.fixture
def collector_dsn(postgres: Server, migrated_template: str) -> Iterator[str]:
    """A database with the schema, for this test alone."""
    dsn = postgres.create(migrated_template)
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
async def pool(collector_dsn: str) -> AsyncIterator[Pool]:
    """A pool on a database with the schema, for this test alone."""
    async with open_pool(collector_dsn, size=4) as opened:
        yield opened


class Clock:
    """The collector's clock in a test: it stands still until it is set."""

    def __init__(self, now: str) -> None:
        self.now_us = parse_instant(now)

    def __call__(self) -> int:
        return self.now_us

    def set(self, now: str) -> None:
        """Set the clock to an instant."""
        self.now_us = parse_instant(now)

    def advance(self, by_us: int = SECOND) -> None:
        """Let time pass."""
        self.now_us += by_us


@pytest.fixture
def clock() -> Clock:
    """A clock at noon, some days before the window of the examples."""
    return Clock("2026-11-09T12:00:00+01:00")


@pytest.fixture
def sealer(clock: Clock) -> Sealer:
    """Whoever seals, with a key of its own and the clock of the test."""
    return Sealer(SigningKey.from_seed(bytes(range(32))), clock)
