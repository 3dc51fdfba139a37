"""Load, judge, report: the availability of services over months and years.

What was agreed is taken as it stood when a period began, or as it was first declared if that was
later; the panel of an instant are the vantage points that stood then. What is still to come is left
out of a period.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from collector.errors import ConfigurationError, NotFoundError
from collector.judge.availability import (
    AnnouncedWindow,
    Watch,
    availability,
    service_timeline,
)
from collector.judge.calendar import SiteCalendar, public_holidays
from collector.judge.notice import NoticeVerdict, judge_notice
from collector.judge.outage import HospitalTimeline
from collector.judge.periods import Period
from collector.judge.terms import NoticeTerms, WindowStatus
from collector.judge.weekly import instants_of
from collector.judge.windowfile import DEFAULT_MAX_GAP_INTERVALS
from collector.record.agreed import Agreed, closed_days, edited
from collector.record.catalogue import ItemKind
from collector.record.panel import Standing
from collector.record.steps import RegisteredWindow, window_of
from collector.register.agreements import agreed_for
from collector.report.availability import AvailabilityReport, Guarantee, MeasuredPeriod
from collector.store.catalogue import instants_of_change, items_in_force
from collector.store.checks import read_history
from collector.store.pool import Connection, Pool, connected
from collector.store.projector import Projector
from collector.store.roster import read_standings
from collector.store.series import Scope
from collector.store.tenants import TenantId, tenant_named, tenant_names
from collector.store.windows import list_windows, steps_of, verdicts_of
from probes.model.instant import DAY, local_date
from probes.model.interval import Interval, IntervalSet

Periods = Callable[[ZoneInfo], Sequence[Period]]

_END_OF_TIME = 1 << 62


async def availability_of(
    pool: Pool, hospital: str | None, service: str | None, periods: Periods, now_us: int
) -> list[AvailabilityReport]:
    """Return the reports on the services of a hospital, or of all, or on one service.

    `periods` gives the periods on the clocks of a service's site. `NotFoundError` when no hospital
    has that service.
    """
    async with connected(pool) as connection:
        names = await tenant_names(connection) if hospital is None else [hospital]
    reports: list[AvailabilityReport] = []
    for name in names:
        reports += await _of_hospital(pool, name, service, periods, now_us)
    if service is not None and not reports:
        raise NotFoundError(f"no hospital has a service {service!r}: see the catalogue")
    return reports


async def _of_hospital(
    pool: Pool, hospital: str, service: str | None, periods: Periods, now_us: int
) -> list[AvailabilityReport]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
    await Projector(pool).catch_up(tenant_id)
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        items = await items_in_force(connection, tenant_id)
        services = sorted(item.name for item in items if item.kind == ItemKind.SERVICE)
        if service is not None:
            services = [name for name in services if name == service]
        history = _History(connection, tenant_id, hospital, now_us)
        return [await history.report(name, periods) for name in services]


@dataclass(frozen=True, slots=True)
class _Terms:
    """What decides how a service is looked at: it must not change within one timeline."""

    quorum: int
    names: tuple[str, ...]
    max_gaps_us: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A period that has begun, as far as it has passed, with what was agreed when it did."""

    period: Period
    passed: Interval
    agreed: Agreed
    terms: _Terms


