"""A shell for the commands of the collector, on a database of its own."""

from pathlib import Path

import pytest

from collector.cli.main import run
from collector.errors import ExitCode
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.settings import ensure_key, read_key
from collector.store.pool import open_pool
from tests.collector.conftest import Clock
from tests.collector.store.agents import Sender, columns
from tests.collector.test_assess import closed_window, measured
from tests.postgres import in_own_loop

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


@pytest.fixture
def window(bare_shell: Shell, collector_dsn: str, clock: Clock, tmp_path: Path) -> str:
    """The id of a closed window: 20 minutes of outage, seen by two workstations."""
    assert bare_shell("window", "list") == ExitCode.DONE

    async def populate() -> str:
        async with open_pool(collector_dsn, size=4) as pool:
            sealer = Sealer(read_key(tmp_path / "log.key"), clock)
            await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
            for vantage, lost_s in (("accueil-03", 3_600), ("labo-02", 3_660)):
                up = columns("U" * (lost_s // 10), check="dpi-login", versions=[(0, "8.4.1")])
                down = columns("D" * 120, first_s=lost_s, check="dpi-login")
                back = columns(
                    "U" * 600, first_s=lost_s + 1_200, check="dpi-login", versions=[(0, "8.5.0")]
                )
                await measured(pool, Sender(vantage=vantage), (up,), (down,), (back,))
            return (await closed_window(pool, sealer, clock)).window_id

    return in_own_loop(populate())
