"""Deliveries from the register: what was announced, carried out, cancelled, and when."""

import pytest

from collector.deliveries import deliveries_of
from collector.errors import NotFoundError
from collector.judge.deliveries import Counting, DeliveriesVerdict, PilotVerdict
from collector.judge.operation import Exclusion, Operation, VersionKind
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import (
    Announcement,
    Where,
    announce,
    cancel,
    close,
    finish,
    start,
)
from collector.register.sealing import Sealer
from collector.report.deliveries import DeliveriesReport
from collector.store.pool import Pool
from probes.model.instant import HOUR
from probes.model.interval import Interval
from tests.collector.conftest import Clock
from tests.collector.store.agents import TENANT
from tests.collector.test_assess import CATALOGUE

MAJOR, INTERMEDIATE, PATCH = VersionKind


@pytest.fixture
async def hospital(pool: Pool, sealer: Sealer) -> Pool:
    """A database with the example's hospital in its register."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    return pool


class Vendor:
    """Announces windows of one hour, one after the other, and carries them out."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Clock) -> None:
        self._pool, self._sealer, self._clock = pool, sealer, clock

    async def announce(self, operation: Operation, service: str = "dpi") -> Where:
        plan = Interval(self._clock.now_us + HOUR, self._clock.now_us + 2 * HOUR)
        announcement = Announcement(TENANT, service, plan, operation=operation)
        window = await announce(self._pool, self._sealer, announcement, "vendor")
        return Where(TENANT, window.id, service)

    async def deliver(self, operation: Operation, service: str = "dpi") -> Where:
        where = await self.announce(operation, service)
        self._clock.advance(HOUR)
        await start(self._pool, self._sealer, where, None, "vendor")
        self._clock.advance(HOUR)
        await finish(self._pool, self._sealer, where, None, "vendor")
        await close(self._pool, self._sealer, where, "vendor")
        return where


@pytest.fixture
def vendor(hospital: Pool, sealer: Sealer, clock: Clock) -> Vendor:
    return Vendor(hospital, sealer, clock)


async def counted(pool: Pool, clock: Clock, year: int = 2026) -> DeliveriesReport:
    reports = await deliveries_of(pool, TENANT, "dossier-patient", year, clock.now_us)
    [report] = reports
    return report


def how(report: DeliveriesReport) -> dict[str, Counting]:
    return {each.delivery.window: each.counting for each in report.found.counted}


async def test_a_year_is_counted_from_what_was_carried_out(
    hospital: Pool, sealer: Sealer, clock: Clock, vendor: Vendor
) -> None:
    major = await vendor.deliver(Operation(version_to="9.0", version_kind=MAJOR, pilot=True))
    fix = await vendor.deliver(
        Operation(version_to="9.0.1", version_kind=INTERMEDIATE, exclusion=Exclusion.CRITICAL_FIX)
    )
    undescribed = await vendor.deliver(Operation())
    cancelled = await vendor.announce(Operation(version_to="9.1", version_kind=INTERMEDIATE))
    await cancel(hospital, sealer, cancelled, "vendor")
    never = await vendor.announce(Operation(version_to="9.2", version_kind=INTERMEDIATE))
    running = await vendor.announce(Operation(version_to="9.3", version_kind=INTERMEDIATE))
    clock.advance(HOUR)
    await start(hospital, sealer, running, None, "vendor")
    report = await counted(hospital, clock)
    assert how(report) == {
        major.window_id: Counting.COUNTED,
        fix.window_id: Counting.EXCLUDED,
        undescribed.window_id: Counting.UNCLASSED,
        cancelled.window_id: Counting.NOT_DELIVERED,
        never.window_id: Counting.NOT_DELIVERED,
        running.window_id: Counting.NOT_DELIVERED,
    }
    assert (report.found.majors, report.found.intermediates, report.found.unclassed) == (1, 0, 1)
    # It could be the second major.
    assert report.found.verdict is DeliveriesVerdict.UNDECIDED
    assert report.found.pilot_verdict is PilotVerdict.DONE


async def test_a_delivery_belongs_to_the_year_it_was_put_into_production_on_the_sites_clocks(
    hospital: Pool, clock: Clock, vendor: Vendor
) -> None:
    # Finished at 23:30 UTC on New Year's Eve: 00:30 of 2027 in Paris.
    clock.set("2026-12-31T21:30:00Z")
    where = await vendor.deliver(Operation(version_to="9.0", version_kind=MAJOR))
    assert how(await counted(hospital, clock)) == {}
    assert how(await counted(hospital, clock, 2027)) == {where.window_id: Counting.COUNTED}


async def test_continuous_development_is_exempt_from_when_both_facts_were_agreed(
    hospital: Pool, clock: Clock, vendor: Vendor
) -> None:
    where = await vendor.deliver(Operation(version_kind=INTERMEDIATE), service="gap")
    [report] = await deliveries_of(hospital, None, "Gestion administrative", 2026, clock.now_us)
    assert how(report) == {where.window_id: Counting.CONTINUOUS}
    assert report.product == "gestion-administrative"
    assert report.continuous is not None
    assert report.continuous.is_exempt


async def test_products_without_a_delivery_are_reported_too_and_unknown_ones_named(
    hospital: Pool, clock: Clock
) -> None:
    reports = await deliveries_of(hospital, None, None, 2026, clock.now_us)
    assert [report.product for report in reports] == ["dossier-patient", "gestion-administrative"]
    assert all(report.found.verdict is DeliveriesVerdict.WITHIN for report in reports)
    with pytest.raises(NotFoundError, match="no product 'dip'; there are: dossier-patient, gest"):
        await deliveries_of(hospital, None, "dip", 2026, clock.now_us)


async def test_the_eighth_intermediate_version_is_one_too_many(
    hospital: Pool, clock: Clock, vendor: Vendor
) -> None:
    for number in range(1, 8):
        await vendor.deliver(Operation(version_to=f"8.{number}", version_kind=INTERMEDIATE))
    assert (await counted(hospital, clock)).found.verdict is DeliveriesVerdict.WITHIN
    await vendor.deliver(Operation(version_to="8.8", version_kind=INTERMEDIATE))
    assert (await counted(hospital, clock)).found.verdict is DeliveriesVerdict.EXCEEDED
