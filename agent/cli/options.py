"""What several commands ask for in the same way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from agent.cli.ending import CommandError, ExitCode
from agent.config import Config, ConfigError, read_config

NO_REFERENCES: Final = (
    "this vantage point cannot tell the loss of its own network from a service's;"
    " name its gateway, a resolver or a peer under references"
)

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """Add `--config FILE`."""
    return click.option(
        "--config",
        "-c",
        "path",
        type=click.Path(path_type=Path),
        required=True,
        help="The agent's configuration (YAML).",
    )(command)


def configuration(path: Path) -> Config:
    """Return the configuration in a file; a `CommandError` names every fault in it."""
    try:
        return read_config(path)
    except ConfigError as error:
        raise CommandError(str(error), ExitCode.USAGE) from None
