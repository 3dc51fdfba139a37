"""Load, report, record: who intervened in a hospital, the register of a month, and its sending."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from zoneinfo import ZoneInfo

from collector.errors import RefusedError
from collector.evidence.names import Person
from collector.record.catalogue import ItemKind, StoredItem, hospital_of, site_of
from collector.record.interventions import INTERVENTIONS_EXPORTED
from collector.register.names import keep_person, persons_of
from collector.register.sealing import Sealer, open_desk
from collector.report.interventions import (
    Attended,
    Identity,
    MonthOfInterventions,
    Sending,
    month_on,
    shares_of,
)
from collector.store.catalogue import items_in_force
from collector.store.interventions import ExportRow, exports_of, list_interventions
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import tenant_named, tenant_names


async def attended_in(
    pool: Pool, hospital: str | None, window: str | None = None, *, only_open: bool = False
) -> list[Attended]:
    """Return who intervened in a hospital, or in all: every time, for a window, or those open."""
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found: list[Attended] = []
        for name in await tenant_names(connection) if hospital is None else [hospital]:
            found += await _attended(connection, name, window, only_open=only_open)
    return found


async def month_of(pool: Pool, hospital: str, month: date, now_us: int) -> MonthOfInterventions:
    """Return the interventions of a hospital in the civil month that holds a day."""
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await _month_of(connection, hospital, month, now_us)


async def record_sending(  # noqa: PLR0913, PLR0917 - a statement, and what it says
    pool: Pool,
    sealer: Sealer,
    report: MonthOfInterventions,
    csv: bytes,
    recipient: str,
    author: str,
) -> str:
    """Seal that the CSV of a month was sent to somebody; return its digest.

    A month that is not over is refused: what is sent would not be the month.
    """
    if not report.is_over:
        raise RefusedError(f"{report.month} is not over: its register can be sent once it is")
    digest = sha256(csv).hexdigest()
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, report.hospital)
        desk = await open_desk(connection, tenant_id, report.hospital, sealer, author)
        body = {
            "month": report.month,
            "rows": len(report.shares),
            "sha256": digest,
            "recipient": await keep_person(desk, Person(recipient)),
        }
        await desk.seal(INTERVENTIONS_EXPORTED, body)
    return digest


async def _attended(
    connection: Connection, hospital: str, window: str | None = None, *, only_open: bool = False
) -> list[Attended]:
    tenant_id = await tenant_named(connection, hospital)
    persons = await persons_of(connection, tenant_id)
    zones = _zones(await items_in_force(connection, tenant_id))
    return [
        Attended(hospital, each, zones[each.site], identity_of(persons.get(each.person)))
        for _, each in await list_interventions(
            connection, tenant=hospital, window=window, only_open=only_open
        )
    ]


def identity_of(person: Person | None) -> Identity | None:
    """Return who somebody is, None once that was erased."""
    return None if person is None else Identity(person.name, person.company)


def _zones(items: list[StoredItem]) -> dict[str, ZoneInfo]:
    return {
        item.name: ZoneInfo(site_of(item.value).timezone)
        for item in items
        if item.kind == ItemKind.SITE
    }


async def _month_of(
    connection: Connection, hospital: str, month: date, now_us: int
) -> MonthOfInterventions:
    tenant_id = await tenant_named(connection, hospital)
    items = await items_in_force(connection, tenant_id)
    zones = _zones(items)
    [named] = [hospital_of(item.value).name for item in items if item.kind == ItemKind.HOSPITAL]
    persons = await persons_of(connection, tenant_id)
    name = f"{month:%Y-%m}"
    return MonthOfInterventions(
        hospital=hospital,
        hospital_name=named,
        month=name,
        zone=zones[min(zones)],
        is_over=all(month_on(month, zone).end <= now_us for zone in zones.values()),
        shares=tuple(shares_of(await _attended(connection, hospital), month, now_us)),
        sendings=tuple(
            _sending(row, persons) for row in await exports_of(connection, tenant_id, name)
        ),
    )


def _sending(row: ExportRow, persons: Mapping[str, Person]) -> Sending:
    recipient = persons.get(row.recipient)
    return Sending(row.at_us, row.rows, row.sha256, recipient.name if recipient else None)
