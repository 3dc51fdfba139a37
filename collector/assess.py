"""Load, judge, record: the one seam between the pure rules and the database.

What is judged is what the log holds when the question is asked: the projection is brought up to the
head first. The object is the one `constat assess` makes of the same measurements in files, to the
microsecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.errors import NotFoundError
from collector.judge.assessment import Assessment, assess_spans
from collector.judge.terms import Window, WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.register.agreed import Agreed, agreed_for, judged_window
from collector.register.panel import Enrolment, panel_at
from collector.register.planning import Where
from collector.register.sealing import VERDICT_RECORDED, Sealer, open_desk
from collector.register.steps import RegisteredWindow, window_of
from collector.report.value import Provenance, Report, Surroundings, Vantage
from collector.store.log import read_head
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.projector import Projector
from collector.store.roster import (
    Seen,
    Standing,
    read_shares,
    read_standings,
    read_versions,
)
from collector.store.series import Scope, read_checks, read_measurements
from collector.store.tenants import TenantId, tenant_named
from collector.store.windows import steps_of, verdicts_of
from probes.model.batch import UNESTIMATED_ERROR_US
from probes.model.interval import Interval
from probes.model.measurement import Measurement


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A window as the register has it, in the terms of the judge."""

    tenant_id: TenantId
    registered: RegisteredWindow
    agreed: Agreed
    standings: Sequence[Standing]
    window: Window

    @property
    def scope(self) -> Scope:
        """The measurements that decide."""
        window = self.window
        return Scope(self.tenant_id, window.panel or (), window.max_gaps_us, window.horizon)


async def report_on(pool: Pool, where: Where, as_of_us: int) -> Report:
    """Return the report on a window, as far as things are known at an instant."""
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
    await Projector(pool).catch_up(tenant_id)
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        loaded = await _load(connection, tenant_id, where, as_of_us)
        assessment = await _judge(connection, loaded)
        return Report(assessment, await _surroundings(connection, loaded, assessment))


async def measurements_for(
    pool: Pool, where: Where, as_of_us: int
) -> tuple[Window, list[Measurement]]:
    """Return a window and the single measurements that decide it: what an auditor needs."""
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
    await Projector(pool).catch_up(tenant_id)
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        loaded = await _load(connection, tenant_id, where, as_of_us)
        return loaded.window, await read_measurements(connection, loaded.scope)


async def record_verdict(pool: Pool, where: Where, sealer: Sealer, author: str) -> Report | None:
    """Seal the verdict on a closed window once it is settled; None while it is not.

    A verdict that says what the last one recorded says is not sealed again.
    """
    report = await report_on(pool, where, sealer.now_us())
    assessment = report.assessment
    if assessment.window.status is not WindowStatus.CLOSED:
        return None
    if assessment.verdict is DurationVerdict.PENDING:
        return None
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
        desk = await open_desk(connection, tenant_id, where.hospital, sealer, author)
        recorded = await verdicts_of(connection, tenant_id, where.window_id)
        said = assessment.to_json()
        if not recorded or recorded[-1].assessment != said:
            await desk.seal(VERDICT_RECORDED, {"window": where.window_id, "assessment": said})
    return report


async def _load(
    connection: Connection, tenant_id: TenantId, where: Where, as_of_us: int
) -> _Loaded:
    steps = await steps_of(connection, tenant_id, where.window_id)
    registered = window_of(where.hospital, steps)
    if registered is None:
        raise NotFoundError(f"there is no window {where.window_id} in {where.hospital}")
    fixed_at_us = registered.fixed_at_us
    agreed = await agreed_for(
        connection, tenant_id, where.hospital, registered.service, before_us=fixed_at_us
    )
    standings = await read_standings(connection, tenant_id)
    panel = panel_at(
        fixed_at_us,
        [_enrolment(standing) for standing in standings],
        agreed.contract.panel_kind,
        agreed.service.panel,
    )
    window = judged_window(registered, agreed, panel, as_of_us)
    return _Loaded(tenant_id, registered, agreed, standings, window)


def _enrolment(standing: Standing) -> Enrolment:
    """Return a vantage point as panels see it; one only imports speak of stood there always."""
    return Enrolment(
        standing.vantage,
        standing.kind,
        standing.enrolled_at_us if standing.enrolled_at_us is not None else -(1 << 62),
        standing.shut_out_at_us,
        imported=standing.enrolled_at_us is None,
    )


async def _judge(connection: Connection, loaded: _Loaded) -> Assessment:
    window, scope = loaded.window, loaded.scope
    checks = await read_checks(connection, scope)
    panel = window.panel or ()
    assessment = assess_spans(window, panel, checks)
    if undecided := assessment.timeline.undecided:
        apart = await read_checks(connection, scope, isolate=undecided)
        return assess_spans(window, panel, apart, isolated=True)
    return assessment


async def _surroundings(
    connection: Connection, loaded: _Loaded, assessment: Assessment
) -> Surroundings:
    agreed, window = loaded.agreed, loaded.window
    checks = list(window.max_gaps_us)
    shares = {
        share.vantage: share
        for share in await read_shares(connection, loaded.tenant_id, checks, window.horizon)
    }
    seen = await read_versions(connection, loaded.tenant_id, checks, window.horizon)
    panel = set(assessment.panel)
    vantages = [
        Vantage(
            standing.vantage,
            standing.kind,
            counts=standing.vantage in panel,
            imported=standing.enrolled_at_us is None,
            measured=share.measured if share else 0,
            worst_error_us=share.worst_error_us if share else 0,
        )
        for standing in loaded.standings
        for share in [shares.get(standing.vantage)]
        if share or standing.vantage in panel
    ]
    head = await read_head(connection, loaded.tenant_id)
    pivot = assessment.regulated.outages.hull or window.hull
    return Surroundings(
        hospital=loaded.registered.hospital,
        hospital_name=agreed.hospital.name,
        product=agreed.service.product,
        fixed_at_us=loaded.registered.fixed_at_us,
        announced_at_us=loaded.registered.announced_at_us,
        as_of_us=window.as_of_us if window.as_of_us is not None else window.horizon.end,
        vantages=vantages,
        unestimated=sum(
            vantage.counts and vantage.worst_error_us >= UNESTIMATED_ERROR_US
            for vantage in vantages
        ),
        versions_before=_last_before(seen, pivot),
        versions_after=_first_after(seen, pivot),
        provenance=Provenance(
            loaded.registered.entries,
            agreed.hospital_entry,
            agreed.site_entry,
            agreed.service_entry,
        ),
        log_size=head.size,
        log_chain=head.chain.hex(),
    )


def _last_before(seen: Sequence[Seen], pivot: Interval) -> tuple[str, ...]:
    """Return the versions that the vantage points saw last before an interval."""
    last = {one.vantage: one.version for one in seen if one.first_us < pivot.start}
    return tuple(sorted(set(last.values())))


def _first_after(seen: Sequence[Seen], pivot: Interval) -> tuple[str, ...]:
    """Return the versions that the vantage points saw first after an interval."""
    after = [one for one in seen if one.last_us >= pivot.end]
    first = {one.vantage: one.version for one in reversed(after)}
    return tuple(sorted(set(first.values())))
