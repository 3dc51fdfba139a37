"""What every command owes its user: help, an example, its exit codes, and never a traceback."""

from collections.abc import Iterator

import click
import pytest

from collector.cli.main import COMMANDS, constat, run
from collector.errors import ExitCode


def _walk(
    path: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            assert member is not None
            yield from _walk((*path, name), member)


EVERY = [(path, command) for path, command in _walk((), constat) if path]
LEAVES = [(path, command) for path, command in EVERY if not isinstance(command, click.Group)]


def _ids(value: object) -> str | None:
    return " ".join(value) if isinstance(value, tuple) else ""


@pytest.mark.parametrize(("path", "command"), EVERY, ids=_ids)
def test_every_command_has_help_and_an_example_of_itself(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "-h"]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert command.get_short_help_str(limit=100)
    assert "Example" in shown
    assert f"constat {' '.join(path)}" in shown.partition("Example")[2]


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=_ids)
def test_every_command_says_how_it_ends(path: tuple[str, ...], command: click.Command) -> None:
    assert "Exit codes: 0" in (command.epilog or ""), path


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=_ids)
def test_every_option_is_explained(path: tuple[str, ...], command: click.Command) -> None:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == [], path


@pytest.mark.parametrize(
    ("path", "command"),
    [(path, command) for path, command in LEAVES if path[-1] in ("apply", "list", "show")],
    ids=_ids,
)
def test_every_command_that_lists_prints_a_table_json_or_csv(
    path: tuple[str, ...], command: click.Command
) -> None:
    [form] = [option for option in command.params if option.name == "output"]
    assert isinstance(form.type, click.Choice), path
    assert list(form.type.choices) == ["table", "json", "csv"]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = constat.get_command(click.Context(constat), name)
    assert command is not None
    assert COMMANDS[name].summary == command.get_short_help_str(limit=100)


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=_ids)
@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["a", "b", "c", "d"], ["\udce9"], ["--config", "/dev/null"], [""]],
    ids=["option", "arguments", "bytes", "settings", "empty"],
)
def test_bad_input_is_one_line_and_never_a_traceback(
    path: tuple[str, ...],
    command: click.Command,  # noqa: ARG001 - it names the test
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = run([*path, *arguments])
    told = capsys.readouterr().err
    assert code in (ExitCode.ERROR, ExitCode.USAGE, ExitCode.NOT_FOUND, ExitCode.REFUSED)
    assert "internal error" not in told
    assert told.count("\n") == 1, told