class _History:
    """Reads the history of the services of one hospital, as its log is now."""

    def __init__(
        self, connection: Connection, tenant_id: TenantId, hospital: str, now_us: int
    ) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._hospital = hospital
        self._now_us = now_us

    async def report(self, service: str, periods: Periods) -> AvailabilityReport:
        """Return the report on one service."""
        latest = await self._agreed(service)
        standings = await read_standings(self._connection, self._tenant_id)
        stretches = await self._stretches(service, periods(latest.zone), standings)
        windows = await self._windows(service, [stretch.passed for stretch in stretches])
        measured: list[MeasuredPeriod] = []
        for terms, group in groupby(stretches, key=lambda stretch: stretch.terms):
            together = list(group)
            timeline = await self._timeline(terms, standings, [s.passed for s in together])
            measured += (_measured(stretch, timeline, windows) for stretch in together)
        return AvailabilityReport(
            hospital=self._hospital,
            hospital_name=latest.hospital.name,
            site=latest.service.site or "",
            zone=latest.zone,
            service=service,
            service_class=latest.service.service_class,
            product=latest.product_name,
            guarantee=_guarantee(latest),
            panel=stretches[-1].terms.names,
            measured=tuple(measured),
            known_until_us=self._now_us,
        )

    async def _agreed(self, service: str, *, by_us: int | None = None) -> Agreed:
        return await agreed_for(
            self._connection, self._tenant_id, self._hospital, service, by_us=by_us
        )

    async def _stretches(
        self, service: str, periods: Iterable[Period], standings: Sequence[Standing]
    ) -> list[_Stretch]:
        begun = [period for period in periods if period.interval.start < self._now_us]
        if not begun:
            raise ConfigurationError("no such period has begun yet: see --from and --rolling")
        changes = await instants_of_change(self._connection, self._tenant_id)
        known: dict[int, Agreed] = {}
        stretches: list[_Stretch] = []
        for period in begun:
            last = max(0, bisect_right(changes, period.interval.start) - 1)
            if last not in known:
                known[last] = await self._agreed_from(service, changes[last:])
            agreed = known[last]
            passed = Interval(period.interval.start, min(period.interval.end, self._now_us))
            stretches.append(_Stretch(period, passed, agreed, _terms(agreed, standings)))
        return stretches

    async def _agreed_from(self, service: str, changes: Sequence[int]) -> Agreed:
        """Return what was agreed by the first of some instants at which the service was known."""
        for change in changes:
            try:
                return await self._agreed(service, by_us=change)
            except NotFoundError:
                continue
        return await self._agreed(service)

    async def _windows(self, service: str, passed: Sequence[Interval]) -> list[AnnouncedWindow]:
        """Return the windows that were ever planned for one of some periods."""
        hull = Interval(passed[0].start, passed[-1].end)
        found: list[AnnouncedWindow] = []
        for row in await list_windows(self._connection, tenant=self._hospital):
            if row.service != service or row.announced_at_us >= hull.end:
                continue
            steps = await steps_of(self._connection, self._tenant_id, row.id)
            window = window_of(self._hospital, steps)
            assert window is not None  # noqa: S101 - it has a row, so it has steps
            if any(revision.plan.overlaps(hull) for revision in window.revisions):
                found.append(await self._announced(window))
        return found

    async def _announced(self, window: RegisteredWindow) -> AnnouncedWindow:
        return AnnouncedWindow(
            window.id,
            window.plan,
            window.revisions,
            await self._notice(window),
            cancelled=window.status is WindowStatus.CANCELLED,
        )

    async def _notice(self, window: RegisteredWindow) -> NoticeVerdict:
        """Return the verdict on a notice as it was recorded, or as it stands for the plan."""
        recorded = await verdicts_of(self._connection, self._tenant_id, window.id)
        if recorded:
            return NoticeVerdict(recorded[-1].notice)
        agreed = await self._agreed(window.service, by_us=min(window.fixed_at_us, self._now_us))
        notice = agreed.contract.notice
        return judge_notice(
            window.revisions,
            window.plan,
            None,
            NoticeTerms(notice.amount, notice.unit, notice.counting),
            SiteCalendar(agreed.zone, closed_days(agreed, window)),
        ).verdict

    async def _timeline(
        self, terms: _Terms, standings: Sequence[Standing], passed: Sequence[Interval]
    ) -> HospitalTimeline:
        watch = Watch(_standing(terms.names, standings), dict(terms.max_gaps_us), terms.quorum)
        # What is contiguous to the first and the last measurement inside is read too.
        margin = DAY + max(watch.max_gaps_us.values())
        horizon = Interval(passed[0].start - margin, min(passed[-1].end + margin, self._now_us))
        scope = Scope(self._tenant_id, terms.names, watch.max_gaps_us, horizon)
        timeline = service_timeline(await read_history(self._connection, scope), watch, horizon)
        if undecided := timeline.undecided:
            checks = await read_history(self._connection, scope, undecided)
            timeline = service_timeline(checks, watch, horizon).settled()
        return timeline


def _terms(agreed: Agreed, standings: Sequence[Standing]) -> _Terms:
    contract, service = agreed.contract, agreed.service
    enrolled = {standing.vantage: standing.kind for standing in standings}
    of_kind = [name for name, kind in enrolled.items() if kind is contract.panel_kind]
    names = service.panel if service.panel is not None else of_kind or enrolled
    return _Terms(
        contract.quorum,
        tuple(sorted(names)),
        tuple(
            (name, check.max_gap or DEFAULT_MAX_GAP_INTERVALS * check.interval)
            for name, check in service.checks.items()
        ),
    )


def _standing(names: Iterable[str], standings: Sequence[Standing]) -> dict[str, Interval]:
    """Return from when to when each vantage point of a panel counts."""
    asked = frozenset(names)
    return {
        standing.vantage: Interval(
            standing.enrolled_at_us,
            _END_OF_TIME if standing.shut_out_at_us is None else standing.shut_out_at_us,
        )
        for standing in standings
        if standing.vantage in asked
    }


def _measured(
    stretch: _Stretch, timeline: HospitalTimeline, windows: Sequence[AnnouncedWindow]
) -> MeasuredPeriod:
    hours = _service_hours(stretch.agreed, stretch.passed)
    if hours is not None and not hours.length:
        return MeasuredPeriod(stretch.period, None)
    return MeasuredPeriod(stretch.period, availability(timeline, stretch.passed, windows, hours))


def _service_hours(agreed: Agreed, passed: Interval) -> IntervalSet | None:
    """Return the instants of a period at which the service was agreed to run; None for all."""
    promised = agreed.contract.availability
    if promised is None or promised.hours is None:
        return None
    first, last = (local_date(bound, agreed.zone).year for bound in passed)
    public = public_holidays(agreed.site.calendar, range(first, last + 1))
    closed = edited(public, agreed.site)
    return instants_of(promised.hours.week, passed, SiteCalendar(agreed.zone, closed))


def _guarantee(agreed: Agreed) -> Guarantee:
    promised, penalties = agreed.contract.availability, agreed.contract.penalties
    if promised is None:
        return Guarantee(None, None, penalties, has_hours=False)
    return Guarantee(
        promised.target.ppm, promised.period, penalties, has_hours=promised.hours is not None
    )
