"""`constat window show` and `export`, on a real database with a real outage in it."""

import csv
import io
import json
from pathlib import Path

from collector.errors import ExitCode
from tests.collector.cli.conftest import Shell


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
