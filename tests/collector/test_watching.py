"""Unannounced outages are told while they happen, once, and so is the return."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collector.courier.courier import Courier
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, announce
from collector.register.sealing import Sealer
from collector.settings import MailServer, Post
from collector.store.alarms import AlarmRow, list_alarms
from collector.store.ingest import Ingest
from collector.store.pool import Pool, connected
from collector.watching import watch
from probes.model.instant import HOUR, MINUTE, SECOND
from probes.model.interval import Interval
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import CATALOGUE, HOSPITAL
from tests.collector.store.agents import NOON_US, Sender, columns, enrolled
from tests.collector.store.test_ingest import running
from tests.servers.smtp import mail_server


class Vantage:
    """A workstation that measures the one check of the service, every ten seconds from noon on."""

    def __init__(self, ingest: Ingest, clock: Clock) -> None:
        self.sender = Sender()
        self._ingest = ingest
        self._clock = clock
        self._count = 0

    async def sees(self, outcomes: str) -> None:
        """Send what it measured; time passes meanwhile."""
        batch = columns(outcomes, first_s=10 * self._count, check="dpi-login")
        self._count += len(outcomes)
        self._clock.now_us = NOON_US + 10 * self._count * SECOND
        await self._ingest.submit(self.sender.seal(batch, error_us=0))


@asynccontextmanager
async def measuring(pool: Pool, clock: Clock) -> AsyncIterator[Vantage]:
    async with running(pool) as ingest:
        vantage = Vantage(ingest, clock)
        await enrolled(pool, vantage.sender)
        yield vantage


@pytest.fixture
async def hospital(pool: Pool, sealer: Sealer, clock: Clock, tmp_path: Path) -> Pool:
    """A database with a hospital that has one strategic service and two contacts."""
    clock.now_us = NOON_US - HOUR
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    await apply(pool, sealer, read_catalogue(file), "me")
    return pool


async def alarms_in(pool: Pool) -> list[AlarmRow]:
    async with connected(pool) as connection:
        return await list_alarms(connection, HOSPITAL)


async def test_an_outage_is_sealed_once_while_it_lasts_and_its_end_when_it_has_held(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    async with measuring(hospital, clock) as vantage:
        await vantage.sees("U" * 6)
        assert await watch(hospital, sealer, "me") == 0
        await vantage.sees("D" * 6)
        assert await watch(hospital, sealer, "me") == 0  # proven for less than 50 s
        await vantage.sees("D" * 6)
        assert [await watch(hospital, sealer, "me") for _ in range(2)] == [1, 0]
        [alarm] = await alarms_in(hospital)
        # The first failure began at 60 s and took 50 ms; the last began at 170 s.
        assert alarm.start_us == NOON_US + 60 * SECOND + 50_000
        assert alarm.proven_us == 110 * SECOND - 50_000
        assert alarm.end_us is None

        await vantage.sees("U" * 30)
        assert await watch(hospital, sealer, "me") == 0  # back for 295 s only
        await vantage.sees("U" * 2)
        assert [await watch(hospital, sealer, "me") for _ in range(2)] == [1, 0]
    [alarm] = await alarms_in(hospital)
    # The first answer after it began at 180 s and ended 50 ms later.
    assert alarm.end_us == NOON_US + 180 * SECOND + 50_000


async def test_an_agent_that_falls_silent_is_no_alarm(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    async with measuring(hospital, clock) as vantage:
        await vantage.sees("UUUD")
        clock.advance(HOUR)
        assert await watch(hospital, sealer, "me") == 0


async def test_an_outage_inside_an_announced_window_is_no_alarm(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    plan = Interval(NOON_US + MINUTE, NOON_US + HOUR)
    await announce(hospital, sealer, Announcement(HOSPITAL, "dpi", plan), "me")
    async with measuring(hospital, clock) as vantage:
        await vantage.sees("U" * 6 + "D" * 60)
        assert await watch(hospital, sealer, "me") == 0


async def test_an_outage_heard_of_when_it_is_over_is_told_with_its_end(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    async with measuring(hospital, clock) as vantage:
        await vantage.sees("U" * 6 + "D" * 12 + "U" * 60)
        assert [await watch(hospital, sealer, "me") for _ in range(2)] == [2, 0]


async def test_a_second_outage_the_same_day_is_a_second_alarm(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    async with measuring(hospital, clock) as vantage:
        for _ in range(2):
            await vantage.sees("U" * 6 + "D" * 12 + "U" * 60)
            await watch(hospital, sealer, "me")
    assert len({alarm.alarm for alarm in await alarms_in(hospital)}) == 2


async def test_contacts_are_written_to_when_it_begins_and_when_it_is_over(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    async with mail_server() as server, measuring(hospital, clock) as vantage:
        mail = MailServer("127.0.0.1", server.port, "none", "us@editeur.example", "", None, None)
        courier = Courier(hospital, sealer, Post(mail))
        for outcomes in ("U" * 6 + "D" * 12, "D" * 6, "U" * 60):
            await vantage.sees(outcomes)
            await watch(hospital, sealer, "me")
            await courier.round()
        subjects = [str(sent["Subject"]) for sent in server.taken if "dsi@" in str(sent["To"])]
    # Noon UTC is 13:00 in Paris; the failure after a minute, the return two minutes later.
    assert subjects == [
        "[CH-EXEMPLE] Dossier patient indisponible depuis 13:01:00",
        "[CH-EXEMPLE] Dossier patient rétabli à 13:04:00",
    ]
