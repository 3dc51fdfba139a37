"""The report as PDF: archival, accessible, the same bytes everywhere, all that it says text."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import page
import pytest
from pypdf import PdfReader

from collector.report.as_json import report_bytes, report_json
from collector.report.as_pdf import Attached, report_pdf, sheet_pdf
from collector.report.durations import Language
from collector.report.sheet import Picture
from collector.report.value import Report
from collector.report.window_sheet import window_sheet
from tests.collector.report.hospitals import WORLD, hospital
from tests.collector.report.reports import SCENARIOS, report_of

ROOT = Path(__file__).parents[3]
EVERY = sorted(path.parent.name for path in Path(SCENARIOS).glob("*/axis.txt"))
PROFILES = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)
BREACH = "proven_down_for_longer_than_four_hours_is_a_breach"


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def root_of(reader: PdfReader) -> dict[str, Any]:
    """Return the catalogue of a document."""
    return reader.root_object


def text_of(pdf: bytes, pages: slice = slice(None)) -> str:
    """Return what stands on pages, its lines joined."""
    found = (each.extract_text() for each in read(pdf).pages[pages])
    return " ".join(" ".join(found).split())


def faults(pdf: bytes) -> Iterator[str]:
    """Yield what page-validation finds against PDF/A-3a and PDF/UA-1."""
    for profile in PROFILES:
        report = page.validate_pdf_bytes(pdf, profile=profile)
        yield from (f"{profile}: {failure}" for failure in report.failures)


@pytest.mark.parametrize("scenario", EVERY)
def test_every_scenario_is_archival_and_accessible(scenario: str) -> None:
    pdf = report_pdf(report_of(scenario), Language.FRENCH)
    assert list(faults(pdf)) == []


@pytest.mark.parametrize("scenario", [WORLD, BREACH, "nothing_was_measured_at_all"])
def test_so_it_is_in_english(scenario: str) -> None:
    pdf = report_pdf(report_of(scenario), Language.ENGLISH)
    assert list(faults(pdf)) == []


@pytest.mark.parametrize("count", [0, 3, 60, 130])
def test_hospitals_of_any_size_fit_and_conform(count: int) -> None:
    pdf = report_pdf(hospital(count), Language.FRENCH)
    assert list(faults(pdf)) == []


@pytest.mark.parametrize("count", [3, 60])
def test_one_page_says_it_all_and_is_signed(count: int) -> None:
    first = text_of(report_pdf(hospital(count), Language.FRENCH), slice(1))
    for said in (
        "Centre hospitalier d'Exemple",
        "FINESS 750712184",
        "CONFORME",
        "limite 4 h",
        "préavis donné le",
        "Perdu en dernier",
        "Retrouvé en premier",
        "8.4.1 → 9.0.0",
        "Pénalités",
        "Pour l'éditeur",
        "Pour l'établissement",
    ):
        assert said in first, said


def test_the_checkers_that_approve_refuse_what_is_neither() -> None:
    pdf = report_pdf(report_of(WORLD), Language.FRENCH)
    untagged = pdf.replace(b"/MarkInfo", b"/MarkXnfo").replace(b"/Lang", b"/Lbng")
    assert list(faults(untagged)) != []


def test_no_stream_ends_so_that_its_length_is_ambiguous() -> None:
    for scenario in EVERY:
        assert b"\r\nendstream" not in report_pdf(report_of(scenario), Language.ENGLISH)


def test_the_figures_are_attached_as_the_file_a_bundle_holds() -> None:
    report = report_of(WORLD)
    reader = read(report_pdf(report, Language.FRENCH))
    assert reader.attachments == {"report.json": [report_bytes(report)]}
    assert json.loads(reader.attachments["report.json"][0]) == report_json(report)
    [attached] = root_of(reader)["/AF"]
    assert attached.get_object()["/AFRelationship"] == "/Data"


def test_the_document_says_what_it_is_in_which_language_and_when() -> None:
    report = report_of(WORLD)
    for language in Language:
        reader = read(report_pdf(report, language))
        assert root_of(reader)["/Lang"] == language.value
        assert root_of(reader)["/MarkInfo"]["/Marked"]
        found = reader.metadata
        assert found is not None
        assert found.title is not None
        assert found.title.startswith(window_sheet(report, language).title)
        # Known until 02:00 in Paris, an hour ahead of UTC.
        assert found.creation_date_raw == "D:20261116010000Z"


def _hostile(text: str) -> Report:
    report = hospital(2, [text])
    around = replace(
        report.surroundings, hospital_name=text, product=text, vendor=text, site_name=text
    )
    return replace(report, surroundings=around)


@pytest.mark.parametrize(
    "text",
    [
        '#panic("evaluated")',
        '#import "@preview/x:1.0.0": *',
        "[ ] { } ( ) $x^2$ *gras* _italique_ `code` = titre - liste + 1. <label> @ref ~ \\ / // c",
        "<script>alert(1)</script> & \"guillemets\" ' apostrophes ' %s {page} {0}",
        "]]> --> <!-- <![CDATA[ &amp; &#x41;",
    ],
)
def test_what_a_name_holds_is_text_and_nothing_else(text: str) -> None:
    pdf = report_pdf(_hostile(text), Language.FRENCH)
    assert list(faults(pdf)) == []
    assert text.replace(" ", "") in text_of(pdf, slice(1)).replace(" ", "")


@pytest.mark.parametrize(
    "text", ["病院 🏥", "\x00\x1b[31m\u202e", "מרכז רפואי", " ", "\ud7ff\uffff"]
)
def test_what_has_no_glyph_makes_no_report_fail(text: str) -> None:
    pdf = report_pdf(_hostile(f"CH {text}"), Language.ENGLISH)
    assert list(faults(pdf)) == []


def test_names_of_any_length_fit() -> None:
    long = "Groupement hospitalier de territoire " * 8 + "X" * 300
    pdf = report_pdf(_hostile(long), Language.FRENCH)
    assert list(faults(pdf)) == []


def test_what_cannot_be_laid_out_is_a_fault_and_names_the_report() -> None:
    sheet = window_sheet(report_of(WORLD), Language.FRENCH)
    broken = replace(sheet, picture=Picture("no picture", "nothing"))
    with pytest.raises(ValueError, match="cannot lay out THREE-WORKSTATIONS-DOWN"):
        sheet_pdf(broken, Attached("report.json", b"{}"))


_DIGESTS = """
from hashlib import sha256
from collector.report.as_html import report_html
from collector.report.as_pdf import report_pdf
from collector.report.durations import Language
from tests.collector.report.hospitals import hospital
report = hospital(5)
for language in Language:
    print(sha256(report_pdf(report, language)).hexdigest())
    print(sha256(report_html(report, language).encode()).hexdigest())
