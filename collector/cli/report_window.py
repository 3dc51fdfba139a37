"""`constat report window`: the report on one window, as a file to keep, to send or to sign."""

from enum import StrEnum
from pathlib import Path
from typing import assert_never

import click

from collector.assess import report_on
from collector.cli.as_of import as_of_option, asked
from collector.cli.database import now_us, on_database
from collector.cli.files import write_out
from collector.cli.options import (
    Member,
    Target,
    hospital,
    language,
    reads_database,
    window_argument,
)
from collector.report.as_csv import report_csv
from collector.report.as_json import report_bytes
from collector.report.durations import Language
from collector.report.value import Report
from collector.store.pool import Pool


class Form(StrEnum):
    """The forms of a report on paper, and of its figures."""

    PDF = "pdf"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


@click.command(
    "window",
    short_help="Write the report on a window: PDF, HTML, JSON or CSV.",
    epilog="""\b
Examples:
  constat report window MAJ-2026-0142
  constat report window MAJ-2026-0142 --lang en -O rapport.pdf
  constat report window MAJ-2026-0142 --as-of 2026-11-16T10:00
  constat report window MAJ-2026-0142 --format html -O - > rapport.html

\b
The PDF is PDF/A-3a and PDF/UA-1, and holds the figures as report.json. With --as-of, and nothing
sealed since, the same bytes come out.
Exit codes: 0 done · 2 the file exists or cannot be written · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@click.option(
    "--format",
    "form",
    type=Member(Form),
    default=Form.PDF.value,
    show_default=True,
    help="Form of the report.",
)
@as_of_option
@language
@click.option(
    "-O",
    "--output-file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="File to write, - for standard output; ID.pdf and so on by default.",
)
@hospital
@reads_database
def report_window(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    form: Form,
    as_of: str | None,
    lang: Language,
    file: Path | None,
    hospital: str | None,
    target: Target,
) -> None:
    """Write the report on window ID: one page that says it all, and what it rests on.

    It tells what is known now, or was by an instant. Its figures are those of constat window show.
    """

    async def work(pool: Pool) -> Report:
        where, as_of_us = await asked(pool, window_id, hospital, as_of)
        return await report_on(pool, where, now_us() if as_of_us is None else as_of_us)

    report = on_database(target, work)
    write_out(file or Path(f"{window_id}.{form}"), drawn(report, form, lang))


def drawn(report: Report, form: Form, lang: Language) -> bytes:
    """Return a report in a form."""
    match form:
        case Form.PDF:
            from collector.report.as_pdf import report_pdf  # noqa: PLC0415 - typst, if drawn

            return report_pdf(report, lang)
        case Form.HTML:
            from collector.report.as_html import report_html  # noqa: PLC0415 - jinja2, if drawn

            return report_html(report, lang).encode()
        case Form.JSON:
            return report_bytes(report)
        case Form.CSV:
            return report_csv([report]).encode()
        case _ as unreachable:
            assert_never(unreachable)
