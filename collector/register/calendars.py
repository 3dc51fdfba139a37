"""The calendar of a site: public holidays as the package names them, and what was edited."""

from datetime import date
from typing import NamedTuple

from collector.errors import ConfigurationError, NotFoundError
from collector.judge.calendar import named_holidays
from collector.record.catalogue import ItemKind, Site, site_of
from collector.store.catalogue import items_in_force
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named, tenant_names


class CalendarDay(NamedTuple):
    """One day: whether the site is closed on it (`counts`), and whether that was agreed."""

    day: date
    name: str
    counts: bool
    edited: bool


async def site_calendar(
    pool: Pool, site: str, hospital: str | None, year: int
) -> tuple[Site, list[CalendarDay]]:
    """Return a site, and the holidays of a year as its calendar has them, in order."""
    async with connected(pool) as connection:
        asked = [hospital] if hospital else await tenant_names(connection)
        found = {
            name: site_of(item.value)
            for name in asked
            for item in await items_in_force(connection, await tenant_named(connection, name))
            if (item.kind, item.name) == (ItemKind.SITE, site)
        }
    if not found:
        where = f" in {hospital}" if hospital else ""
        raise NotFoundError(f"there is no site {site!r}{where}: see the catalogue")
    if len(found) > 1:
        raise ConfigurationError(
            f"several hospitals have a site {site}, say which: --hospital {min(found)}"
        )
    [only] = found.values()
    return only, calendar_days(only, year)


def calendar_days(site: Site, year: int) -> list[CalendarDay]:
    """Return the public holidays of a year and the days that were added, in order."""
    public = named_holidays(site.calendar, [year])
    added = {day for day in site.holidays.add if day.year == year}
    removed = frozenset(site.holidays.remove)
    return [
        CalendarDay(
            day, public.get(day, ""), day not in removed, day not in public or day in removed
        )
        for day in sorted(public.keys() | added)
    ]
