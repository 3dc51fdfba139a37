"""The entry point `constat`: which commands there are, and how every one of them ends.

Commands are imported only when they are run, so that `constat --help` is quick and the base
install, without server or database libraries, still judges files. A command returns its exit code
(None for 0) or raises; what it raises becomes one line on standard error and an exit code here, and
nowhere else. There is never a traceback.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from traceback import walk_tb
from typing import Final, NamedTuple

import click
from click.shell_completion import CompletionItem

from collector.errors import ConstatError, ExitCode
from probes.model.canonical import MalformedError
from probes.model.complaint import on_one_line

INTERRUPTED: Final = 130


class Entry(NamedTuple):
    """Where a command is, its line in the list, and the extra of the package it needs."""

    place: str
    summary: str
    extra: str | None = None


COMMANDS: Final[dict[str, Entry]] = {
    "agents": Entry("collector.cli.agents:agents", "List agents, or shut one out.", "collector"),
    "apply": Entry(
        "collector.cli.apply:apply_catalogue",
        "Apply a catalogue of hospitals and services.",
        "collector",
    ),
    "assess": Entry("collector.cli.assess:assess", "Judge a window from a folder."),
    "attachment": Entry(
        "collector.cli.attachment:attachment",
        "Attach documents to a window, list them, get them.",
        "collector",
    ),
    "calendar": Entry(
        "collector.cli.calendar:calendar", "Print the holiday calendar of a site.", "collector"
    ),
    "catalogue": Entry(
        "collector.cli.catalogue:catalogue", "See the catalogue that is in force.", "collector"
    ),
    "demo": Entry("collector.cli.demo:demo", "Watch a real upgrade being measured.", "embedded"),
    "doctor": Entry(
        "collector.cli.doctor:doctor", "Say what the server is and what is wrong.", "collector"
    ),
    "evidence": Entry(
        "collector.cli.evidence:evidence", "Make evidence bundles for auditors.", "collector"
    ),
    "import": Entry(
        "collector.cli.imports:import_group", "Import measurements made elsewhere.", "collector"
    ),
    "intervention": Entry(
        "collector.cli.intervention:intervention",
        "Register who intervenes, when and why.",
        "collector",
    ),
    "names": Entry(
        "collector.cli.names:names",
        "List the persons the register names, or erase one.",
        "collector",
    ),
    "notice": Entry("collector.cli.notice:notice", "See who was told of a window.", "collector"),
    "outage": Entry(
        "collector.cli.outage:outage", "See the outages that nobody announced.", "collector"
    ),
    "rebuild": Entry(
        "collector.cli.rebuild:rebuild_tables", "Make the tables again from the log.", "collector"
    ),
    "report": Entry(
        "collector.cli.report:report",
        "Report on a window, availability, deliveries, interventions.",
        "collector",
    ),
    "reservation": Entry(
        "collector.cli.reservation:reservation",
        "Make a reservation on a window, or list them.",
        "collector",
    ),
    "stamp": Entry("collector.cli.stamp:stamp", "See when the log was time-stamped.", "collector"),
    "token": Entry(
        "collector.cli.token:token", "Make tokens for agents, witnesses and programs.", "collector"
    ),
    "up": Entry("collector.cli.up:up", "Run a collector on this machine.", "collector"),
    "window": Entry(
        "collector.cli.window:window",
        "Announce windows, take their steps, see their verdict.",
        "collector",
    ),
    "verify": Entry("collector.cli.verify:verify_bundle", "Verify an evidence bundle, offline."),
    "witness": Entry("collector.cli.witness:witness", "Witness the log of a hospital."),
}


class _LazyGroup(click.Group):
    """A group that lists its commands from the table and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return _load(cmd_name) if cmd_name in COMMANDS else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands by the table, without importing any."""
        return [
            CompletionItem(name, help=COMMANDS[name].summary)
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, COMMANDS[name].summary) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str) -> click.Command:
    entry = COMMANDS[name]
    module, _, attribute = entry.place.partition(":")
    try:
        command = getattr(import_module(module), attribute)
    except ModuleNotFoundError as missing:
        if entry.extra is None or (missing.name or "").startswith(("collector", "probes")):
            raise
        raise ConstatError(
            f"{name} needs {missing.name}: install it with pip install 'constat[{entry.extra}]'"
        ) from missing
    assert isinstance(command, click.Command), entry.place  # noqa: S101 - a slip in the table
    return command


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  constat assess DIR                      judge the window described in DIR
  constat COMMAND -h                      options and examples of a command

\b
The shell completes commands, options, and the ids of hospitals, services and windows that are in
the database of CONSTAT_CONFIG, CONSTAT_DSN or ./constat.yaml:
  eval "$(_CONSTAT_COMPLETE=bash_source constat)"        or zsh_source, fish_source

\b
Exit codes: 0 done or compliant · 1 error · 2 usage or configuration · 3 breach
· 4 inconclusive or pending · 5 not found · 6 unreachable or refused
· 7 evidence that is not sound""",
)
@click.version_option(package_name="constat", message="constat %(version)s")
def constat() -> None:
    """Measure how long hospital software was really unavailable, and prove it."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code, whatever happens."""
    try:
        code = constat.main(list(arguments), prog_name="constat", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered goes nowhere, or the interpreter would complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except Exception as fault:  # noqa: BLE001 - the last resort: one line, never a traceback
        return _explain(fault)
    return code if isinstance(code, int) else ExitCode.DONE


def _explain(fault: Exception) -> int:
    """Say in one line what went wrong; return the exit code of its kind."""
    match fault:
        case ConstatError():
            line, code = str(fault), fault.exit_code
        case click.exceptions.NoArgsIsHelpError():
            fault.show()
            return ExitCode.USAGE
        case click.UsageError():
            line, code = _usage(fault), ExitCode.USAGE
        case click.ClickException():
            line, code = fault.format_message(), ExitCode.ERROR
        case MalformedError():
            line, code = str(fault), ExitCode.USAGE
        case OSError(filename=None):
            line, code = fault.strerror or str(fault), ExitCode.ERROR
        case OSError():
            line, code = f"{fault.filename}: {fault.strerror}", ExitCode.ERROR
        case _:
            line, code = _internal(fault), ExitCode.ERROR
    # An argument may hold what a terminal obeys, or surrogates, being no text in this locale.
    click.echo(f"constat: {on_one_line(' '.join(line.split()))}", err=True)
    return code


def _usage(fault: click.UsageError) -> str:
    path = fault.ctx.command_path if fault.ctx else "constat"
    return f"{fault.format_message()} See `{path} -h`."


def _internal(fault: Exception) -> str:
    *_, (frame, line) = walk_tb(fault.__traceback__)
    place = f"{Path(frame.f_code.co_filename).name}:{line}"
    return f"internal error, please report it: {type(fault).__name__} at {place}: {fault}"
