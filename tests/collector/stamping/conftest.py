"""A register on this machine's clock, since that is the one of a real authority."""

import time
from pathlib import Path

import pytest

from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce
from collector.register.sealing import Sealer
from collector.store.pool import Pool
from probes.model.instant import DAY, HOUR
from probes.model.interval import Interval
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import CATALOGUE, HOSPITAL
from tests.servers.timestamps import Authority


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at the instant the test began."""
    standing = Clock("2026-11-09T12:00:00+01:00")
    standing.now_us = time.time_ns() // 1_000
    return standing


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another authority than the one that stamps."""
    return Authority.make(tmp_path_factory.mktemp("other"), elliptic=True)


@pytest.fixture
async def register(pool: Pool, sealer: Sealer, tmp_path: Path) -> Pool:
    """A database with a hospital."""
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    await apply(pool, sealer, read_catalogue(file), "me")
    return pool


@pytest.fixture
async def window(register: Pool, sealer: Sealer, clock: Clock) -> Where:
    """A window announced now for in a week."""
    start = clock() + 7 * DAY
    plan = Interval(start, start + 4 * HOUR)
    announced = await announce(register, sealer, Announcement(HOSPITAL, "dpi", plan), "me")
    return Where(HOSPITAL, announced.id, "dpi")
