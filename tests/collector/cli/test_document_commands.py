"""Attaching documents, making reservations and registering notices, on a real database."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from collector.errors import ExitCode
from tests.collector.cli.conftest import Shell
from tests.postgres import do, in_own_loop

ID = "MAJ-2099-0001"
REPORT = b"%PDF-1.7 migration"
DIGEST = hashlib.sha256(REPORT).hexdigest()
ADD = ("attachment", "add", ID, "rapport.pdf", "--kind", "migration-report")


@pytest.fixture
def window(shell: Shell, tmp_path: Path) -> Shell:
    """A shell on a database with an announced window, in a folder with some files."""
    when = ("--service", "dpi", "--start", "2099-11-14T22:00", "--for", "PT4H")
    assert shell("window", "announce", "--hospital", "CH-EXEMPLE", *when) == ExitCode.DONE
    (tmp_path / "rapport.pdf").write_bytes(REPORT)
    (tmp_path / "lettre.txt").write_text("Préavis", "utf-8")
    return shell


def test_a_document_is_attached_listed_and_got_back(window: Shell, tmp_path: Path) -> None:
    assert window(*ADD, "--title", "de nuit") == ExitCode.DONE
    assert window.out.startswith(f"{ID}: rapport.pdf attached, entry ")
    assert f": migration-report, application/pdf, 18 bytes, SHA-256 {DIGEST}\n" in window.out
    assert window(*ADD) == ExitCode.DONE
    assert "rapport.pdf was attached before, entry " in window.out
    assert window("attachment", "list", ID, "-o", "csv") == ExitCode.DONE
    [row] = csv.DictReader(io.StringIO(window.out))
    assert (row["sha256"], row["title"], row["size"]) == (DIGEST, "de nuit", "18")
    assert window("attachment", "list", ID) == ExitCode.DONE
    assert DIGEST[:16] in window.out
    (tmp_path / "rapport.pdf").unlink()
    assert window("attachment", "get", ID, DIGEST[:8]) == ExitCode.DONE
    assert window.out == "rapport.pdf (18 bytes)\n"
    assert (tmp_path / "rapport.pdf").read_bytes() == REPORT
    assert window("attachment", "get", ID, DIGEST[:8], "-O", "-") == ExitCode.DONE
    assert window.out == REPORT.decode()


def test_a_file_that_is_there_is_never_written_over(window: Shell, tmp_path: Path) -> None:
    window(*ADD)
    (tmp_path / "rapport.pdf").write_text("mine")
    assert window("attachment", "get", ID, DIGEST) == ExitCode.USAGE
    assert window.err == "constat: rapport.pdf exists already: give another name\n"
    assert (tmp_path / "rapport.pdf").read_text() == "mine"
    assert window("attachment", "get", ID, DIGEST, "-O", "no/where") == ExitCode.USAGE
    assert "cannot write no/where: No such file" in window.err


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("add", ID, "nothing.pdf", "--kind", "other"), 2, "cannot read nothing.pdf: No such file"),
        (("add", ID, ".", "--kind", "other"), 2, "cannot read .: Is a directory"),
        (("add", ID, "/dev/zero", "--kind", "other"), 2, "zero is larger than 10 MiB"),
        (("add", ID, "/dev/null", "--kind", "other"), 2, "null is empty"),
        (("add", ID, "rapport.pdf"), 2, "Missing option '--kind'"),
        (("add", ID, "rapport.pdf", "--kind", "x"), 2, "'x' is not one of 'migration-report'"),
        (("add", ID, "rapport.pdf", "--kind", "other", "--title", "a\nb"), 2, "--title: expected"),
        (("add", "MAJ-1", "rapport.pdf", "--kind", "other"), 5, "there is no window MAJ-1"),
        (("get", ID, "ab"), 5, "has no document 'ab': constat attachment list"),
        (("list", "MAJ-1"), 5, "there is no window MAJ-1"),
    ],
)
def test_a_document_that_cannot_be_taken_says_why(
    window: Shell, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    assert window("attachment", *arguments) == code
    assert complaint in window.err
    assert window.err.count("\n") == 1


def test_bytes_that_were_changed_are_told_by_the_doctor_and_never_given_out(
    window: Shell, collector_dsn: str
) -> None:
    window(*ADD)
    in_own_loop(do(collector_dsn, "UPDATE attachment_content SET content = 'forged'"))
    assert window("attachment", "get", ID, DIGEST) == ExitCode.ERROR
    assert "are not those that were sealed" in window.err
    assert window("doctor") == ExitCode.ERROR
    assert f"document_changed      CH-EXEMPLE  {ID} {DIGEST[:16]}" in window.out
    assert window("rebuild", "--check") == ExitCode.DONE


def test_a_reservation_is_printed_with_the_verdict_in_both_languages(
    window: Shell, tmp_path: Path
) -> None:
    (tmp_path / "reserve.txt").write_bytes("\ufeffPremière ligne.\r\nDeuxième.\r\n".encode())
    by = ("--by", "Alix Roy", "--by", "Sam Noé")
    assert window("reservation", "add", ID, "--file", "reserve.txt", *by) == ExitCode.DONE
    assert window.out.startswith(f"{ID}: reservation sealed ")
    assert window("reservation", "add", ID, "--text", "Et encore.") == ExitCode.DONE
    window("window", "show", ID)
    shown = "\n".join(line.rstrip() for line in window.out.splitlines())
    assert "\nRéserves\n" in shown
    assert "exprimée par Alix Roy, Sam Noé" in shown
    assert shown.index("Préavis") < shown.index("Première ligne.\nDeuxième.") < shown.index("Prévu")
    window("window", "show", ID, "--lang", "en")
    assert "\nReservations " in window.out
    assert "stated by Alix Roy, Sam Noé" in window.out
    window("window", "show", ID, "-o", "json")
    first, second = json.loads(window.out)["reservations"]
    assert first["text"] == "Première ligne.\nDeuxième."
    assert (len(first["by"]), second["by"]) == (2, [])
    window("window", "show", ID, "-o", "csv")
    [row] = csv.DictReader(io.StringIO(window.out))
    assert (row["attachments"], row["reservations"]) == ("0", "2")
    assert window("reservation", "list", ID) == ExitCode.DONE
    assert "Alix Roy, Sam Noé  Première ligne. Deuxième." in window.out
    assert window("reservation", "list", ID, "-o", "json") == ExitCode.DONE
    assert json.loads(window.out)[0]["text"] == first["text"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "Give --text or --file, one of them"),
        (("--text", "a", "--file", "lettre.txt"), "Give --text or --file, one of them"),
        (("--text", " "), "this one is empty"),
        (("--text", "a\x07"), "character 2 of the reservation, U+0007, cannot be printed"),
        (("--text", "\udce9"), "U+DCE9"),
        (("--text", "a", "--by", ""), "--by: expected some text on one line"),
        (("--file", "rapport.pdf"), ""),
        (("--file", "latin.txt"), "latin.txt is not UTF-8 at byte 2"),
        (("--file", "/dev/zero"), "at most 10000 characters, not 40005"),
    ],
)
def test_a_reservation_that_cannot_be_taken_says_why(
    window: Shell, tmp_path: Path, options: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "latin.txt").write_bytes("préavis".encode("latin-1"))
    code = window("reservation", "add", ID, *options)
    assert code == (ExitCode.USAGE if complaint else ExitCode.DONE)
    assert complaint in window.err


def test_a_notice_by_other_means_is_listed_with_what_is_claimed(window: Shell) -> None:
    given = ("notice", "register", ID, "--document", "lettre.txt", "--means", "letter")
    said = ("--said-at", "2026-01-02T09:30")
    assert window(*given, *said) == ExitCode.DONE
    first, second = window.out.splitlines()
    assert first.startswith(f"{ID}: notice by letter registered, it counts from 20")
    assert "the window was announced" in second
    assert window(*given, *said) == ExitCode.DONE
    assert "notice by letter was registered before" in window.out
    assert window("notice", "list", ID, "-o", "json") == ExitCode.DONE
    [row] = [row for row in json.loads(window.out) if row["state"] == "registered"]
    assert (row["occasion"], row["channel"]) == ("registered", "letter")
    assert row["answer"] == "said to have been given 2026-01-02T08:30:00Z"
    window("window", "show", ID)
    shown = " ".join(window.out.split())
    assert "donné le 02/01/2026 09:30:00 CET selon le déclarant, date sans effet" in shown
    assert "sans effet sur le préavis, la fenêtre ayant été annoncée le" in shown
    window("window", "show", ID, "--lang", "en")
    shown = " ".join(window.out.split())
    assert "said to have been given 2026-01-02 09:30:00 CET, a date without effect" in shown
    assert window(*given, "--said-at", "2099-01-01T00:00") == ExitCode.USAGE
    assert "--said-at: that instant is still to come" in window.err
    assert window(*given, "--said-at", "2026-10-25T02:30") == ExitCode.USAGE
    assert "--said-at: " in window.err
