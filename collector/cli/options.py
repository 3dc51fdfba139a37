"""Options that several commands share, and what they resolve to."""

import os
import pwd
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Final, TypeVar

import click
from click.core import ParameterSource

from collector.embedded.folder import dsn_of
from collector.errors import ConfigurationError
from collector.report.durations import Language
from collector.settings import DEFAULT_FILE, Settings, read_key, read_settings
from probes.model.keys import SigningKey

_Result = TypeVar("_Result")
Completer = Callable[[click.Context, click.Parameter, str], list[str]]


class Output(StrEnum):
    """The forms a command prints in."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Target:
    """Which collector a command is for: its settings, or only its database and its key."""

    settings: Settings | None
    dsn: str | None
    key_file: Path | None

    def address(self) -> str:
        """Return the DSN: its own, its settings', or that of the embedded database."""
        if self.dsn is not None:
            return self.dsn
        if self.settings is None:
            raise ConfigurationError("no database is named: --dsn or --config")
        return self.settings.dsn or dsn_of(self.settings.database_folder)

    def key(self) -> SigningKey:
        """Return the log's signing key; `ConfigurationError` when no file was named for it."""
        if self.key_file is None:
            raise ConfigurationError(
                "the log's signing key is needed: --key FILE, or --config FILE"
            )
        return read_key(self.key_file)


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who states something, and to which collector."""

    target: Target
    author: str


_CONFIG: Final = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CONSTAT_CONFIG",
    show_envvar=True,
    help=f"Settings of the collector; ./{DEFAULT_FILE} when there is one.",
)
_DSN: Final = click.option(
    "--dsn",
    envvar="CONSTAT_DSN",
    show_envvar=True,
    help="Database to use instead of the one in the settings.",
)
_KEY: Final = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CONSTAT_KEY",
    show_envvar=True,
    help="File of the log's signing key, with --dsn.",
)
_AUTHOR: Final = click.option(
    "--author", help="Who states it; the user of this session by default."
)


def reads_settings(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Give a command the option `--config`; it gets `settings`, which must be there."""

    @_CONFIG
    @wraps(command)
    def with_settings(*given: object, config: Path | None, **named: object) -> _Result:
        return command(*given, settings=read_settings(_settings_file(config)), **named)

    return with_settings


def reads_database(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Give a command the options that say which database it reads; it gets `target`."""

    @_CONFIG
    @_DSN
    @wraps(command)
    def with_target(
        *given: object, config: Path | None, dsn: str | None, **named: object
    ) -> _Result:
        return command(*given, target=target_of(config, dsn, None), **named)

    return with_target


def seals_entries(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Give a command the options to seal entries in a log; it gets `signatory`."""

    @_CONFIG
    @_DSN
    @_KEY
    @_AUTHOR
    @wraps(command)
    def with_signatory(
        *given: object,
        config: Path | None,
        dsn: str | None,
        key: Path | None,
        author: str | None,
        **named: object,
    ) -> _Result:
        signatory = Signatory(target_of(config, dsn, key), _author(author))
        return command(*given, signatory=signatory, **named)

    return with_signatory


class Member(click.Choice[str]):
    """A choice among the members of an enumeration, written as their values."""

    def __init__(self, members: Iterable[StrEnum]) -> None:
        """Offer these members."""
        self._members = {member.value: member for member in members}
        super().__init__(list(self._members))

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> StrEnum:
        """Return the member whose value was typed."""
        return self._members[super().convert(value, param, ctx)]


def outputs(*forms: Output) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Give a command the option `-o`; the first form is the default."""
    return click.option(
        "-o",
        "--output",
        type=Member(forms or Output),
        default=(forms or tuple(Output))[0].value,
        show_default=True,
        help="Form of what is printed.",
    )


language: Final = click.option(
    "--lang",
    type=Member(Language),
    default=Language.FRENCH.value,
    show_default=True,
    help="Language of the report.",
)


def completes(what: str) -> Completer:
    """Return what completes the ids of a kind, which `names_of` knows.

    With no database, no settings or no time, it offers nothing and says nothing.
    """

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            from collector.cli.completion import names_of  # noqa: PLC0415 - only to complete

            config = context.params.get("config")
            with context.scope(cleanup=False):
                target = target_of(
                    Path(config) if config else None, context.params.get("dsn"), None
                )
            names = names_of(what, target.address())
        except Exception:  # noqa: BLE001 - a shell in the middle of a line: nothing may be said
            return []
        return [name for name in names if name.startswith(incomplete)]

    return complete


hospital: Final = click.option(
    "--hospital", metavar="H", help="Only this hospital.", shell_complete=completes("hospital")
)
one_hospital: Final = click.option(
    "--hospital",
    metavar="H",
    required=True,
    help="The hospital.",
    shell_complete=completes("hospital"),
)
window_argument: Final = click.argument(
    "window_id", metavar="ID", shell_complete=completes("window")
)


def target_of(config: Path | None, dsn: str | None, key: Path | None) -> Target:
    """Return the target that the options, the environment and the folder name."""
    if dsn is not None and _typed("config") and not _typed("dsn"):
        dsn = None
    if dsn is not None and config is None:
        return Target(None, dsn, key)
    settings = read_settings(_settings_file(config))
    return Target(settings, dsn, key or settings.key_file)


def _settings_file(config: Path | None) -> Path:
    if config is not None:
        return config
    if not Path(DEFAULT_FILE).is_file():
        raise ConfigurationError(
            f"which collector? There is no ./{DEFAULT_FILE}: --config FILE or CONSTAT_CONFIG"
        )
    return Path(DEFAULT_FILE)


def _author(given: str | None) -> str:
    """Return who states something: the name given, else the user of this session."""
    if given is not None:
        if not given.strip() or not given.isprintable():
            raise ConfigurationError("--author: expected a name")
        return given.strip()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _typed(name: str) -> bool:
    """Return whether an option stands on the command line, rather than in the environment."""
    context = click.get_current_context()
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE
