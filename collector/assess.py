"""Load, judge, record: the one seam between the pure rules and the database.

What is judged is what the log holds when the question is asked: the projection is brought up to the
head first. The object is the one `constat assess` makes of the same measurements in files, to the
microsecond.
"""

import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

from collector.errors import NotFoundError
from collector.judge.assessment import Assessment, CheckSpans, assess_spans
from collector.judge.terms import Window, WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.record.agreed import Agreed, judged_window
from collector.record.panel import Standing, panel_at
from collector.record.steps import RegisteredWindow, window_of
from collector.register.agreements import agreed_for
from collector.register.names import persons_of
from collector.register.planning import Where
from collector.register.projections import VERDICT_RECORDED
from collector.register.sealing import Sealer, open_desk
from collector.report.interventions import Identity
from collector.report.surroundings import Seen, filed_of, surroundings_of
from collector.report.value import Filed, Report, Surroundings
from collector.store.checks import read_checks
from collector.store.documents import read_documents
from collector.store.keys import read_keys
from collector.store.log import Head, read_head
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.projector import Projector
from collector.store.roster import read_standings, read_versions
from collector.store.series import Scope, read_measurements
from collector.store.tenants import TenantId, tenant_named
from collector.store.windows import steps_of, verdicts_of
from probes.model.instant import format_instant
from probes.model.measurement import Measurement


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A window as the register has it, in the terms of the judge."""

    tenant_id: TenantId
    registered: RegisteredWindow
    agreed: Agreed
    standings: Sequence[Standing]
    window: Window
    head: Head

    @property
    def panel(self) -> tuple[str, ...]:
        """The roster that counts."""
        return self.window.panel or ()

    @property
    def scope(self) -> Scope:
        """The measurements that decide, and those of whoever stands beside the panel."""
        return Scope(self.tenant_id, None, self.window.max_gaps_us, self.window.horizon)


async def report_on(pool: Pool, where: Where, as_of_us: int) -> Report:
    """Return the report on a window, as far as things are known at an instant."""
    async with _loaded(pool, where, as_of_us) as (connection, loaded):
        with _no_collection():
            assessment, checks = await judge(connection, loaded.scope, loaded.window, loaded.panel)
        return Report(assessment, await _surroundings(connection, loaded, assessment), checks)


async def measurements_for(
    pool: Pool, where: Where, as_of_us: int
) -> tuple[Window, dict[str, int], list[Measurement]]:
    """Return a window, the intervals of its checks, and the single measurements that decide it."""
    async with _loaded(pool, where, as_of_us) as (connection, loaded):
        checks = loaded.agreed.service.checks
        intervals_us = {name: int(check.interval) for name, check in checks.items()}
        return loaded.window, intervals_us, await read_measurements(connection, loaded.scope)


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


@asynccontextmanager
async def _loaded(
    pool: Pool, where: Where, as_of_us: int
) -> AsyncIterator[tuple[Connection, _Loaded]]:
    """Yield a window and a connection that sees its log as it is now, whatever is appended."""
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
    await Projector(pool).catch_up(tenant_id)
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection, await _load(connection, tenant_id, where, as_of_us)


async def _load(
    connection: Connection, tenant_id: TenantId, where: Where, as_of_us: int
) -> _Loaded:
    registered = await _known(connection, tenant_id, where, as_of_us)
    fixed_at_us = registered.fixed_at_us
    agreed = await agreed_for(
        connection,
        tenant_id,
        where.hospital,
        registered.service,
        by_us=min(fixed_at_us, as_of_us),
    )
    standings = await read_standings(connection, tenant_id)
    panel = panel_at(
        min(fixed_at_us, as_of_us + 1),
        standings,
        agreed.contract.panel_kind,
        agreed.service.panel,
    )
    window = judged_window(registered, agreed, panel, as_of_us)
    head = await read_head(connection, tenant_id)
    return _Loaded(tenant_id, registered, agreed, standings, window, head)


async def _known(
    connection: Connection, tenant_id: TenantId, where: Where, as_of_us: int
) -> RegisteredWindow:
    """Return a window as its steps up to an instant made it."""
    steps = await steps_of(connection, tenant_id, where.window_id)
    known = window_of(where.hospital, [step for step in steps if step.at_us <= as_of_us])
    if known is None and steps:
        raise NotFoundError(
            f"{where.window_id} was not announced yet at {format_instant(as_of_us)}"
        )
    if known is None:
        raise NotFoundError(f"there is no window {where.window_id} in {where.hospital}")
    return known


async def judge(
    connection: Connection, scope: Scope, window: Window, panel: tuple[str, ...]
) -> tuple[Assessment, Sequence[CheckSpans]]:
    """Return the assessment of a window from the spans in a scope, and those spans."""
    checks = await read_checks(connection, scope)
    assessment = assess_spans(window, panel, checks)
    if undecided := assessment.timeline.undecided:
        checks = await read_checks(connection, scope, isolate=undecided)
        assessment = assess_spans(window, panel, checks, isolated=True)
    return assessment, checks


async def _surroundings(
    connection: Connection, loaded: _Loaded, assessment: Assessment
) -> Surroundings:
    around = assessment.regulated.outages.hull or loaded.window.hull
    before, after = await read_versions(connection, loaded.scope, around)
    seen = Seen(
        before,
        after,
        loaded.head.size,
        loaded.head.root,
        await _filed(connection, loaded, assessment.window.known_until_us),
        await read_keys(connection, loaded.tenant_id),
    )
    found = surroundings_of(loaded.registered, loaded.agreed, loaded.standings, assessment, seen)
    return replace(found, identities=await _identities(connection, loaded))


async def _identities(connection: Connection, loaded: _Loaded) -> dict[str, Identity]:
    """Return who intervened for a window, as far as it was not erased."""
    named = {each.person for each in loaded.registered.named}
    persons = await persons_of(connection, loaded.tenant_id) if named else {}
    return {
        standing: Identity(person.name, person.company)
        for standing, person in persons.items()
        if standing in named
    }


async def _filed(connection: Connection, loaded: _Loaded, as_of_us: int) -> Filed:
    stated = await read_documents(connection, loaded.tenant_id, loaded.registered.id)
    known = stated.known_at(as_of_us)
    named = any(each.by for each in known.reservations)
    persons = await persons_of(connection, loaded.tenant_id) if named else {}
    names = {standing: person.name for standing, person in persons.items()}
    return filed_of(known, loaded.registered, names)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector away from what is read and judged, which has no cycles.

    With it, ten thousand vantage points take nearly twice as long: it walks them all many times.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
