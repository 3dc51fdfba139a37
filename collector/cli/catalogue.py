"""`constat catalogue`: what is agreed, as the log has it."""

from collections.abc import Iterator
from typing import Final

import click

from collector.cli.database import now_us, on_database
from collector.cli.options import Output, Target, hospital, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.cli.times import read_instant_with_offset
from collector.errors import ConfigurationError
from collector.register.changes import leaves
from collector.register.in_force import ItemInForce, catalogue_in_force
from collector.store.pool import Pool
from probes.model.complaint import plain_json
from probes.model.instant import format_instant

_COLUMNS: Final = ("hospital", "item", "name", "key", "value", "entry", "since")


@click.group(
    short_help="See the catalogue that is in force.",
    epilog="""\b
Examples:
  constat catalogue show --hospital CH-EXEMPLE""",
)
def catalogue() -> None:
    """Hospitals, contacts, products, sites and services, as the log has them."""


@catalogue.command(
    "show",
    short_help="Print the items in force, key by key.",
    epilog="""\b
Examples:
  constat catalogue show
  constat catalogue show --hospital CH-EXEMPLE --as-of 2026-11-14T22:00:00+01:00
  constat catalogue show -o json | jq '.[] | select(.item == "service")'

\b
A window is judged by what was in force before it opened. The name of a contact that was erased is
left out. Exit codes: 0 done · 2 a time is not right · 5 no such hospital
· 6 the database cannot be reached""",
)
@click.option("--as-of", metavar="TIME", help="What was in force by then: RFC 3339.")
@hospital
@outputs()
@reads_database
def show(*, as_of: str | None, hospital: str | None, output: Output, target: Target) -> None:
    """Print every item in force, with the entry of the log that gave it. Instants are UTC."""
    by_us = None if as_of is None else read_instant_with_offset("--as-of", as_of)
    if by_us is not None and by_us > now_us():
        raise ConfigurationError(f"--as-of: {as_of} is still to come")

    async def work(pool: Pool) -> list[ItemInForce]:
        return await catalogue_in_force(pool, hospital, by_us)

    items = on_database(target, work)
    if output is Output.JSON:
        stated = [{**_head(item), "value": item.value, **_origin(item)} for item in items]
        click.echo(plain_json(stated, indent=2))
        return
    rows = [row for item in items for row in _rows(item)]
    print_rows(rows, _COLUMNS, output, empty="nothing is agreed yet: constat apply")


def _rows(item: ItemInForce) -> Iterator[Row]:
    for key, value in leaves(item.value):
        yield {**_head(item), "key": key, "value": value, **_origin(item)}


def _head(item: ItemInForce) -> Row:
    kind, name = item.key
    return {"hospital": item.hospital, "item": kind.value, "name": name}


def _origin(item: ItemInForce) -> Row:
    return {"entry": item.entry, "since": format_instant(item.at_us)}
