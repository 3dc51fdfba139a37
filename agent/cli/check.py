"""`constat-agent check`: try a configuration before an agent runs with it."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import click

from agent.cli.ending import CommandError, ExitCode
from agent.cli.observations import headline, healthy, take_all
from agent.cli.options import config_option, configuration
from agent.config import Config
from agent.keys import UnusableStateError
from agent.service import NotEnrolledError, signer


@click.command(
    epilog="""\b
Example:
  constat-agent check --config agent.yaml

Nothing is recorded and nothing is sent. The exit code is 0 when every check is up or degraded,
1 when one is not, 2 when the configuration is refused."""
)
@config_option
def check(path: Path) -> int:
    """Try a configuration: read it, run each of its checks once and print what they found."""
    config = configuration(path)
    taken = asyncio.run(take_all(config.checks))
    width = max(len(each.name) for each in config.checks)
    for each, result in zip(config.checks, taken, strict=True):
        click.echo(headline(result, f"{each.name:{width}}"))
        if result.observation.detail:
            click.echo(f"{'':10}{result.observation.detail}")
    for note in _notes(config):
        click.echo(f"note: {note}", err=True)
    unwell = [
        each.name for each, result in zip(config.checks, taken, strict=True) if not healthy(result)
    ]
    if unwell:
        raise CommandError(f"{len(unwell)} of {len(taken)} checks are not up")
    return ExitCode.DONE


def _notes(config: Config) -> list[str]:
    """Return what is in order by itself but may not be meant."""
    notes = [
        f"batches go to {collector.url} unencrypted; they are signed, not secret"
        for collector in config.collectors
        if urlsplit(collector.url).scheme == "http"
    ]
    try:
        signer(config)
    except (NotEnrolledError, UnusableStateError) as error:
        notes.append(str(error))
    return notes
