"""`constat-agent check`: try a configuration before an agent runs with it."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import click

from agent.cli.ending import CommandError, ExitCode
from agent.cli.observations import headline, healthy, take_all
from agent.cli.options import NO_REFERENCES, config_option, configuration
from agent.config import Config
from agent.keys import UnusableStateError
from agent.service import NotEnrolledError, signer
from agent.witness import Reach, answered, reach_of


@click.command(
    epilog="""\b
Example:
  constat-agent check --config agent.yaml

Nothing is recorded and nothing is sent. The exit code is 0 when every check is up or degraded and
a reference answers, 1 when not, 2 when the configuration is refused."""
)
@config_option
def check(path: Path) -> int:
    """Try a configuration: run each of its checks and references once, print what they found."""
    config = configuration(path)
    taken = asyncio.run(take_all(config.measured))
    width = max(len(each.name) for each in config.measured)
    for each, result in zip(config.measured, taken, strict=True):
        click.echo(headline(result, f"{each.name:{width}}"))
        if result.observation.detail:
            click.echo(f"{'':10}{result.observation.detail}")
    for note in _notes(config):
        click.echo(f"note: {note}", err=True)
    results = taken[: len(config.checks)]
    if unwell := sum(not healthy(result) for result in results):
        raise CommandError(f"{unwell} of {len(results)} checks are not up")
    if config.references and not any(
        reach_of(each.spec) is Reach.NETWORK and answered(result.observation)
        for each, result in zip(config.references, taken[len(results) :], strict=True)
    ):
        raise CommandError("no reference answers: no failure could be told from one of our own")
    return ExitCode.DONE


def _notes(config: Config) -> list[str]:
    """Return what is in order by itself but may not be meant."""
    notes = [
        f"batches go to {collector.url} unencrypted; they are signed, not secret"
        for collector in config.collectors
        if urlsplit(collector.url).scheme == "http"
    ]
    if not config.references:
        notes.append(NO_REFERENCES)
    try:
        signer(config)
    except (NotEnrolledError, UnusableStateError) as error:
        notes.append(str(error))
    return notes
