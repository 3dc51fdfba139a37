"""One report, several forms: none adds to the facts, none leaves one out."""

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from collector.judge.terms import DowntimeRule
from collector.report.as_csv import report_csv, table_csv
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.screen import drawing
from collector.report.words import words_in
from probes.model.canonical import encode
from tests.collector.report.reports import SCENARIOS, report_of

EVERY = sorted(path.parent.name for path in Path(SCENARIOS).glob("*/axis.txt"))
THREE = "three_workstations_down_together_are_judged_on_the_first_one_back"
SHORT = "notice_short_by_half_a_day_is_a_breach_of_its_own"


def _screen(scenario: str, language: Language, *, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=120, highlight=False, force_terminal=terminal)
    console.print(drawing(report_of(scenario), language))
    return out.getvalue()


@pytest.mark.parametrize("scenario", EVERY)
def test_the_json_form_is_the_assessment_with_more_fields(scenario: str) -> None:
    report = report_of(scenario)
    stated = report_json(report)
    assessment = report.assessment.to_json()
    assert {key: stated[key] for key in assessment} == assessment
    assert stated.keys() > assessment.keys()


@pytest.mark.parametrize("scenario", EVERY)
def test_the_json_form_could_be_signed(scenario: str) -> None:
    stated = report_json(report_of(scenario))
    assert json.loads(encode(stated)) == stated


@pytest.mark.parametrize("scenario", EVERY)
@pytest.mark.parametrize("language", Language)
def test_every_scenario_can_be_drawn_in_both_languages(scenario: str, language: Language) -> None:
    report = report_of(scenario)
    drawn = _screen(scenario, language)
    words = words_in(language)
    assert words.duration_verdict[report.assessment.verdict] in drawn
    assert words.notice_verdict[report.assessment.notice.verdict] in drawn
    assert all(loss.vantage.name in drawn for loss in report.losses)


def test_the_screen_says_the_figures_in_words() -> None:
    drawn = _screen(THREE, Language.FRENCH)
    assert "│   CONFORME   │" in drawn
    assert "entre 3 h 20 min et 3 h 40 min (durée cumulée)" in drawn
    assert "limite 4 h · marge 20 min" in drawn
    assert "Perdu en dernier     labo-02  14/11/2026 22:10:00 CET" in drawn
    assert "Retrouvé en premier  accueil-03  15/11/2026 01:50:00 CET" in drawn
    assert "8.4.1 → 9.0.0" in drawn


def test_the_notice_is_told_with_its_arithmetic() -> None:
    drawn = _screen(SHORT, Language.FRENCH)
    given = "préavis donné le mercredi 11 novembre 2026 à 09 h 00 (CET), 3 jours francs"
    assert given in drawn
    assert "début au plus tôt le dimanche 15 novembre 2026 à 00 h 00 (CET)" in drawn
    assert "préavis à donner avant le mercredi 11 novembre 2026 à 00 h 00 (CET)" in drawn
    assert "il manque 2 h" in drawn


def test_a_breach_of_notice_alone_is_a_breach_in_large() -> None:
    assert "│   NON CONFORME   │" in _screen(SHORT, Language.FRENCH)
    assert "│   BREACH   │" in _screen(SHORT, Language.ENGLISH)


def test_a_pipe_gets_no_colours_and_a_terminal_does() -> None:
    assert "\x1b[" not in _screen(THREE, Language.FRENCH)
    assert "\x1b[1;32m" in _screen(THREE, Language.FRENCH, terminal=True)


def test_the_csv_form_is_one_line_with_the_same_figures() -> None:
    report = report_of(THREE)
    [row] = csv.DictReader(io.StringIO(report_csv([report])))
    assert row["verdict"] == "compliant"
    assert int(row["upper_us"]) == report.assessment.judged.upper_us
    assert row["lost_last"] == "labo-02"
    assert row["planned_start"] == "2026-11-14T22:00:00+01:00"
    for rule in DowntimeRule:
        figure = report.assessment.regulated.figure(rule)
        assert (int(row[f"{rule}_lower_us"]), int(row[f"{rule}_upper_us"])) == figure


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert table_csv(["a"], [[text]]).splitlines()[1].lstrip('"').startswith("'")


def test_a_negative_number_is_left_alone() -> None:
    assert table_csv(["a"], [[-1]]) == "a\n-1\n"
