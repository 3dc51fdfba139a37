"""`constat witness`, in front of a log that is really shown."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.cli.main import run
from collector.errors import ExitCode
from tests.servers.witnessed import HOSPITAL, TOKEN, WitnessedLog, shown

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def log() -> Iterator[WitnessedLog]:
    with shown(WitnessedLog().grow(5)) as log:
        yield log


@pytest.fixture
def constat(
    log: WitnessedLog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Return a way to run commands where the witness, the key and the token are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.vkey").write_text(f"{log.verifier_key}\n")
    (tmp_path / "token").write_text(f"{TOKEN}\n")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(["witness", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, key, _ = command("init", "w", "--name", "temoin.example")
    assert code == ExitCode.DONE
    assert key.startswith("temoin.example+")
    return command


def _run(log: WitnessedLog, *more: str, key: str = "log.vkey") -> list[str]:
    where = ["--collector", log.url, "--hospital", HOSPITAL]
    return ["run", "w", *where, "--log-key", key, "--token-file", "token", *more]


def test_a_round_says_what_was_cosigned(constat: Run, log: WitnessedLog) -> None:
    code, told, _ = constat(*_run(log, "--once", "--mirror"))
    assert code == ExitCode.DONE
    assert told.endswith("Z 5 entries cosigned\n")
    assert constat(*_run(log, "--once", key=log.verifier_key)) == (0, "nothing new\n", "")
    code, told, _ = constat("status", "w")
    root = log.note().checkpoint.root.hex()
    assert told.splitlines()[1:] == [
        f"log       {log.note().checkpoint.origin}",
        f"entries   5, root {root}",
        "cosigned  1 checkpoint",
        "mirrored  5 entries",
    ]
    assert code == ExitCode.DONE


def test_a_witness_that_saw_nothing_says_so(constat: Run) -> None:
    code, told, _ = constat("status", "w")
    assert (code, told.splitlines()[1]) == (ExitCode.DONE, "log       none yet")


def test_a_fork_is_one_line_and_exit_3_for_ever(constat: Run, log: WitnessedLog) -> None:
    constat(*_run(log, "--once"))
    log.entries.pop()
    for command in (_run(log, "--once"), _run(log), ["status", "w"]):
        code, _, told = constat(*command)
        assert code == ExitCode.BREACH
        assert told.startswith("constat: the log shows 4 entries after 5: entries are gone (since")
        assert told.endswith("w/halted.json): this witness cosigns nothing any more\n")
        assert told.count("\n") == 1


def test_a_collector_that_is_not_there_is_exit_6(constat: Run, log: WitnessedLog) -> None:
    log.instead["checkpoint"] = b"<h1>Welcome</h1>"
    code, _, told = constat(*_run(log, "--once"))
    assert (code, told.count("\n")) == (ExitCode.REFUSED, 1)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--every", "soon"], "--every: 'soon' is not an ISO 8601 duration"),
        (["--log-key", "nowhere"], "--log-key: cannot read nowhere: No such file"),
        (["--log-key", "a+b"], "--log-key: "),
        (["--token-file", "nowhere"], "--token-file: cannot read nowhere: No such file"),
        (["--token-file", "empty"], "--token-file: empty does not hold one line"),
        (["--token-file", "lines"], "--token-file: lines does not hold one line"),
        (["--token-file", "bytes"], "--token-file: cannot read bytes: it is not text"),
        (["--collector", "constat.example"], "--collector: 'constat.example' is no address"),
        (["--hospital", "CH-AUTRE"], "is not the log of CH-AUTRE"),
    ],
)
def test_an_option_that_is_not_right_is_exit_2(
    constat: Run, log: WitnessedLog, tmp_path: Path, options: list[str], complaint: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "lines").write_text("a\nb")
    (tmp_path / "bytes").write_bytes(b"\xff")
    code, _, told = constat(*_run(log, "--once", *options))
    assert code == ExitCode.USAGE
    assert complaint in told
    assert log.requests == []


def test_a_folder_without_a_witness_is_exit_5(constat: Run, log: WitnessedLog) -> None:
    code, _, told = constat("status", "elsewhere")
    assert code == ExitCode.NOT_FOUND
    assert "constat witness init makes one" in told
    assert log.requests == []


def test_a_witness_runs_until_it_is_told_to_stop(
    constat: Run, log: WitnessedLog, tmp_path: Path
) -> None:
    del constat
    log.instead["checkpoint"] = b""
    program = subprocess.Popen(
        [sys.executable, "-m", "collector", "witness", *_run(log, "--every", "PT0.01S")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stderr is not None
    with program:
        assert "shows no log that can be cosigned" in program.stderr.readline()
        log.instead.clear()
        assert "5 entries cosigned" in program.stdout.readline()
        program.terminate()
        assert program.wait() == -15
        assert program.stderr.read() == ""
    assert json.loads((tmp_path / "w/latest.json").read_text())["note"]


def test_a_witness_needs_neither_server_nor_database(tmp_path: Path) -> None:
    script = (
        "import sys; from collector.cli.main import run;"
        f"run(['witness', 'init', {str(tmp_path / 'w')!r}, '--name', 'temoin.example']);"
        "print(sorted({'aiohttp', 'asyncpg', 'h11', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
