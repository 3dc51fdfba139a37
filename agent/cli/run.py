"""`constat-agent run`: measure until told to stop."""

from pathlib import Path

import click

from agent.cli.ending import CommandError, ExitCode
from agent.cli.options import config_option, configuration
from agent.config import Config
from agent.log import log_to_stderr
from probes.model.release import RELEASE


@click.command(
    epilog="""\b
Example:
  constat-agent run --config /etc/constat/agent.yaml

SIGTERM or Ctrl-C ends it: what was measured is sealed, and sent if that takes a moment only."""
)
@config_option
def run(path: Path) -> None:
    """Measure until told to stop: run the checks, seal their results, bring them to collectors.

    The log goes to standard error, a line for each event.
    """
    config = configuration(path)
    log_to_stderr()
    _measure(config)


def _measure(config: Config) -> None:
    # Only now: what reading a large configuration has left of free memory is used again by these.
    from agent.database import SpoolError  # noqa: PLC0415
    from agent.keys import UnusableStateError  # noqa: PLC0415
    from agent.link import TrustError  # noqa: PLC0415
    from agent.loop import run_punctually  # noqa: PLC0415
    from agent.service import NotEnrolledError  # noqa: PLC0415
    from agent.supervise import run_agent  # noqa: PLC0415

    try:
        run_punctually(run_agent(config, RELEASE))
    except (NotEnrolledError, TrustError) as error:
        raise CommandError(str(error), ExitCode.USAGE) from None
    except (SpoolError, UnusableStateError) as error:
        raise CommandError(str(error)) from None


@click.command(epilog="\b\nExample:\n  constat-agent version")
def version() -> None:
    """Print the version of this agent."""
    click.echo(RELEASE)
