"""The report as one HTML file: whole by itself, structured, and nothing in it is markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from collector.report.as_html import report_html
from collector.report.durations import Language
from tests.collector.report.hospitals import WORLD, hospital
from tests.collector.report.reports import SCENARIOS, report_of

EVERY = sorted(path.parent.name for path in Path(SCENARIOS).glob("*/axis.txt"))
VOID = {"meta", "link", "img", "br", "hr", "input"}


class _Page(HTMLParser):
    """What a page is made of: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scenario", EVERY)
def test_every_scenario_is_one_well_formed_page(scenario: str, language: Language) -> None:
    html = report_html(report_of(scenario), language)
    page = _Page(html)
    assert page.of("html") == [{"lang": language.value}]
    assert len(page.of("h1")) == 1
    assert all("scope" in cell for cell in page.of("th"))
    for absent in ("script", "link", "img", "iframe", "object", "form", "a"):
        assert page.of(absent) == []
    assert not re.search(r"\bon\w+=|url\(http|@import|src=", html)


def test_headings_follow_one_another() -> None:
    page = _Page(report_html(hospital(3), Language.FRENCH))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_it_says_what_the_pdf_says() -> None:
    text = _Page(report_html(report_of(WORLD), Language.FRENCH)).text
    for said in ("conforme", "entre 3 h 20 min et 3 h 40 min", "labo-02", "Limite de la preuve"):
        assert said in text


def test_what_a_name_holds_is_text_and_nothing_else() -> None:
    hostile = '"><script>alert(1)</script>{{ 7 * 7 }}</style><h1>'
    report = hospital(2, [hostile])
    around = replace(report.surroundings, hospital_name=hostile, product=hostile, vendor=hostile)
    html = report_html(replace(report, surroundings=around), Language.FRENCH)
    page = _Page(html)
    assert page.of("script") == []
    assert len(page.of("h1")) == 1
    assert hostile in page.text
    assert "49" not in re.findall(r"script.{0,40}", html)


def test_no_name_can_have_a_browser_show_a_line_in_another_order() -> None:
    hostile = "CH \u202eEMROFNOC\u2066\x07\x9b\u200b"
    report = hospital(2, [hostile])
    around = replace(report.surroundings, hospital_name=hostile, product=hostile, vendor=hostile)
    html = report_html(replace(report, surroundings=around), Language.FRENCH)
    assert all(each.isprintable() or each in "\n\xa0\u202f" for each in html)
    assert "CH \ufffdEMROFNOC\ufffd" in html
