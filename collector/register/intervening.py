"""Registering interventions of persons: each statement is checked, sealed and projected at once.

An intervention that names a window widens it as long as the window is open. A window is not closed
before the last of its interventions has ended, so none can end after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from collector.errors import ConfigurationError, NotFoundError
from collector.record.catalogue import ItemKind, service_of, site_of
from collector.record.interventions import InterventionKind, NamedIntervention, fields_of
from collector.record.steps import RegisteredWindow
from collector.register.attendance import Attendance, check_begin, check_correct, check_end
from collector.register.names import keep_person
from collector.register.sealing import Desk, Sealer, open_desk, read_window
from collector.store.catalogue import items_in_force
from collector.store.interventions import (
    find_intervention,
    interventions_named,
    lock_intervention_numbering,
)
from collector.store.pool import Connection, Pool, transaction
from collector.store.tenants import TenantId, tenant_named
from probes.model.instant import local_date

INTERVENTION_PREFIX: Final = "INT"


class Registered(NamedTuple):
    """An intervention as it stands, and the clocks of its site."""

    hospital: str
    intervention: NamedIntervention
    zone: ZoneInfo


class Place(NamedTuple):
    """A site and its clocks."""

    site: str
    zone: ZoneInfo


async def start_intervention(
    pool: Pool, sealer: Sealer, attendance: Attendance, author: str
) -> Registered:
    """Register that somebody intervenes, now unless an instant of the past is given."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, attendance.hospital)
        desk = await open_desk(connection, tenant_id, attendance.hospital, sealer, author)
        return await state_start(desk, attendance)


async def state_start(desk: Desk, attendance: Attendance) -> Registered:
    """Register at a desk that somebody intervenes."""
    window = await _window(desk, attendance.window)
    started_us = desk.at_us if attendance.at_us is None else attendance.at_us
    check_begin(window, started_us, desk.at_us)
    service = window.service if window else ""
    site, zone = await place_of(
        desk.connection, desk.tenant_id, service=service, site=attendance.site
    )
    body: dict[str, Any] = {
        "intervention": await _next_id(desk.connection, started_us, zone),
        "window": attendance.window,
        "site": site,
        "person": await keep_person(desk, attendance.person),
        "purpose": attendance.purpose,
        "start_us": started_us,
        "mode": attendance.mode.value if attendance.mode else "",
        "confidentiality": attendance.confidentiality,
    }
    said = {key: value for key, value in body.items() if value or key == "window"}
    return await _seal(desk, InterventionKind.STARTED, said)


