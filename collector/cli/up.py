"""`constat up`: run a collector on this machine until it is told to stop."""

import asyncio

import click

from collector.cli.database import now_us
from collector.cli.lines import say_in_lines
from collector.cli.options import reads_settings
from collector.server.serving import serve
from collector.settings import Settings


@click.command(
    "up",
    short_help="Run a collector on this machine.",
    epilog="""\b
Examples:
  constat up --config constat.yaml
  constat up                       with ./constat.yaml

\b
Once it serves, the data folder holds ready.json with the address. It stops on Ctrl-C or SIGTERM.
Exit codes: 0 stopped as asked · 1 it failed · 2 the settings are not right
· 6 a collector runs there already, or the port is taken, or the database cannot be reached""",
)
@reads_settings
def up(*, settings: Settings) -> None:
    """Run database, ingest, projector and HTTP, and the local agent if the settings name one.

    The first start makes the data folder, the database and the key the log is signed with.
    """
    say_in_lines()
    asyncio.run(serve(settings, now_us=now_us, tell=click.echo, stop=asyncio.Event()))
