"""`constat report deliveries`: the versions of a year against what the referential allows."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from collector.cli.database import now_us, on_database
from collector.cli.options import (
    Output,
    Target,
    hospital,
    language,
    outputs,
    reads_database,
)
from collector.cli.tables import print_rows
from collector.deliveries import deliveries_of
from collector.report.deliveries import DeliveriesReport
from collector.report.deliveries_forms import (
    DELIVERIES_COLUMNS,
    deliveries_json,
    deliveries_rows,
)
from collector.report.deliveries_text import deliveries_lines
from collector.report.durations import Language
from collector.store.pool import Pool
from probes.model.complaint import plain_json


@click.command(
    "deliveries",
    short_help="Count the versions delivered in a year.",
    epilog="""\b
Examples:
  constat report deliveries --year 2026
  constat report deliveries --year 2026 --hospital CH-EXEMPLE --product dossier-patient -o csv

\b
At most one major and seven intermediate versions a year (§4.1.7); each window says whether its
version counts, and if not why. A version over several windows is one delivery.
Exit codes: 0 done · 5 no such hospital or product · 6 the database cannot be reached""",
)
@click.option(
    "--year",
    type=click.IntRange(1970, 2200),
    default=lambda: datetime.now(UTC).year,
    show_default="this year",
    help="Civil year, on the site's clocks.",
)
@hospital
@click.option("--product", metavar="P", help="Only this product, by its key or its name.")
@language
@outputs()
@reads_database
def report_deliveries(  # noqa: PLR0913 - the options of the command
    *,
    year: int,
    hospital: str | None,
    product: str | None,
    lang: Language,
    output: Output,
    target: Target,
) -> None:
    """Print which versions count for a year, which do not and why, and the pilot evaluation."""

    async def work(pool: Pool) -> list[DeliveriesReport]:
        return await deliveries_of(pool, hospital, product, year, now_us())

    _print(on_database(target, work), output, lang)


def _print(reports: Sequence[DeliveriesReport], output: Output, lang: Language) -> None:
    match output:
        case Output.JSON:
            stated = [deliveries_json(report) for report in reports]
            click.echo(plain_json(stated))
        case Output.CSV:
            rows = [row for report in reports for row in deliveries_rows(report)]
            print_rows(rows, DELIVERIES_COLUMNS, output, empty="")
        case Output.TABLE:
            texts = ["\n".join(deliveries_lines(report, lang)) for report in reports]
            click.echo("\n\n".join(texts) or "no product")
