"""Announcing an operation with all that is to be said of it, and putting it right."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.errors import ExitCode
from tests.collector.cli.conftest import CATALOGUE, Shell
from tests.postgres import do, in_own_loop

EVENING = "2099-11-14T22:00"
WHEN = ("--service", "dpi", "--start", EVENING, "--for", "PT4H")
ANNOUNCE = ("window", "announce", "--hospital", "CH-EXEMPLE", *WHEN)
DESCRIBED = (
    *("--version-from", "8.4.1", "--version-to", "9.0.0", "--version-kind", "major"),
    *("--exclusion", "regulatory", "--hot", "--limit", "PT6H", "--off-hours", "--pilot"),
    *("--unmet", "SGBD 16", "--unmet", "2 Go de disque"),
)
ID = "MAJ-2099-0001"


@pytest.fixture
def group(shell: Shell, tmp_path: Path) -> Shell:
    """A shell on a database where a second hospital, overseas, belongs to the group."""
    text = CATALOGUE.read_text()
    other = text.replace("CH-EXEMPLE:", "CH-REUNION:").replace("Europe/Paris", "Indian/Reunion")
    file = tmp_path / "other.yaml"
    file.write_text(other)
    assert shell("apply", str(file)) == ExitCode.DONE
    return shell


def test_a_group_gets_a_window_in_each_hospital_at_the_local_time_of_each(group: Shell) -> None:
    assert group("window", "announce", "--group", "GHT-EXEMPLE", *WHEN) == ExitCode.DONE
    here, overseas = group.out.splitlines()
    assert here.startswith("MAJ-2099-0001 of OP-2099-0001 announced: dpi at CH-EXEMPLE, ")
    assert f"{EVENING}:00+01:00" in here
    assert overseas.startswith("MAJ-2099-0002 of OP-2099-0001 announced: dpi at CH-REUNION, ")
    assert f"{EVENING}:00+04:00" in overseas
    assert group("window", "list", "--operation", "OP-2099-0001", "-o", "json") == ExitCode.DONE
    assert len(json.loads(group.out)) == 2


def test_hospitals_may_be_named_one_by_one_and_share_the_operation_named(group: Shell) -> None:
    both = ("--hospital", "CH-EXEMPLE", "--hospital", "CH-REUNION", "--operation", "OP-7")
    assert group("window", "announce", *both, *WHEN) == ExitCode.DONE
    assert group.out.count(" of OP-7 announced") == 2
    assert group("window", "announce", *both, *WHEN, "--id", "A") == ExitCode.USAGE
    assert "--id names one window; several share an --operation" in group.err


def test_nobody_to_announce_to_is_said(shell: Shell) -> None:
    assert shell("window", "announce", *WHEN) == ExitCode.USAGE
    assert "Give --hospital, or --group" in shell.err
    assert shell("window", "announce", "--group", "GHT-X", *WHEN) == ExitCode.NOT_FOUND


def test_a_strategic_limit_above_four_hours_is_kept_and_told_about(shell: Shell) -> None:
    assert shell(*ANNOUNCE, *DESCRIBED) == ExitCode.DONE
    assert "PT6H is kept as it was agreed, and PT4H applies" in shell.err


def test_an_extension_says_when_it_was_notified_and_never_shortens(shell: Shell) -> None:
    shell(*ANNOUNCE)
    assert shell("window", "extend", ID, "--end", "2099-11-15T03:00") == ExitCode.DONE
    assert shell.out.startswith(f"{ID} extended: dpi at CH-EXEMPLE, ")
    assert "2099-11-15T03:00:00+01:00 (notified " in shell.out
    assert shell("window", "extend", ID, "--end", "2099-11-15T02:00") == ExitCode.REFUSED
    assert "constat window reschedule" in shell.err


def test_a_hot_correction_is_authorised_by_somebody_who_can_be_erased(shell: Shell) -> None:
    shell(*ANNOUNCE, "--hot")
    assert shell("window", "inform", ID) == ExitCode.REFUSED
    assert "constat window authorise" in shell.err
    assert shell("window", "authorise", ID, "--by", "Alix Roy", "--reference", "BT 1") == 0
    assert shell.out.startswith(f"{ID} authorised: ")
    assert shell("names", "list", "--hospital", "CH-EXEMPLE", "-o", "json") == ExitCode.DONE
    [alix] = [row for row in json.loads(shell.out) if row["name"] == "Alix Roy"]
    erase = ("names", "erase", alix["commitment"], "--hospital", "CH-EXEMPLE")
    assert shell(*erase) == ExitCode.DONE
    assert shell(*erase) == ExitCode.NOT_FOUND
    assert shell("names", "list", "--hospital", "CH-EXEMPLE") == ExitCode.DONE
    assert "Alix" not in shell.out
    assert "Camille Martin" in shell.out


def test_a_correction_shows_the_old_beside_the_new(shell: Shell) -> None:
    shell(*ANNOUNCE, *DESCRIBED)
    right = ("--set", "version_to=9.0.1", "--set", "hot=false", "--unset", "exclusion")
    assert shell("window", "correct", ID, *right, "--reason", "typed wrong") == ExitCode.DONE
    assert shell.out.splitlines()[1:] == [
        "  version_to: 9.0.0 → 9.0.1",
        "  hot: True → (none)",
        "  exclusion: regulatory → (none)",
    ]
    assert shell("window", "correct", ID, *right, "--reason", "again") == ExitCode.REFUSED


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        (("--set", "version_to"), "is not FIELD=VALUE"),
        (("--set", "version_to= "), "to take a value away: --unset"),
        (("--set", "colour=red"), "'colour' is no field; those are: id, version_from"),
        (("--unset", "colour"), "'colour' is no field"),
        (("--set", "hot=yes"), "--set hot: expected true or false, not 'yes'"),
        (("--set", "version_kind=huge"), "expected one of major, intermediate, patch"),
        (("--set", "limit=4h"), "--set limit: '4h' is not an ISO 8601 duration"),
        (("--set", "intervention.1.start=noon"), "--set intervention.1.start: 'noon' is not"),
        ((), "give --set FIELD=VALUE, or --unset FIELD"),
    ],
)
def test_a_correction_that_cannot_be_read_says_why(
    shell: Shell, field: tuple[str, ...], complaint: str
) -> None:
    shell(*ANNOUNCE)
    assert shell("window", "correct", ID, *field, "--reason", "why") == ExitCode.USAGE
    assert complaint in shell.err


def test_when_the_operation_ran_is_corrected_on_the_sites_clocks(shell: Shell) -> None:
    shell("window", "announce", "--hospital", "CH-EXEMPLE", "--service", "dpi", "--id", "A",
          "--start", "2026-01-14T22:00", "--for", "PT4H")  # fmt: skip
    shell("window", "start", "A", "--at", "2026-01-14T22:05")
    right = ("--set", "intervention.1.start=2026-01-14T22:15", "--reason", "typed wrong")
    assert shell("window", "correct", "A", *right) == ExitCode.DONE
    # 21:05 and 21:15 UTC of 14 January 2026.
    assert "intervention.1.start_us: 1768424700000000 → 1768425300000000" in shell.out


def test_the_calendar_of_a_site_is_printed_with_what_was_added(shell: Shell) -> None:
    assert shell("calendar", "principal", "--year", "2026") == ExitCode.DONE
    assert shell.out.startswith("principal: FR, Europe/Paris, 2026\n")
    lines = shell.out.splitlines()
    assert "2026-11-01  Sunday     closed  Toussaint" in lines
    assert "2026-12-24  Thursday   added" in lines
    assert shell("calendar", "principal", "--year", "2026", "-o", "json") == ExitCode.DONE
    assert len(json.loads(shell.out)) == 12  # the eleven of the country, and Christmas Eve
    assert shell("calendar", "annexe", "--year", "2026") == ExitCode.NOT_FOUND


def test_a_day_taken_out_of_the_calendar_is_shown_as_removed(group: Shell, tmp_path: Path) -> None:
    file = tmp_path / "edited.yaml"
    file.write_text(CATALOGUE.read_text().replace("remove: []", "remove: [2026-05-25]"))
    assert group("apply", str(file)) == ExitCode.DONE
    assert group("calendar", "principal") == ExitCode.USAGE
    assert "several hospitals have a site principal, say which: --hospital" in group.err
    mine = ("--hospital", "CH-EXEMPLE", "--year", "2026", "-o", "csv")
    assert group("calendar", "principal", *mine) == ExitCode.DONE
    assert "2026-05-25,Monday,removed,Lundi de Pentecôte" in group.out


def test_a_hot_correction_that_nobody_authorised_is_shown_as_a_breach_with_its_reason(
    shell: Shell,
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    when = ("--start", (now - timedelta(hours=1)).isoformat(), "--for", "PT2H")
    described = ("--hot", "--off-hours", "--version-to", "9.0.0", "--unmet", "SGBD 16")
    announce = ("window", "announce", "--hospital", "CH-EXEMPLE", "--service", "dpi")
    assert shell(*announce, *when, "--id", "A", *described) == ExitCode.DONE
    assert shell("window", "start", "A") == ExitCode.DONE
    assert shell("window", "authorise", "A") == ExitCode.DONE
    assert shell("window", "show", "A", "-o", "json") == ExitCode.BREACH
    shown = json.loads(shell.out)
    assert shown["conduct"]["precedence"]["verdict"] == "short"
    assert shown["conduct"]["hot"]["verdict"] == "pending"
    assert shown["operation"]["instance"] == "dedicated"
    assert shown["site"] == "principal"
    assert shell("window", "show", "A", "--lang", "en") == ExitCode.BREACH
    assert "Authorisation" in shell.out
    assert "SGBD 16 (declared; they change no figure)" in shell.out


def test_tables_are_compared_with_the_log_and_made_again(shell: Shell, collector_dsn: str) -> None:
    shell(*ANNOUNCE)
    assert shell("rebuild", "--check", "-o", "csv") == ExitCode.DONE
    assert "CH-EXEMPLE,planned_window,1,the same\n" in shell.out
    in_own_loop(do(collector_dsn, "DELETE FROM planned_window"))
    assert shell("rebuild", "--check") == ExitCode.ERROR
    assert shell("rebuild", "--hospital", "CH-EXEMPLE", "-o", "json") == ExitCode.DONE
    found = {row["table"]: row["found"] for row in json.loads(shell.out)}
    assert found["planned_window"] == "different"
    assert shell("window", "list", "-o", "csv") == ExitCode.DONE
    assert ID in shell.out
    assert shell("rebuild", "--check", "--measurements") == ExitCode.USAGE
    assert shell("rebuild", "--hospital", "X") == ExitCode.NOT_FOUND
