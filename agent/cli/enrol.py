"""`constat-agent enrol`: have a collector accept this machine's key."""

import asyncio
from pathlib import Path
from typing import IO

import click

from agent.cli.ending import CommandError, ExitCode
from agent.cli.options import config_option, configuration
from agent.config import Config
from agent.config_file import CollectorConfig
from agent.enrol import EnrolmentRefusedError, Vantage
from agent.enrol import enrol as enrol_with
from agent.identity import Identity
from agent.keys import UnusableStateError
from agent.link import Link, TrustError, UnreachableError
from probes.model.release import RELEASE


@click.command(
    epilog="""\b
Examples:
  constat-agent enrol -c agent.yaml --collector https://constat.example --token-file token
  pass show constat | constat-agent enrol -c agent.yaml --token-file -

The key is made in the state_dir of the configuration and never leaves it. A token serves once;
to enrol with several collectors, run it again with each one's token."""
)
@config_option
@click.option("--collector", help="URL or name of the collector; needed if there are several.")
@click.option("--token-file", type=click.File("r"), help="File that holds the token; - is stdin.")
@click.option("--token", help="The token itself; others on this machine may see it.")
def enrol(path: Path, collector: str | None, token_file: IO[str] | None, token: str | None) -> None:
    """Have a collector accept this machine's key, made here if there is none yet."""
    config = configuration(path)
    chosen = _chosen(config, collector)
    if (token is None) == (token_file is None):
        raise click.UsageError("Give the token by --token-file or by --token.")
    secret = (token_file.read() if token_file else token or "").strip()
    if not secret.isascii() or not secret.isprintable() or not secret:
        raise click.UsageError("The token is empty, or is not one.")
    try:
        identity = asyncio.run(_enrol(config, chosen, secret))
    except (EnrolmentRefusedError, UnreachableError) as error:
        raise CommandError(str(error), ExitCode.UNREACHABLE) from None
    except TrustError as error:
        raise CommandError(str(error), ExitCode.USAGE) from None
    except UnusableStateError as error:
        raise CommandError(str(error)) from None
    click.echo(
        f"{identity.vantage} is enrolled with {chosen.url}"
        f" for {identity.tenant}, as agent {identity.agent}"
    )


def _chosen(config: Config, wanted: str | None) -> CollectorConfig:
    """Return the collector meant, by URL or name; the only one may go without saying."""
    known = config.collectors
    if not known:
        raise CommandError(f"{config.path} names no collector to enrol with", ExitCode.USAGE)
    if wanted is None and len(known) == 1:
        return known[0]
    for collector in known:
        if wanted is not None and wanted.rstrip("/") in (collector.url, collector.name):
            return collector
    said = "Say which one by --collector" if wanted is None else f"{wanted} is not in {config.path}"
    raise click.UsageError(f"{said}: {', '.join(collector.url for collector in known)}.")


async def _enrol(config: Config, collector: CollectorConfig, token: str) -> Identity:
    ca_file = Path(collector.ca_file) if collector.ca_file else None
    vantage = Vantage(config.vantage, config.kind, RELEASE)
    async with Link(collector.url, ca_file, f"constat-agent/{RELEASE}") as link:
        return await enrol_with(link, config.state_dir, token, vantage)
