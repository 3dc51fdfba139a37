"""Availability from the database: what single measurements say, and what eight upgrades cost."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from collector.errors import ConfigurationError, NotFoundError
from collector.history import availability_of
from collector.judge.assessment import CheckSpans
from collector.judge.availability import Watch, availability, service_timeline
from collector.judge.outage import HospitalTimeline
from collector.judge.periods import Period, civil_periods, rolling_period
from collector.judge.terms import Periodicity
from collector.judge.timeline import spans_of
from collector.record.catalogue import ItemKey, ItemKind, read_catalogue
from collector.register.applying import apply
from collector.register.importing import Source, import_measurements
from collector.register.planning import Announcement, Where, announce, cancel, reschedule
from collector.register.sealing import Sealer
from collector.report.availability import AvailabilityReport
from collector.store.pool import Pool, connected
from collector.store.series import Scope, read_measurements
from collector.store.tenants import tenant_named
from probes.model.batch import CheckColumns
from probes.model.instant import DAY, HOUR, MINUTE, SECOND, parse_instant
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, Outcome
from tests.collector.conftest import Clock
from tests.collector.store.agents import NOON_US, TENANT, Sender, columns
from tests.collector.test_assess import CATALOGUE, closed_window, drawn, measured

PANEL = ("accueil-03", "labo-02")
GAPS = {"dpi-login": 30 * SECOND, "dpi-hl7": 30 * SECOND}


@pytest.fixture
async def hospital(pool: Pool, sealer: Sealer) -> Pool:
    """A database with the example's hospital in its register."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    return pool


def around_noon(length: int = 2 * DAY) -> Period:
    return rolling_period(length, NOON_US + 28 * HOUR, ZoneInfo("Europe/Paris"))


async def report_on(pool: Pool, clock: Clock, *periods: Period) -> AvailabilityReport:
    [report] = await availability_of(pool, TENANT, "dpi", lambda _: periods, clock.now_us)
    return report


async def every_measurement(pool: Pool) -> list[Measurement]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        ages = Interval(NOON_US - 30 * DAY, NOON_US + 30 * DAY)
        return await read_measurements(connection, Scope(tenant_id, None, GAPS, ages))


def one_by_one(measurements: Sequence[Measurement]) -> list[CheckSpans]:
    """Return measurements each in a span of its own, by vantage point and check."""
    series: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        series[measurement.vantage, measurement.check].append(measurement)
    everywhere = IntervalSet([(NOON_US - 30 * DAY, NOON_US + 30 * DAY)])
    return [
        CheckSpans(*key, spans_of(members, GAPS[key[1]], everywhere))
        for key, members in series.items()
    ]


async def timeline_of_everything(pool: Pool, period: Period, clock: Clock) -> HospitalTimeline:
    """Return the timeline that single measurements make around a period."""
    horizon = Interval(period.interval.start - DAY, min(period.interval.end + DAY, clock.now_us))
    forever = Interval(NOON_US, NOON_US + 300 * DAY)
    checks = one_by_one(await every_measurement(pool))
    return service_timeline(
        checks, Watch(dict.fromkeys(PANEL, forever), GAPS, 1), horizon
    ).settled()


@pytest.mark.parametrize("seed", range(4))
async def test_spans_of_the_database_say_what_single_measurements_say(
    hospital: Pool, sealer: Sealer, clock: Clock, seed: int
) -> None:
    await measured(hospital, Sender(vantage="accueil-03"), *drawn(seed))
    await measured(hospital, Sender(vantage="labo-02"), *drawn(seed + 100))
    await closed_window(hospital, sealer, clock)
    period = around_noon()
    report = await report_on(hospital, clock, period)
    [found] = report.measured
    expected = availability(await timeline_of_everything(hospital, period, clock), period.interval)
    assert found.found is not None
    assert found.found.gross == expected.gross
    assert expected.gross.down_us > 0


