"""`constat report`: what a year of operations comes to."""

import click

from collector.cli.report_availability import report_availability
from collector.cli.report_deliveries import report_deliveries


@click.group(
    short_help="Report on availability and deliveries.",
    epilog="""\b
Examples:
  constat report availability --hospital CH-EXEMPLE --period month
  constat report deliveries --year 2026""",
)
def report() -> None:
    """Report over months and years, from what was measured and registered."""


for command in (report_availability, report_deliveries):
    report.add_command(command)
