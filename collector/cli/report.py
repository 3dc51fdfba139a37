"""`constat report`: what one operation comes to, and months and years of them."""

import click

from collector.cli.report_availability import report_availability
from collector.cli.report_deliveries import report_deliveries
from collector.cli.report_interventions import report_interventions
from collector.cli.report_window import report_window


@click.group(
    short_help="Report on a window, availability, deliveries, interventions.",
    epilog="""\b
Examples:
  constat report window MAJ-2026-0142
  constat report availability --hospital CH-EXEMPLE --period month
  constat report deliveries --year 2026
  constat report interventions --hospital CH-EXEMPLE --month 2026-11""",
)
def report() -> None:
    """Report on one operation, over months and years, from what was measured and registered."""


for command in (report_window, report_availability, report_deliveries, report_interventions):
    report.add_command(command)
