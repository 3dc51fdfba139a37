"""A sheet as one HTML file that needs nothing else: no script, no font, no file from anywhere.

A name in it is text: markup is escaped, and a control or a direction of writing, which could have a
browser show a line in another order than it is in, is shown as a character that cannot be.
"""

import unicodedata
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from collector.report.durations import Language
from collector.report.sheet import Sheet
from collector.report.value import Report
from collector.report.window_sheet import window_sheet


def report_html(report: Report, language: Language) -> str:
    """Return the page of a report on a window."""
    return sheet_html(window_sheet(report, language))


def sheet_html(sheet: Sheet) -> str:
    """Return the page of a sheet; every text in it is escaped, its pictures stand in it as SVG."""
    return _template().render(sheet=sheet, drawn=_drawn)


def _drawn(svg: str) -> Markup:
    """Let a picture be drawn: it is our own, and every text in it was escaped as it was made."""
    return Markup(svg)  # noqa: S704


def _plain(value: object) -> object:
    """Return what a template prints, with letters, spaces and line ends only if it is text."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(each if _is_plain(each) else "\ufffd" for each in value)


def _is_plain(letter: str) -> bool:
    return letter.isprintable() or letter == "\n" or unicodedata.category(letter) == "Zs"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("sheet.html")
