"""`constat report`: what a year of operations comes to."""

import click

from collector.cli.report_availability import report_availability


@click.group(
    short_help="Report on availability.",
    epilog="""\b
Examples:
  constat report availability --hospital CH-EXEMPLE --period month""",
)
def report() -> None:
    """Report over months and years, from what was measured and registered."""


for command in (report_availability,):
    report.add_command(command)
