"""`constat intervention`: who works on a client's system, when and why (§4.1.5, §4.5.1)."""

import click

from collector.cli.intervention_list import list_of_interventions
from collector.cli.intervention_states import correct, end, start


@click.group(
    short_help="Register who intervenes, when and why.",
    epilog="""\b
Examples:
  constat intervention start --hospital CH-EXEMPLE --person "Camille Martin" \\
      --company "Éditeur SA" --purpose "montée de version 2.0" --remote --window MAJ-2026-0142
  constat intervention end INT-2026-0001
  constat intervention list --hospital CH-EXEMPLE --open

\b
The log holds what commits to the person, never the name: constat names erase makes every report
say that the identity was erased, and leaves the log as it is.""",
)
def intervention() -> None:
    """Interventions: named persons on a client's system."""


for command in (start, end, correct, list_of_interventions):
    intervention.add_command(command)
