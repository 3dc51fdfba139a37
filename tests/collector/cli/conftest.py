"""A shell for the commands of the collector, on a database of its own."""

from pathlib import Path

import pytest

from collector.cli.main import run
from collector.errors import ExitCode
from collector.settings import ensure_key

CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"


class Shell:
    """Runs commands against a database of this test's own, and keeps what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        code = run(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def bare_shell(
    collector_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    """A shell whose environment names a database with nothing in it."""
    ensure_key(tmp_path / "log.key")
    monkeypatch.setenv("CONSTAT_DSN", collector_dsn)
    monkeypatch.setenv("CONSTAT_KEY", str(tmp_path / "log.key"))
    monkeypatch.delenv("CONSTAT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.fixture
def shell(bare_shell: Shell) -> Shell:
    """A shell on a database to which the example was applied."""
    assert bare_shell("apply", str(CATALOGUE), "--author", "C. Martin") == ExitCode.DONE
    return bare_shell
