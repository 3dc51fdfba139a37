"""However a command ends, its user sees one line and an exit code, never a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from collector.cli.main import COMMANDS, INTERRUPTED, Entry, run
from collector.errors import ConfigurationError, ConstatError, ExitCode, NotFoundError, RefusedError
from probes.model.canonical import MalformedError


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a way to make `constat probe` do what a test wants."""

    def install(body: Callable[[], object]) -> None:
        command = click.Command("probe", callback=body, params=[click.Argument(["word"])])
        command.callback = lambda word: body()  # noqa: ARG005 - click passes it by name
        monkeypatch.setattr(sys.modules[__name__], "command", command, raising=False)
        monkeypatch.setitem(COMMANDS, "probe", Entry(f"{__name__}:command", "A probe."))

    return install


def _raising(fault: BaseException) -> Callable[[], object]:
    def body() -> object:
        raise fault

    return body


Install = Callable[[Callable[[], object]], None]


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        (ConstatError("no room left"), 1, "constat: no room left"),
        (ConfigurationError("a.yaml: listen: missing"), 2, "constat: a.yaml: listen: missing"),
        (NotFoundError("no window MAJ-1"), 5, "constat: no window MAJ-1"),
        (RefusedError("127.0.0.1:1: refused"), 6, "constat: 127.0.0.1:1: refused"),
        (MalformedError("line 3: not JSON"), 2, "constat: line 3: not JSON"),
        (PermissionError(13, "Permission denied", "/x"), 1, "constat: /x: Permission denied"),
        (click.ClickException("two\n  lines"), 1, "constat: two lines"),
        (click.UsageError("no such thing"), 2, "constat: no such thing See `constat probe -h`."),
    ],
)
def test_every_kind_of_fault_is_one_line_and_its_exit_code(
    probe: Install,
    capsys: pytest.CaptureFixture[str],
    fault: Exception,
    code: int,
    line: str,
) -> None:
    probe(_raising(fault))
    assert run(["probe", "x"]) == code
    assert capsys.readouterr().err == f"{line}\n"


def test_a_slip_of_ours_names_its_place_in_one_line(
    probe: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    probe(_raising(KeyError("tenant")))
    assert run(["probe", "x"]) == ExitCode.ERROR
    error = capsys.readouterr().err
    assert error.startswith("constat: internal error, please report it: KeyError at test_main.py:")
    assert error.count("\n") == 1


def test_a_command_chooses_its_exit_code(probe: Install) -> None:
    probe(lambda: ExitCode.BREACH)
    assert run(["probe", "x"]) == ExitCode.BREACH


def test_a_command_that_returns_nothing_succeeds(probe: Install) -> None:
    probe(lambda: None)
    assert run(["probe", "x"]) == ExitCode.DONE


def test_an_interruption_is_silent(probe: Install, capsys: pytest.CaptureFixture[str]) -> None:
    probe(_raising(KeyboardInterrupt()))
    assert run(["probe", "x"]) == INTERRUPTED
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["probe"], ["probe", "x", "y"]]
)
def test_a_usage_error_is_exit_2_and_one_line(
    probe: Install, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    probe(lambda: None)
    assert run(arguments) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "See `constat" in error


def test_without_a_command_the_help_is_shown_and_it_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([]) == ExitCode.USAGE
    assert "Usage: constat" in capsys.readouterr().err


def test_a_missing_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "needs_it.py").write_text("import a_database_driver\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "query", Entry("needs_it:query", "A query.", "collector"))
    assert run(["query"]) == ExitCode.ERROR
    assert capsys.readouterr().err == (
        "constat: query needs a_database_driver: install it with pip install 'constat[collector]'\n"
    )


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_both_names(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    assert run([flag]) == ExitCode.DONE
    assert "Exit codes: 0 done" in capsys.readouterr().out


def test_the_help_imports_no_command_and_no_server() -> None:
    script = (
        "import sys; from collector.cli.main import run; run(['-h']); "
        "print(sorted({'aiohttp', 'asyncpg', 'rich', 'yaml', 'holidays'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe_ends_quietly_and_never_with_success() -> None:
    script = "import sys; from collector.cli.main import run; sys.exit(run(['-h']))"
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert ended.stderr == b""
    assert ended.returncode == ExitCode.ERROR