"""


@pytest.mark.parametrize(
    "surroundings",
    [
        {"TZ": "Pacific/Kiritimati", "LANG": "fr_FR.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1"},
    ],
    ids=["kiritimati", "newfoundland"],
)
def test_the_same_report_is_the_same_bytes_wherever_it_is_drawn(
    surroundings: dict[str, str], tmp_path: Path
) -> None:
    report = hospital(5)
    expected = [
        sha256(form).hexdigest()
        for language in Language
        for form in (report_pdf(report, language), _html(report, language))
    ]
    drawn = subprocess.run(
        [sys.executable, "-c", _DIGESTS],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            **surroundings,
            "PYTHONPATH": str(ROOT),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert drawn.stdout.split() == expected


def _html(report: Report, language: Language) -> bytes:
    from collector.report.as_html import report_html  # noqa: PLC0415

    return report_html(report, language).encode()


@pytest.mark.pdf
@pytest.mark.parametrize("scenario", [WORLD, BREACH])
def test_a_second_checker_finds_the_report_accessible(scenario: str, tmp_path: Path) -> None:
    program = ROOT / ".pdf/bin/outloud"
    if not program.exists():
        pytest.skip("outloud is not installed: make test-pdf")
    file = tmp_path / "rapport.pdf"
    file.write_bytes(report_pdf(report_of(scenario), Language.FRENCH))
    told = tmp_path / "told.json"
    subprocess.run(
        [program, "--fail-on", "warning", "--json", told, file], check=True, capture_output=True
    )
    assert json.loads(told.read_bytes())