async def end_intervention(
    pool: Pool, sealer: Sealer, found: Registered, at_us: int | None, author: str
) -> Registered:
    """Register that an intervention ended, now unless an instant of the past is given."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, found.hospital)
        desk = await open_desk(connection, tenant_id, found.hospital, sealer, author)
        return await state_end(desk, found.intervention.id, at_us)


async def state_end(desk: Desk, name: str, at_us: int | None) -> Registered:
    """Register at a desk that an intervention ended."""
    known = await _known(desk, name)
    ended_us = desk.at_us if at_us is None else at_us
    check_end(known, ended_us, desk.at_us)
    return await _state(desk, known, InterventionKind.ENDED, end_us=ended_us)


async def correct_intervention(  # noqa: PLR0913, PLR0917 - a statement, and what it says
    pool: Pool,
    sealer: Sealer,
    found: Registered,
    author: str,
    new: Mapping[str, str | int],
    reason: str,
) -> Registered:
    """Put fields of an intervention right, as `fields_of` names them; empty values take them away.

    The old stays beside the new. Who it was is not corrected but registered anew: of a person the
    log has a commitment only, and two of them show nobody what was put right.
    """
    async with transaction(pool) as connection:
        desk, known = await _desk(connection, sealer, found, author)
        check_correct(known, new, desk.at_us)
        old = fields_of(known)
        changes = [
            {"field": name, "old": old.get(name, ""), "new": value}
            for name, value in new.items()
            if old.get(name, "") != value
        ]
        return await _state(desk, known, InterventionKind.CORRECTED, changes=changes, reason=reason)


async def locate_intervention(
    connection: Connection, name: str, hospital: str | None = None
) -> Registered:
    """Return an intervention; `NotFoundError` when there is none, `ConfigurationError` for two."""
    rows = await interventions_named(connection, name)
    found = [row for row in rows if hospital in (None, row.tenant)]
    if not found:
        raise NotFoundError(f"there is no intervention {name}: constat intervention list")
    if len(found) > 1:
        raise ConfigurationError(
            f"several hospitals have an intervention {name}, say which:"
            f" --hospital {found[0].tenant}"
        )
    [(tenant, intervention)] = found
    tenant_id = await tenant_named(connection, tenant)
    return Registered(tenant, intervention, await zone_at(connection, tenant_id, intervention.site))


async def place_of(
    connection: Connection, tenant_id: TenantId, *, service: str = "", site: str = ""
) -> Place:
    """Return where somebody intervenes: at the site said, that of the service, or the only one."""
    items = await items_in_force(connection, tenant_id)
    zones = {
        item.name: ZoneInfo(site_of(item.value).timezone)
        for item in items
        if item.kind == ItemKind.SITE
    }
    of_service = {
        item.name: service_of(item.value).site or ""
        for item in items
        if item.kind == ItemKind.SERVICE
    }
    settled = of_service[service] if service else site or _only(sorted(zones))
    if settled not in zones:
        raise NotFoundError(f"there is no site {settled!r}; there are: {', '.join(sorted(zones))}")
    if site not in ("", settled):
        raise ConfigurationError(f"the window is of the site {settled}, not {site}")
    return Place(settled, zones[settled])


async def zone_at(connection: Connection, tenant_id: TenantId, site: str) -> ZoneInfo:
    """Return the clocks of a site as they were last declared."""
    return (await place_of(connection, tenant_id, site=site)).zone


def _only(sites: Sequence[str]) -> str:
    if len(sites) != 1:
        known = ", ".join(sites) or "none"
        raise ConfigurationError(f"at which site? Say --site, or --window; there are: {known}")
    return sites[0]


async def _window(desk: Desk, name: str) -> RegisteredWindow | None:
    if not name:
        return None
    window = await read_window(desk, name)
    if window is None:
        raise NotFoundError(f"there is no window {name} in {desk.tenant}: constat window list")
    return window


async def _next_id(connection: Connection, at_us: int, zone: ZoneInfo) -> str:
    prefix = f"{INTERVENTION_PREFIX}-{local_date(at_us, zone).year}-"
    return f"{prefix}{await lock_intervention_numbering(connection, prefix) + 1:04d}"


async def _desk(
    connection: Connection, sealer: Sealer, found: Registered, author: str
) -> tuple[Desk, NamedIntervention]:
    """Return a desk on the log of an intervention's hospital, and the intervention as it stands."""
    tenant_id = await tenant_named(connection, found.hospital)
    desk = await open_desk(connection, tenant_id, found.hospital, sealer, author)
    return desk, await _known(desk, found.intervention.id)


async def _state(
    desk: Desk,
    known: NamedIntervention,
    kind: InterventionKind,
    **body: Any,  # noqa: ANN401
) -> Registered:
    return await _seal(desk, kind, {"intervention": known.id, "window": known.window, **body})


async def _seal(desk: Desk, kind: InterventionKind, body: dict[str, Any]) -> Registered:
    await desk.seal(kind.value, body)
    made = await _known(desk, body["intervention"])
    return Registered(desk.tenant, made, await zone_at(desk.connection, desk.tenant_id, made.site))


async def _known(desk: Desk, name: str) -> NamedIntervention:
    known = await find_intervention(desk.connection, desk.tenant_id, name)
    if known is None:
        raise NotFoundError(f"there is no intervention {name} in {desk.tenant}")
    return known
