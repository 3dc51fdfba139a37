"""Windows from the command line, on a real database."""

import json
from pathlib import Path

import pytest

from collector.errors import ExitCode
from collector.settings import ensure_key
from tests.collector.cli.conftest import CATALOGUE, Shell

ANNOUNCE = ("window", "announce", "--hospital", "CH-EXEMPLE", "--service", "dpi")
EVENING = "2099-11-14T22:00"


def test_applying_says_what_it_sealed_and_then_that_there_is_nothing_to_change(
    shell: Shell,
) -> None:
    assert "CH-EXEMPLE: 10 changes sealed" in shell.out
    assert "  + service dpi\n" in shell.out
    assert "      contract.max_downtime.strategic: PT4H\n" in shell.out
    assert shell("apply", str(CATALOGUE)) == ExitCode.DONE
    assert shell.out == "CH-EXEMPLE: nothing to change\n"


def test_a_dry_run_shows_old_and_new_and_seals_nothing(shell: Shell, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(CATALOGUE.read_text().replace("strategic: PT4H", "strategic: PT3H"))
    assert shell("apply", str(changed), "--dry-run") == ExitCode.DONE
    assert "1 change, not applied (dry run)" in shell.out
    assert "      contract.max_downtime.strategic: PT4H → PT3H\n" in shell.out
    assert shell("apply", str(changed)) == ExitCode.DONE
    assert "1 change sealed" in shell.out


def test_an_odd_finess_number_is_warned_about_and_applied(shell: Shell, tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    odd.write_text(CATALOGUE.read_text().replace("010000024", "010000025"))
    assert shell("apply", str(odd)) == ExitCode.DONE
    assert "hospitals.CH-EXEMPLE.finess: '010000025' has a wrong check digit" in shell.err


def test_a_window_announced_once_it_should_have_begun_is_said_to_have_no_notice(
    shell: Shell,
) -> None:
    assert shell(*ANNOUNCE, "--start", "2026-01-14T22:00", "--for", "PT4H") == ExitCode.DONE
    assert shell.out.endswith("(no notice: its planned start is past)\n")
    name = shell.out.partition(" ")[0]
    assert shell("window", "show", name) == ExitCode.BREACH
    assert "Couverture" in shell.out
    assert "Horloges" not in shell.out  # nobody measured: there is no clock to speak of


def test_a_window_goes_through_its_life(shell: Shell) -> None:
    assert shell(*ANNOUNCE, "--start", EVENING, "--for", "PT4H") == ExitCode.DONE
    assert shell.out.startswith(
        "MAJ-2099-0001 announced: dpi at CH-EXEMPLE,"
        " 2099-11-14T22:00:00+01:00 to 2099-11-15T02:00:00+01:00 (notified "
    )
    assert shell("window", "start", "MAJ-2099-0001") == ExitCode.DONE
    assert shell("window", "start", "MAJ-2099-0001") == ExitCode.REFUSED
    assert shell.err == (
        "constat: MAJ-2099-0001 runs already: constat window finish MAJ-2099-0001\n"
    )
    assert shell("window", "finish", "MAJ-2099-0001") == ExitCode.DONE
    assert shell("window", "cancel", "MAJ-2099-0001") == ExitCode.REFUSED
    assert "it will be judged" in shell.err


def test_a_local_time_that_happens_twice_or_never_is_refused(shell: Shell) -> None:
    assert shell(*ANNOUNCE, "--start", "2026-10-25T02:30", "--for", "PT1H") == ExitCode.USAGE
    assert "happens twice in Europe/Paris" in shell.err
    assert shell(*ANNOUNCE, "--start", "2026-03-29T02:30", "--for", "PT1H") == ExitCode.USAGE
    assert "does not exist in Europe/Paris" in shell.err


@pytest.mark.parametrize(
    ("times", "complaint"),
    [
        (("--start", EVENING), "Give one of --end and --for"),
        (("--start", EVENING, "--end", EVENING, "--for", "PT1H"), "Give one of --end and --for"),
        (("--start", EVENING, "--end", EVENING), "a window ends after it starts"),
        (("--start", EVENING, "--for", "4h"), "--for: '4h' is not an ISO 8601 duration"),
        (("--start", EVENING, "--for", "PT0S"), "--for: PT0S is no time at all"),
        (("--start", "tonight", "--for", "PT4H"), "--start: 'tonight' is not a local time"),
    ],
)
def test_a_plan_that_cannot_be_read_says_which_option(
    shell: Shell, times: tuple[str, ...], complaint: str
) -> None:
    assert shell(*ANNOUNCE, *times) == ExitCode.USAGE
    assert complaint in shell.err


def test_an_offset_may_be_typed_without_seconds(shell: Shell) -> None:
    assert shell(*ANNOUNCE, "--start", "2099-07-01T22:00+02:00", "--for", "PT1H") == ExitCode.DONE
    assert "2099-07-01T22:00:00+02:00 to 2099-07-01T23:00:00+02:00" in shell.out


def test_what_does_not_exist_is_not_found(shell: Shell) -> None:
    assert shell("window", "start", "MAJ-1") == ExitCode.NOT_FOUND
    assert shell.err == "constat: there is no window MAJ-1: constat window list\n"
    elsewhere = ("window", "announce", "--hospital", "X", "--service", "dpi")
    assert shell(*elsewhere, "--start", EVENING, "--for", "PT1H") == ExitCode.NOT_FOUND


def test_windows_are_listed_in_three_forms(shell: Shell) -> None:
    assert shell("window", "list") == ExitCode.DONE
    assert shell.out == "no window\n"
    assert shell("window", "list", "-o", "json") == ExitCode.DONE
    assert json.loads(shell.out) == []
    shell(*ANNOUNCE, "--start", EVENING, "--for", "PT4H", "--id", "A")
    shell(*ANNOUNCE, "--start", EVENING, "--for", "PT4H", "--id", "B")
    shell("window", "cancel", "B")
    assert shell("window", "list", "--status", "announced", "-o", "csv") == ExitCode.DONE
    assert shell.out == (
        "window,hospital,service,status,planned_start,planned_end\n"
        "A,CH-EXEMPLE,dpi,announced,2099-11-14T21:00:00Z,2099-11-15T01:00:00Z\n"
    )
    assert shell("window", "list", "-o", "json") == ExitCode.DONE
    assert [window["status"] for window in json.loads(shell.out)] == ["announced", "cancelled"]


def test_without_a_collector_it_is_said_how_to_name_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSTAT_DSN")
    assert shell("window", "list") == ExitCode.USAGE
    assert "--config FILE or CONSTAT_CONFIG" in shell.err


def test_without_a_key_nothing_can_be_sealed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONSTAT_KEY")
    assert shell(*ANNOUNCE, "--start", EVENING, "--for", "PT4H") == ExitCode.USAGE
    assert "signing key" in shell.err


def test_settings_typed_win_over_a_database_of_the_environment(
    shell: Shell, tmp_path: Path
) -> None:
    settings = tmp_path / "constat.yaml"
    settings.write_text("data_dir: nowhere\n")
    assert shell("window", "list") == ExitCode.DONE
    assert shell("window", "list", "--config", str(settings)) == ExitCode.REFUSED
    assert "it is not running; start it with constat up" in shell.err


def test_the_calendar_of_a_hospital_that_is_not_there_has_no_address(
    shell: Shell, collector_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONSTAT_DSN")
    (tmp_path / "data").mkdir()
    ensure_key(tmp_path / "data" / "log.key")
    (tmp_path / "constat.yaml").write_text(
        json.dumps(
            {
                "data_dir": "data",
                "database": {"dsn": collector_dsn},
                "public_url": "https://constat.example",
            }
        ),
        "utf-8",
    )
    assert shell("notice", "feed", "--hospital", "CH-EXEMPLE") == ExitCode.DONE
    assert shell.out.startswith("https://constat.example/v1/hospitals/CH-EXEMPLE/windows.ics?")
    assert shell("notice", "feed", "--hospital", "CH-AUTRE") == ExitCode.NOT_FOUND
    assert "CH-AUTRE" in shell.err
