"""`constat window show` and `export`, on a real database with a real outage in it."""

import csv
import io
import json
from pathlib import Path

import pytest

from collector.errors import ExitCode
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.settings import read_key
from collector.store.pool import open_pool
from tests.collector.cli.conftest import CATALOGUE, Shell
from tests.collector.conftest import Clock
from tests.collector.store.agents import Sender, columns
from tests.collector.test_assess import closed_window, measured
from tests.postgres import in_own_loop


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


def test_the_screen_says_who_lost_it_last_the_bounds_and_the_verdict(
    bare_shell: Shell,
    window: str,
) -> None:
    code = bare_shell("window", "show", window)
    # Noticed two hours before, where three clear days were asked for.
    assert code == ExitCode.BREACH
    assert (
        "PRÉAVIS TROP COURT" in bare_shell.out.upper() or "NON CONFORME" in bare_shell.out.upper()
    )
    assert "labo-02" in bare_shell.out
    assert "8.4.1" in bare_shell.out
    assert "8.5.0" in bare_shell.out
    assert bare_shell("window", "show", window, "--lang", "en") == ExitCode.BREACH
    assert "BREACH" in bare_shell.out.upper()


def test_json_is_the_assessment_that_the_exported_folder_gives(
    bare_shell: Shell,
    window: str,
    tmp_path: Path,
) -> None:
    assert bare_shell("window", "show", window, "-o", "json") == ExitCode.BREACH
    shown = json.loads(bare_shell.out)
    assert bare_shell("window", "export", window, str(tmp_path / "audit")) == ExitCode.DONE
    assert bare_shell("assess", str(tmp_path / "audit"), "-o", "json") == ExitCode.BREACH
    assert bare_shell.err == ""
    judged = json.loads(bare_shell.out)
    assert {key: shown[key] for key in judged} == judged


def test_csv_is_one_row_a_spreadsheet_reads(bare_shell: Shell, window: str) -> None:
    assert bare_shell("window", "show", window, "-o", "csv") == ExitCode.BREACH
    [row] = csv.DictReader(io.StringIO(bare_shell.out))
    assert row["window"] == window


def test_what_was_known_earlier_can_be_asked(bare_shell: Shell, window: str) -> None:
    code = bare_shell("window", "show", window, "--as-of", "2026-11-09T14:10", "-o", "json")
    assert json.loads(bare_shell.out)["duration"]["verdict"] == "pending"
    assert code == ExitCode.BREACH


def test_watching_ends_with_the_verdict(bare_shell: Shell, window: str) -> None:
    assert bare_shell("window", "show", window, "--watch") == ExitCode.BREACH
    assert window in bare_shell.out


def test_watching_cannot_be_asked_as_json(bare_shell: Shell, window: str) -> None:
    assert bare_shell("window", "show", window, "--watch", "-o", "json") == ExitCode.USAGE
    assert "--watch" in bare_shell.err


def test_a_window_nobody_knows_is_not_found(bare_shell: Shell) -> None:
    assert bare_shell("window", "show", "MAJ-1") == ExitCode.NOT_FOUND
    assert bare_shell("window", "export", "MAJ-1", "x") == ExitCode.NOT_FOUND
    assert "there is no window MAJ-1" in bare_shell.err
