"""`constat report window`, on a real database with a real outage in it."""

import csv
import io
import json
from pathlib import Path

import page
import pytest

from collector.errors import ExitCode
from probes.model.canonical import encode
from tests.collector.cli.conftest import Shell
from tests.collector.report.test_as_pdf import read, text_of

AS_OF = ("--as-of", "2026-11-16T10:00")


def test_the_pdf_is_what_is_written_when_nothing_is_said(bare_shell: Shell, window: str) -> None:
    assert bare_shell("report", "window", window, *AS_OF) == ExitCode.DONE
    file = Path(f"{window}.pdf")
    assert bare_shell.out == f"{file} ({file.stat().st_size} bytes)\n"
    pdf = file.read_bytes()
    for profile in (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1):
        assert page.is_pdf_compliant_bytes(pdf, profile=profile)
    first = text_of(pdf, slice(1))
    for said in ("Constat de mise à jour", window, "NON CONFORME", "insuffisant", "labo-02"):
        assert said in first
    keys = text_of(pdf, slice(1, None))
    assert "agent, sur le poste accueil-03" in keys
    assert "témoin de l'établissement absente" in keys


def test_the_same_instant_gives_the_same_bytes(bare_shell: Shell, window: str) -> None:
    for name in ("first.pdf", "second.pdf"):
        assert bare_shell("report", "window", window, *AS_OF, "-O", name) == ExitCode.DONE
    assert Path("first.pdf").read_bytes() == Path("second.pdf").read_bytes()


def test_every_form_holds_the_figures_of_the_screen(
    bare_shell: Shell, window: str, tmp_path: Path
) -> None:
    assert bare_shell("window", "show", window, *AS_OF, "-o", "json") == ExitCode.BREACH
    shown = json.loads(bare_shell.out)
    for form in ("pdf", "html", "json", "csv"):
        command = ("report", "window", window, "--format", form, "--lang", "en")
        assert bare_shell(*command, *AS_OF) == ExitCode.DONE
    written = {form: (tmp_path / f"{window}.{form}").read_bytes() for form in ("json", "pdf")}
    assert written["json"] == encode(shown)
    assert read(written["pdf"]).attachments["report.json"] == [written["json"]]
    html = (tmp_path / f"{window}.html").read_text("utf-8")
    assert '<html lang="en">' in html
    [row] = csv.DictReader(io.StringIO((tmp_path / f"{window}.csv").read_text("utf-8")))
    assert int(row["upper_us"]) == shown["duration"]["upper_us"]


def test_standard_output_gets_the_document_and_nothing_else(bare_shell: Shell, window: str) -> None:
    command = ("report", "window", window, "--format", "html", "-O", "-")
    assert bare_shell(*command) == ExitCode.DONE
    assert bare_shell.out.startswith("<!doctype html>")
    assert bare_shell.out.endswith("</html>\n")


def test_a_file_that_is_there_is_left_alone(bare_shell: Shell, window: str) -> None:
    Path("rapport.pdf").write_text("mine", "utf-8")
    code = bare_shell("report", "window", window, "-O", "rapport.pdf")
    assert code == ExitCode.USAGE
    assert "rapport.pdf exists already: give another name" in bare_shell.err
    assert Path("rapport.pdf").read_text("utf-8") == "mine"


def test_a_folder_that_is_not_there_is_told_in_one_line(bare_shell: Shell, window: str) -> None:
    code = bare_shell("report", "window", window, "-O", "nowhere/rapport.pdf")
    assert code == ExitCode.USAGE
    assert "cannot write nowhere/rapport.pdf" in bare_shell.err


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_a_window_nobody_knows_is_not_found(bare_shell: Shell, form: str) -> None:
    code = bare_shell("report", "window", "MAJ-1", "--format", form)
    assert code == ExitCode.NOT_FOUND
    assert "there is no window MAJ-1" in bare_shell.err
