"""Importing measurements from elsewhere: sealed as what they are, whole or not at all.

Nobody signed them where they were made. They are therefore kept apart from those of agents, a
vantage point that has an agent takes none, and one that only they speak of stands on no panel that
was fixed before they came.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from collector.errors import ConfigurationError, RefusedError
from collector.record.catalogue import ItemKind, service_of
from collector.record.import_body import import_bodies
from collector.record.roster import IMPORTED_KIND
from collector.register.sealing import Sealer, open_desk
from collector.store.catalogue import items_in_force
from collector.store.imports import find_import
from collector.store.pool import Connection, Pool, transaction
from collector.store.roster import read_standings
from collector.store.tenants import TenantId, tenant_named
from probes.model.instant import format_instant
from probes.model.measurement import Measurement, VantageKind


@dataclass(frozen=True, slots=True)
class Source:
    """Where measurements come from: the name of their file, and the SHA-256 of its bytes."""

    name: str
    digest: str


async def import_measurements(  # noqa: PLR0913, PLR0917 - who imports what, and who is told
    pool: Pool,
    sealer: Sealer,
    hospital: str,
    measurements: Sequence[Measurement],
    source: Source,
    author: str,
    sealed: Callable[[int], None] = lambda _: None,
) -> int:
    """Seal measurements in a hospital's log; return how many entries hold them.

    `sealed` is told how many measurements each entry took.
    """
    kinds = _kinds(measurements)
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
        desk = await open_desk(connection, tenant_id, hospital, sealer, author)
        await _refuse_twice(connection, tenant_id, source)
        await _refuse_mixture(connection, tenant_id, kinds)
        intervals_us = await _intervals(connection, tenant_id)
        _refuse_strangers(hospital, {each.check for each in measurements}, intervals_us)
        count = 0
        for body, held in import_bodies(measurements, intervals_us, source.name):
            await desk.seal(IMPORTED_KIND, {**body, "digest": source.digest})
            count += 1
            sealed(held)
    return count


def _kinds(measurements: Iterable[Measurement]) -> dict[str, VantageKind]:
    kinds: dict[str, VantageKind] = {}
    for measurement in measurements:
        kind = kinds.setdefault(measurement.vantage, measurement.kind)
        if kind is not measurement.kind:
            raise ConfigurationError(
                f"the vantage point {measurement.vantage} is both {kind} and {measurement.kind}"
            )
    if not kinds:
        raise ConfigurationError("there is no measurement in it")
    return kinds


async def _refuse_twice(connection: Connection, tenant_id: TenantId, source: Source) -> None:
    before = await find_import(connection, tenant_id, source.digest)
    if before is not None:
        raise RefusedError(
            f"this file was imported before, by {before.author} at {format_instant(before.at_us)}"
            f" as {before.source}"
        )


async def _refuse_mixture(
    connection: Connection, tenant_id: TenantId, kinds: dict[str, VantageKind]
) -> None:
    for standing in await read_standings(connection, tenant_id):
        kind = kinds.get(standing.vantage)
        if kind is None:
            continue
        if not standing.imported:
            raise RefusedError(
                f"the vantage point {standing.vantage} has an agent here: what is imported must not"
                " be mixed with what it signed; give it another name"
            )
        if kind is not standing.kind:
            raise RefusedError(f"the vantage point {standing.vantage} is {standing.kind} here")


async def _intervals(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    items = await items_in_force(connection, tenant_id)
    services = [service_of(item.value) for item in items if item.kind == ItemKind.SERVICE]
    return {
        name: int(check.interval) for service in services for name, check in service.checks.items()
    }


def _refuse_strangers(hospital: str, checks: set[str], intervals_us: dict[str, int]) -> None:
    strangers = sorted(checks - intervals_us.keys())
    if strangers:
        raise ConfigurationError(
            f"no service of {hospital} has the check {strangers[0]}; there are:"
            f" {', '.join(sorted(intervals_us)) or 'none'}"
        )
