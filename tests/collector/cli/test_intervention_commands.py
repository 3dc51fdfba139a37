"""`constat intervention` and `constat report interventions`, on a real database."""

import csv
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest

from collector.errors import ExitCode
from tests.collector.cli.conftest import Shell
from tests.collector.report.test_as_pdf import faults, read, text_of

START = (
    *("intervention", "start", "--hospital", "CH-EXEMPLE"),
    *("--person", "Dominique Petit", "--company", "Intégration SA", "--purpose", "correctif"),
)
OCTOBER = ("report", "interventions", "--hospital", "CH-EXEMPLE", "--month", "2025-10")


def _intervened(shell: Shell, start: str, end: str) -> None:
    assert shell(*START, "--remote", "--at", start) == ExitCode.DONE
    name = shell.out.partition(" ")[0]
    assert shell("intervention", "end", name, "--at", end) == ExitCode.DONE


def _listed(shell: Shell, *options: str) -> list[dict[str, str]]:
    assert shell("intervention", "list", *options, "-o", "json") == ExitCode.DONE
    rows: list[dict[str, str]] = json.loads(shell.out)
    return rows


def test_an_intervention_is_started_ended_and_listed(shell: Shell) -> None:
    assert shell(*START, "--on-site", "--at", "2025-11-14T22:00") == ExitCode.DONE
    assert shell.out == "INT-2025-0001 started: 2025-11-14T22:00:00+01:00\n"
    [row] = _listed(shell, "--open")
    assert row["state"] == "overdue"
    ended = ("intervention", "end", "INT-2025-0001", "--at", "2025-11-15T00:10")
    assert shell(*ended) == ExitCode.DONE
    assert shell.out == "INT-2025-0001 ended: 2025-11-15T00:10:00+01:00\n"
    assert _listed(shell, "--open") == []
    [row] = _listed(shell, "--month", "2025-11")
    assert row == {
        "intervention": "INT-2025-0001",
        "hospital": "CH-EXEMPLE",
        "site": "principal",
        "window": "",
        "person": "Dominique Petit",
        "company": "Intégration SA",
        "purpose": "correctif",
        "mode": "on_site",
        "start": "2025-11-14T22:00:00+01:00",
        "end": "2025-11-15T00:10:00+01:00",
        "state": "ended",
        "length": "PT2H10M",
    }
    assert shell("intervention", "list", "--month", "2025-11") == ExitCode.DONE
    assert "2 h 10 min" in shell.out
    assert _listed(shell, "--month", "2025-12") == []
    assert shell(*ended) == ExitCode.REFUSED
    assert "constat intervention correct INT-2025-0001" in shell.err


def test_one_that_was_left_open_is_what_doctor_finds(shell: Shell) -> None:
    shell(*START, "--at", "2025-11-14T22:00")
    shell(*START)
    assert shell("doctor", "-o", "csv") == ExitCode.ERROR
    [found] = [line for line in shell.out.splitlines() if line.startswith("intervention_open")]
    assert found.startswith("intervention_open,CH-EXEMPLE,INT-2025-0001,open for ")


def test_an_erased_person_is_called_so_in_both_languages(shell: Shell) -> None:
    _intervened(shell, "2025-10-14T22:00", "2025-10-14T23:00")
    assert shell("names", "list", "--hospital", "CH-EXEMPLE", "-o", "json") == ExitCode.DONE
    [kept] = [each for each in json.loads(shell.out) if each["name"] == "Dominique Petit"]
    assert shell("names", "erase", kept["commitment"], "--hospital", "CH-EXEMPLE") == ExitCode.DONE
    assert [row["person"] for row in _listed(shell)] == ["identité effacée"]
    assert [row["person"] for row in _listed(shell, "--lang", "en")] == ["identity erased"]
    for form in ("table", "csv"):
        assert shell(*OCTOBER, "-o", form) == ExitCode.DONE
        assert "identité effacée" in shell.out
        assert shell(*OCTOBER, "-o", form, "--lang", "en") == ExitCode.DONE
        assert "identity erased" in shell.out
    assert shell(*OCTOBER, "-o", "json") == ExitCode.DONE
    [shown] = json.loads(shell.out)["interventions"]
    assert shown["person"] == {"commitment": kept["commitment"], "erased": True}


def test_a_correction_shows_the_old_beside_the_new(shell: Shell) -> None:
    _intervened(shell, "2025-10-14T22:00", "2025-10-14T23:00")
    correct = ("intervention", "correct", "INT-2025-0001", "--reason", "mal saisi")
    assert shell(*correct, "--set", "purpose=sauvegarde", "--unset", "mode") == ExitCode.DONE
    assert shell.out.splitlines()[1:] == [
        "  purpose: correctif → sauvegarde",
        "  mode: remote → (none)",
    ]
    assert shell(*correct, "--set", "end=2025-10-14T22:50") == ExitCode.DONE
    assert [row["length"] for row in _listed(shell)] == ["PT50M"]
    for wrong, complaint in [
        (("--set", "mode=phone"), "expected remote or on_site, not 'phone'"),
        (("--set", "person=X"), "'person' is no field"),
        (("--unset", "purpose"), "'purpose' cannot be taken away"),
        (("--set", "purpose"), "is not FIELD=VALUE"),
        ((), "nothing to correct"),
    ]:
        assert shell(*correct, *wrong) == ExitCode.USAGE
        assert complaint in shell.err