async def test_an_agent_and_an_import_at_one_vantage_point_are_read_in_one_order(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    # The import saw it up every ten seconds, the agent five seconds later, now up, now down.
    clock.now_us = NOON_US
    before = Measurement(NOON_US - MINUTE, 0, Outcome.UP, "labo-02", "dpi-login")
    await import_measurements(hospital, sealer, TENANT, [before], Source("before", "0" * 64), "me")
    during = [replace(before, start_us=NOON_US + 10 * n * SECOND) for n in range(180)]
    await import_measurements(hospital, sealer, TENANT, during, Source("after", "1" * 64), "me")
    row = columns("UUUDDD" * 10, first_s=605, check="dpi-login")
    await measured(hospital, Sender(vantage="labo-02"), (row,))
    clock.now_us = NOON_US + 2 * DAY
    period = around_noon()
    [found] = (await report_on(hospital, clock, period)).measured
    assert found.found is not None
    assert (
        found.found.gross
        == availability(
            await timeline_of_everything(hospital, period, clock), period.interval
        ).gross
    )


async def test_a_check_that_must_be_seen_more_often_is_read_one_by_one(
    hospital: Pool, clock: Clock
) -> None:
    # Every 40 s, where 30 s are the most agreed: no two are contiguous, so nothing is proven.
    row = columns("U" * 300, check="dpi-login", every_s=40)
    await measured(hospital, Sender(vantage="accueil-03"), (row,))
    clock.now_us = NOON_US + 2 * DAY
    [found] = (await report_on(hospital, clock, around_noon())).measured
    assert found.found is not None
    assert found.found.gross.observed is None


async def test_what_only_imports_speak_of_counts_from_the_first_import_on(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    # Ten minutes up until noon, imported at noon; a quarter of an hour from noon on, imported then.
    for first_s, count in ((-600, 60), (0, 91)):
        clock.now_us = NOON_US + (first_s + 10 * count) * SECOND
        seen = [
            Measurement(NOON_US + (first_s + 10 * n) * SECOND, 0, Outcome.UP, "ancien", "dpi-login")
            for n in range(count)
        ]
        source = Source(f"export-{first_s}", f"{first_s}".zfill(64))
        await import_measurements(hospital, sealer, TENANT, seen, source, "me")
    clock.now_us = NOON_US + 2 * DAY
    report = await report_on(hospital, clock, around_noon())
    [found] = report.measured
    assert report.panel == ("ancien",)
    assert found.found is not None
    assert found.found.gross.up_us == 900 * SECOND


def outage(day: int, hours: int) -> list[tuple[CheckColumns, ...]]:
    """Return a day of probes every ten seconds, some hours from noon on of which fail."""
    first_s = day * 86_400
    up = columns("U" * 720, first_s=first_s - 7_200, check="dpi-login")
    down = columns("D" * (hours * 360), first_s=first_s, check="dpi-login")
    back = columns("U" * 720, first_s=first_s + hours * 3_600, check="dpi-login")
    return [(up,), (down,), (back,)]


async def test_announced_and_unannounced_outages_part_gross_from_net(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    """Two outages of an hour: on day 4 as announced in time, on day 6 as announced to nobody."""
    plan = Interval(NOON_US + 4 * DAY, NOON_US + 4 * DAY + HOUR + MINUTE)
    window = await announce(hospital, sealer, Announcement(TENANT, "dpi", plan), "vendor")
    spurious = Interval(NOON_US + 6 * DAY, NOON_US + 6 * DAY + HOUR)
    other = await announce(hospital, sealer, Announcement(TENANT, "dpi", spurious), "vendor")
    await cancel(hospital, sealer, Where(TENANT, other.id, "dpi"), "vendor")
    sender = Sender(vantage="accueil-03")
    await measured(hospital, sender, *outage(4, 1), *outage(6, 1))
    clock.now_us = NOON_US + 8 * DAY
    week = rolling_period(8 * DAY, clock.now_us, ZoneInfo("Europe/Paris"))
    [found] = (await report_on(hospital, clock, week)).measured
    assert found.found is not None
    gross, net = found.found.gross, found.found.net
    assert found.found.left_out == (window.id,)
    assert gross.total_us - net.total_us == HOUR + MINUTE
    # From the end of the first failure, 50 ms long, to the start of the last, 3 590 s
    # after it; less the clock error twice: 0.7 s on day 4, none on day 6.
    on_day_4, on_day_6 = 3_588_550_000, 3_589_950_000
    assert (gross.down_us, net.down_us) == (on_day_4 + on_day_6, on_day_6)
    [alone] = found.found.unannounced
    assert alone.span.overlaps(spurious)
    # Up 2 h before and 2 h after each, down 1 h, less the edges of each run.
    assert gross.observed is not None
    assert abs(gross.observed - Fraction(4, 5)) < Fraction(1, 1000)


async def test_a_window_moved_away_after_the_outage_began_still_announced_it(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    plan = Interval(NOON_US + 4 * DAY, NOON_US + 4 * DAY + HOUR)
    window = await announce(hospital, sealer, Announcement(TENANT, "dpi", plan), "vendor")
    await measured(hospital, Sender(vantage="accueil-03"), *outage(4, 1))
    clock.now_us = plan.end
    later = Interval(plan.start + 60 * DAY, plan.end + 60 * DAY)
    await reschedule(hospital, sealer, Where(TENANT, window.id, "dpi"), later, "vendor")
    clock.now_us = NOON_US + 8 * DAY
    week = rolling_period(8 * DAY, clock.now_us, ZoneInfo("Europe/Paris"))
    [found] = (await report_on(hospital, clock, week)).measured
    assert found.found is not None
    assert found.found.unannounced == ()
    assert found.found.net == found.found.gross


async def test_service_hours_that_were_agreed_are_all_that_counts(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    # Mondays from 8 to 18; Monday 9 November has 10 such hours, Tuesday none, 11 November is one of
    # the holidays on which half an hour was agreed.
    [items] = read_catalogue(CATALOGUE).values()
    own = ItemKey(ItemKind.HOSPITAL, TENANT)
    hours = {"monday": ["08:00-18:00"], "holidays": ["08:00-08:30"]}
    promised = {"target": "99.5%", "period": "quarter", "hours": hours}
    contract = {**items[own]["contract"], "availability": promised}
    changed = {**items, own: {**items[own], "contract": contract}}
    await apply(hospital, sealer, {TENANT: changed}, "me")
    clock.set("2026-11-13T00:00:00Z")
    paris = ZoneInfo("Europe/Paris")
    days = civil_periods(Periodicity.DAY, date(2026, 11, 9), date(2026, 11, 11), paris)
    report = await report_on(hospital, clock, *days)
    totals = [None if m.found is None else m.found.gross.total_us for m in report.measured]
    assert totals == [10 * HOUR, None, 30 * MINUTE]
    assert report.guarantee == (995_000, Periodicity.QUARTER, False, True)


async def test_days_have_23_and_25_hours_and_the_present_one_only_those_that_have_passed(
    hospital: Pool, clock: Clock
) -> None:
    paris = ZoneInfo("Europe/Paris")
    clock.now_us = parse_instant("2027-03-29T06:00:00+02:00")
    autumn = civil_periods(Periodicity.DAY, date(2026, 10, 24), date(2026, 10, 26), paris)
    spring = civil_periods(Periodicity.DAY, date(2027, 3, 27), date(2027, 3, 30), paris)
    report = await report_on(hospital, clock, *autumn, *spring)
    totals = [m.found.gross.total_us // HOUR for m in report.measured if m.found is not None]
    assert totals == [24, 25, 24, 24, 23, 6]
    assert [measured.is_over for measured in report.measured] == [True] * 5 + [False]
    assert all(m.found and m.found.gross.observed is None for m in report.measured)


async def test_a_period_to_come_a_service_and_a_hospital_nobody_knows_are_told(
    hospital: Pool, clock: Clock
) -> None:
    with pytest.raises(ConfigurationError, match="no such period has begun yet"):
        await report_on(
            hospital, clock, rolling_period(DAY, clock.now_us + 9 * DAY, ZoneInfo("UTC"))
        )
    with pytest.raises(NotFoundError, match="no hospital has a service 'dip'"):
        await availability_of(hospital, None, "dip", lambda _: [], clock.now_us)
    with pytest.raises(NotFoundError, match="there is no hospital 'CHU'"):
        await availability_of(hospital, "CHU", None, lambda _: [], clock.now_us)
