"""Every command: its help, and how it ends when it is misused."""

import pytest
from click.testing import CliRunner

from agent.cli.main import COMMANDS, constat_agent, run


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help_and_an_example(command: str, flag: str) -> None:
    result = CliRunner().invoke(constat_agent, [command, flag])

    assert result.exit_code == 0
    assert f"constat-agent {command}" in result.output.partition("Example")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_of_commands_says_what_each_does(command: str) -> None:
    output = CliRunner().invoke(constat_agent, ["-h"]).output

    assert f"\n  {command} " in output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "Usage:"),
        (["nothing"], "constat-agent: No such command 'nothing'. See `constat-agent -h`."),
        (["run"], "constat-agent: Missing option '--config' / '-c'. See `constat-agent run -h`."),
        (
            ["check", "-c", "/nowhere.yaml"],
            "constat-agent: cannot read /nowhere.yaml: No such file",
        ),
        (["kinds", "telnet"], "constat-agent: telnet is not a kind; there are "),
        (["probe", "telnet", "h:1"], "constat-agent: kind: 'telnet' is not a kind of check"),
        (["probe", "http", "h:1"], "constat-agent: url: 'h:1' is not an http or https URL"),
        (["probe", "tcp", "h"], "constat-agent: h is not HOST:PORT."),
        (["probe", "tcp", "h:70000", "-m", "x"], "constat-agent: port: 70000 is not a port"),
        (["probe", "tcp", "h:1"], "constat-agent: expect: is missing; say what the target must"),
        (["probe", "tcp", "h:1", "-o", "expect"], "constat-agent: expect is not KEY=VALUE."),
        (["probe", "tcp", "h:1", "-o", "expext=a"], "constat-agent: expext: is not known; did you"),
        (["probe", "tcp", "h:1", "-o", "tls.x=[}"], "constat-agent: tls.x: line 1, column 2"),
        (["probe", "tcp", "h:1", "-o", "host.x=1"], "constat-agent: host in host.x holds a value"),
        (["probe", "tcp", "h:1", "-m", "x", "-m", "y"], "constat-agent: A tcp check takes no such"),
        (
            ["probe", "tcp", "h:1", "-m", "x", "--timeout", "9"],
            "constat-agent: timeout: '9' is not",
        ),
    ],
)
def test_a_command_that_is_misused_says_how_in_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2

    assert capsys.readouterr().err.startswith(line)


def test_an_error_of_our_own_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("agent.cli.kinds.config_schema_text", broken)

    assert run(["schema"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("constat-agent: internal error, please report it: ZeroDivisionError at")
    assert said.count("\n") == 1
