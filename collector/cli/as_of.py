"""The option `--as-of`: what was known of a window by an instant."""

from typing import Final

import click

from collector.cli.database import now_us
from collector.cli.times import read_instant
from collector.errors import ConfigurationError
from collector.register.agreements import zone_of
from collector.register.planning import Where, locate
from collector.store.pool import Pool, connected

as_of_option: Final = click.option(
    "--as-of", metavar="TIME", help="What was known by then: RFC 3339, or local time."
)


async def asked(
    pool: Pool, window_id: str, hospital: str | None, as_of: str | None
) -> tuple[Where, int | None]:
    """Return where a window is, and the instant that was asked for, read on the site's clocks."""
    async with connected(pool) as connection:
        where = await locate(connection, window_id, hospital)
        if as_of is None:
            return where, None
        zone = await zone_of(connection, where.hospital, where.service)
    as_of_us = read_instant("--as-of", as_of, zone)
    if as_of_us > now_us():
        raise ConfigurationError(f"--as-of: {as_of} is still to come")
    return where, as_of_us
