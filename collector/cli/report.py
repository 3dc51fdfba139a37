"""`constat report`: what months and years of operations come to."""

import click

from collector.cli.report_availability import report_availability
from collector.cli.report_deliveries import report_deliveries
from collector.cli.report_interventions import report_interventions


@click.group(
    short_help="Report on availability, deliveries and interventions.",
    epilog="""\b
Examples:
  constat report availability --hospital CH-EXEMPLE --period month
  constat report deliveries --year 2026
  constat report interventions --hospital CH-EXEMPLE --month 2026-11""",
)
def report() -> None:
    """Report over months and years, from what was measured and registered."""


for command in (report_availability, report_deliveries, report_interventions):
    report.add_command(command)