def test_the_register_of_a_month_is_the_same_bytes_and_its_sending_is_recorded(
    shell: Shell, tmp_path: Path
) -> None:
    # In October 2025 the clocks of Paris went back on the 26th: from midnight to 04:00 is 5 h.
    _intervened(shell, "2025-10-26T00:00", "2025-10-26T04:00")
    # From 23:00 to 02:00: one hour of it in October, two in November.
    _intervened(shell, "2025-10-31T23:00", "2025-11-01T02:00")
    shell(*START, "--at", "2025-11-02T10:00")
    assert shell(*OCTOBER, "-o", "csv") == ExitCode.DONE
    first = shell.out
    rows = list(csv.DictReader(io.StringIO(first)))
    assert [row["in_month_us"] for row in rows] == [str(5 * 3_600_000_000), str(3_600_000_000)]
    assert rows[0]["start"] == "2025-10-26T00:00:00+02:00"
    assert rows[0]["end"] == "2025-10-26T04:00:00+01:00"

    file = tmp_path / "octobre.csv"
    sending = ("-o", "csv", "-O", str(file), "--sent-to", "dsi@ch-exemple.example")
    assert shell(*OCTOBER, *sending) == ExitCode.DONE
    assert shell.out == ""
    assert (
        f"sending of 2025-10 sealed, SHA-256 {sha256(file.read_bytes()).hexdigest()}" in shell.err
    )
    assert file.read_text("utf-8") == first
    assert shell(*OCTOBER, "-o", "json") == ExitCode.DONE
    [sent] = json.loads(shell.out)["sent"]
    assert sent["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert (sent["rows"], sent["recipient"]) == (2, "dsi@ch-exemple.example")
    assert shell(*OCTOBER) == ExitCode.DONE
    assert f"2 lignes, SHA-256 {sent['sha256']}" in shell.out

    november = (*OCTOBER[:-1], "2025-11")
    assert shell(*november, "-o", "csv") == ExitCode.DONE
    rows = list(csv.DictReader(io.StringIO(shell.out)))
    # The second is open: until the month's end, 28 days and 14 hours later.
    assert [row["in_month_us"] for row in rows] == [
        str(2 * 3_600_000_000),
        str((28 * 24 + 14) * 3_600_000_000),
    ]
    assert shell("rebuild", "--check") == ExitCode.DONE


def test_what_cannot_be_sent_is_refused(shell: Shell, tmp_path: Path) -> None:
    to = ("--sent-to", "dsi@ch-exemple.example")
    assert shell(*OCTOBER, *to) == ExitCode.USAGE
    assert "what is sent is the CSV: say -o csv" in shell.err
    future = (*OCTOBER[:-1], "2199-01")
    assert shell(*future, "-o", "csv", *to) == ExitCode.REFUSED
    assert "2199-01 is not over" in shell.err
    assert shell(*OCTOBER, "-o", "csv", *to, "-O", str(tmp_path / "no" / "x")) == ExitCode.USAGE
    assert "cannot write" in shell.err
    assert shell(*OCTOBER, "-o", "json") == ExitCode.DONE
    assert json.loads(shell.out)["sent"] == []


@pytest.mark.parametrize("month", ["2025-13", "2025", "octobre", "1969-12", "2025-1"])
def test_what_is_not_a_month_is_refused(shell: Shell, month: str) -> None:
    assert shell(*OCTOBER[:-1], month) == ExitCode.USAGE
    assert "is not a month, as in 2026-11" in shell.err


def test_a_program_gets_a_token_that_can_be_taken_back(shell: Shell) -> None:
    program = ("--hospital", "CH-EXEMPLE", "--name", "bastion")
    assert shell("token", "program", *program) == ExitCode.DONE
    assert len(shell.out.strip()) == 32
    assert shell("token", "revoke", *program) == ExitCode.DONE
    assert shell.out == "1 token of bastion revoked for CH-EXEMPLE\n"
    assert shell("token", "revoke", *program) == ExitCode.NOT_FOUND
    assert shell("token", "program", *program, "--ttl", "P367D") == ExitCode.USAGE
    assert "at most 366 days" in shell.err


def test_the_register_of_a_month_is_written_as_a_document(shell: Shell) -> None:
    _intervened(shell, "2025-10-14T22:00", "2025-10-15T00:10")
    assert shell(*OCTOBER, "--pdf", "octobre.pdf") == ExitCode.DONE
    pdf = Path("octobre.pdf").read_bytes()
    assert list(faults(pdf)) == []
    said = text_of(pdf)
    for part in ("Registre des interventions", "Dominique Petit", "correctif", "2 h 10 min"):
        assert part in said
    [register] = read(pdf).attachments["interventions.json"]
    assert json.loads(register)["month"] == "2025-10"
    assert shell(*OCTOBER, "--pdf", "octobre.pdf") == ExitCode.USAGE
    assert "octobre.pdf exists already" in shell.err


def test_a_month_without_rows_was_sent_with_no_plural_in_french(
    shell: Shell, tmp_path: Path
) -> None:
    empty = (*OCTOBER[:-1], "2024-02")
    sending = ("-o", "csv", "-O", str(tmp_path / "fevrier.csv"), "--sent-to", "dsi")
    assert shell(*empty, *sending) == ExitCode.DONE
    assert shell(*empty) == ExitCode.DONE
    assert "0 ligne, SHA-256" in shell.out
    assert shell(*empty, "--lang", "en") == ExitCode.DONE
    assert "0 rows, SHA-256" in shell.out
