"""A sheet as PDF/A-3a and PDF/UA-1, with the object it was made of attached.

The same sheet gives the same bytes: the date is the report's own, the fonts are those beside this
file, and nothing is read from the machine. All that a report says reaches the template as data, so
none of it can be markup. What typst only warns of is a fault here.
"""

import json
from dataclasses import asdict
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import typst

from collector.report.as_json import report_bytes
from collector.report.availability import AvailabilityReport
from collector.report.availability_forms import availability_json
from collector.report.durations import Language
from collector.report.glyphs import printable
from collector.report.interventions import MonthOfInterventions
from collector.report.interventions_forms import interventions_json
from collector.report.month_sheets import availability_sheet, interventions_sheet
from collector.report.operation_phrases import Tone
from collector.report.sheet import Sheet
from collector.report.value import Report
from collector.report.window_sheet import window_sheet
from probes.model.canonical import encode
from probes.model.instant import to_datetime

_FOLDER: Final = Path(__file__).parent


class Attached(NamedTuple):
    """A JSON file that a document carries: the data it was made of."""

    name: str
    data: bytes


def report_pdf(report: Report, language: Language) -> bytes:
    """Return the PDF of a report on a window, with its `report.json` attached."""
    return sheet_pdf(window_sheet(report, language), Attached("report.json", report_bytes(report)))


def availability_pdf(report: AvailabilityReport, language: Language) -> bytes:
    """Return the PDF of a service's availability, with its figures attached."""
    figures = encode(availability_json(report))
    return sheet_pdf(availability_sheet(report, language), Attached("availability.json", figures))


def interventions_pdf(report: MonthOfInterventions, language: Language, known_at_us: int) -> bytes:
    """Return the PDF of a month of interventions as known at an instant, with it attached."""
    register = encode(interventions_json(report))
    sheet = interventions_sheet(report, language, known_at_us)
    return sheet_pdf(sheet, Attached("interventions.json", register))


def sheet_pdf(sheet: Sheet, attached: Attached) -> bytes:
    """Return the PDF of a sheet, with a JSON file attached as the data it was made of.

    Raises `ValueError` when the template and the sheet do not fit; that is our fault, never that of
    what the sheet says.
    """
    inputs = {
        "sheet": json.dumps(_printable(asdict(sheet))),
        "attachment": attached.name,
        "attached": attached.data.decode(),
    }
    compiler = typst.Compiler(
        input=_template(), root=_FOLDER, font_paths=_fonts(), ignore_system_fonts=True
    )
    try:
        made, warnings = compiler.compile_with_warnings(
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-3a", "ua-1"],
            timestamp=to_datetime(sheet.known_at_us, UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        raise ValueError(f"cannot lay out {sheet.subject}: {error.diagnostic}") from None
    if warnings or not isinstance(made, bytes):
        told = "; ".join(warning.message for warning in warnings)
        raise ValueError(f"cannot lay out {sheet.subject}: {told}")
    return _ended(made)


def _ended(pdf: bytes) -> bytes:
    """Return a PDF in which no stream ends ambiguously.

    A stream whose last byte is CR, then the LF before `endstream`: a checker takes both for one end
    of line, and the stream for one byte too long (ISO 19005-3, 6.1.7.1). CR alone ends a line too.
    """
    return pdf.replace(b"\r\nendstream", b"\r\rendstream")


def _printable(value: object) -> object:
    """Return a tree with every text in it printable."""
    match value:
        case str():
            return printable(value)
        case Tone():
            return value.value
        case dict():
            return {key: _printable(member) for key, member in value.items()}
        case list() | tuple():
            return [_printable(member) for member in value]
        case _:
            return value


@cache
def _template() -> bytes:
    return (_FOLDER / "templates/sheet.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(_FOLDER / "assets")],
    )
