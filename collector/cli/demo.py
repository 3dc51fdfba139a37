"""`constat demo`: watch a real upgrade being measured and judged, on this machine."""

from pathlib import Path
from tempfile import mkdtemp

import click
from rich.console import Console

from collector.demo.narrator import Narrator
from collector.demo.run import demonstrate
from collector.demo.scenario import SCENARIOS

_SCENARIOS = "\n".join(f"  {name:18}{scenario.story}" for name, scenario in SCENARIOS.items())


@click.command(
    short_help="Watch a real upgrade being measured.",
    epilog=f"""\b
Scenarios:
{_SCENARIOS}

\b
Examples:
  constat demo
  constat demo --scenario inconclusive --output demo/ --keep

\b
Exit codes: 0, 3 or 4 as the verdict it is named for · 1 it failed, or another verdict came
· 2 the folder is not one to use""",
)
@click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    default="compliant",
    show_default=True,
    help="What happens during the upgrade.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for results and logs; a new one in the temporary folder by default.",
)
@click.option("--keep", is_flag=True, help="Keep the databases, the keys and the spools too.")
def demo(*, scenario: str, output: Path | None, keep: bool) -> int:
    """Upgrade a small patient record for real, while three agents measure it.

    A collector with its own database, a patient record in two versions, and three agents with their
    own keys and network paths run as processes of their own. Takes about a minute, and stops
    everything it started.
    """
    folder = (output or Path(mkdtemp(prefix="constat-demo-"))).absolute()
    return demonstrate(SCENARIOS[scenario], folder, Narrator(Console()), keep=keep)
