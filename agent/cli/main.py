"""The entry point `constat-agent`: which commands there are, and how every one of them ends.

A command is imported only when it is run, so that a running agent holds nothing that only another
command needs. What a command raises becomes text on standard error and an exit code here, and
nowhere else; there is never a traceback.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple

import click

from agent.cli.ending import CommandError, ExitCode
from agent.log import place_of

PROGRAM: Final = "constat-agent"


class Entry(NamedTuple):
    """Where a command is, and its line in the list."""

    place: str
    summary: str


COMMANDS: Final = {
    "check": Entry("agent.cli.check:check", "Try a configuration: run each check once."),
    "enrol": Entry("agent.cli.enrol:enrol", "Have a collector accept this machine's key."),
    "kinds": Entry("agent.cli.kinds:kinds", "List the kinds of check and their options."),
    "probe": Entry("agent.cli.probe:probe", "Probe one target once."),
    "run": Entry("agent.cli.run:run", "Measure until told to stop."),
    "schema": Entry("agent.cli.kinds:schema", "Print the JSON Schema of the configuration."),
    "status": Entry("agent.cli.status:status", "Show how a running agent is doing."),
    "version": Entry("agent.cli.run:version", "Print the version."),
}


_EXTRA: Final = frozenset({"h11"})


class _LazyGroup(click.Group):
    """A group that lists its commands from the table and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), cmd_name  # noqa: S101 - a slip in the table
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  constat-agent probe http https://dpi.example/login --marker Identifiant
  constat-agent check --config agent.yaml
  constat-agent COMMAND -h                options and examples of a command

\b
Exit codes: 0 done · 1 error, or a check that is not up · 2 usage or configuration
· 6 unreachable or refused""",
)
def constat_agent() -> None:
    """Measure services from this machine, and bring the signed measurements to collectors."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code, whatever happens."""
    try:
        code = constat_agent.main(list(arguments), prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # What is still buffered goes nowhere, or the interpreter would complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except Exception as fault:  # noqa: BLE001 - the last resort: one line, never a traceback
        return _explain(fault)
    return code if isinstance(code, int) else ExitCode.DONE


def _explain(fault: Exception) -> int:
    """Say what went wrong, in a line for each fault; return the exit code of its kind."""
    match fault:
        case CommandError():
            text, code = str(fault), fault.exit_code
        case click.exceptions.NoArgsIsHelpError():
            fault.show()
            return ExitCode.USAGE
        case click.UsageError():
            path = fault.ctx.command_path if fault.ctx else PROGRAM
            text, code = f"{fault.format_message()} See `{path} -h`.", ExitCode.USAGE
        case click.ClickException():
            text, code = fault.format_message(), ExitCode.ERROR
        case ModuleNotFoundError(name=missing) if missing in _EXTRA:
            text = f"{missing} is missing: install it with pip install 'constat[agent]'"
            code = ExitCode.ERROR
        case OSError():
            place = f"{fault.filename}: " if fault.filename else ""
            text, code = f"{place}{fault.strerror or fault}", ExitCode.ERROR
        case _:
            text = f"internal error, please report it: {place_of(fault)}"
            code = ExitCode.ERROR
    for line in text.splitlines():
        click.echo(f"{PROGRAM}: {line}", err=True)
    return code
