"""Lists as text for a person, as JSON or as CSV: one set of rows, three forms."""

from collections.abc import Sequence

import click

from collector.cli.options import Output
from collector.report.as_csv import table_csv
from collector.report.as_text import columns_text
from probes.model.complaint import plain_json

Row = dict[str, str | int]


def print_rows(rows: Sequence[Row], columns: Sequence[str], output: Output, *, empty: str) -> None:
    """Print rows in the form asked for; `columns` names them all, in order.

    As a table, `empty` is said when there are none: an empty screen says nothing.
    """
    match output:
        case Output.JSON:
            click.echo(plain_json(list(rows), indent=2))
        case Output.CSV:
            cells = [[row.get(column, "") for column in columns] for row in rows]
            click.echo(table_csv(columns, cells), nl=False)
        case Output.TABLE:
            click.echo(_table(rows, columns) if rows else empty)


def _table(rows: Sequence[Row], columns: Sequence[str]) -> str:
    lines = [[column.replace("_", " ").upper() for column in columns]]
    lines += [[str(row.get(column, "")) for column in columns] for row in rows]
    return "\n".join(columns_text(lines))
