"""The operation and its conduct in a report: said in both languages, in every form."""

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console

from collector.judge.conduct import Circumstances, Keeping, judge_conduct
from collector.judge.operation import (
    Change,
    Correction,
    Exclusion,
    Instance,
    Operation,
    VersionKind,
)
from collector.judge.weekly import Week, parse_hours
from collector.report.as_csv import report_csv
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.operation_words import operation_words_in
from collector.report.screen import drawing
from collector.report.value import Report
from probes.model.canonical import encode
from probes.model.instant import HOUR, parse_instant
from tests.collector.report.reports import report_of

LATE = "an_intervention_widens_the_window"  # Saturday 22:05 to 03:00; 1 h 10 proven down
OPERATION = Operation(
    id="OP-1",
    version_from="8.4.1",
    version_to="9.0.0",
    version_kind=VersionKind.MAJOR,
    exclusion=Exclusion.REGULATORY,
    instance=Instance.DEDICATED,
    hot=True,
    off_hours=True,
    pilot=True,
    limit_us=3 * HOUR,
    prerequisites=("SGBD 16",),
)
GIVEN = parse_instant("2026-11-14T23:05:00+01:00")
CORRECTION = Correction(
    GIVEN,
    "C. Martin",
    "typed wrong",
    (
        Change("version_kind", "patch", "major"),
        Change("limit_us", "", 3 * HOUR),
        Change("pilot", "", new=True),
        Change("intervention.1.end_us", GIVEN, GIVEN + HOUR),
        Change("prerequisites", ["a", "b"], ["SGBD 16"]),
    ),
)


def _report(cleared_at_us: int | None, operation: Operation = OPERATION) -> Report:
    report = report_of(LATE)
    night = (parse_hours("20:00-02:00"),)
    week = Week((night,) * 7)
    circumstances = Circumstances(cleared_at_us, Week(((parse_hours("08:00-12:00"),),) * 7), week)
    conduct = judge_conduct(operation, circumstances, report.assessment)
    around = replace(
        report.surroundings, operation=operation, conduct=conduct, corrections=(CORRECTION,)
    )
    return replace(report, surroundings=around)


def _screen(report: Report, language: Language) -> str:
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(drawing(report, language))
    return out.getvalue()


def test_the_screen_says_the_operation_and_each_promise_with_its_arithmetic() -> None:
    drawn = _screen(_report(GIVEN), Language.FRENCH)
    assert (
        "OP-1 · 8.4.1 → 9.0.0 · version majeure · hors décompte annuel : réglementaire"
        " · instance dédiée · site pilote · limite convenue 3 h" in drawn
    )
    assert (
        "enregistrée le 14/11/2026 23:05:00 CET, 1 h après le début de l'intervention du"
        " 14/11/2026 22:05:00 CET" in drawn
    )
    assert "hors service prouvé : 1 h 10 min" in drawn
    assert "coupure pendant l'ouverture du site : 0 s" in drawn
    assert "hors des créneaux publiés : 1 h" in drawn
    assert "SGBD 16 (déclarés ; sans effet sur les mesures)" in drawn
    assert "Après la fin annoncée" in drawn
    assert "│   NON CONFORME   │" in drawn


def test_a_correction_is_printed_with_its_author_old_new_and_reason() -> None:
    assert (
        "14/11/2026 23:05:00 CET, C. Martin : nature de la version correctif → version majeure,"
        " limite convenue (rien) → 3 h, site pilote (rien) → oui, fin de l'intervention 1"
        " 14/11/2026 23:05:00 CET → 15/11/2026 00:05:00 CET, prérequis non satisfaits a, b →"
        " SGBD 16 · typed wrong"
    ) in " ".join(_screen(_report(GIVEN), Language.FRENCH).split())


def test_a_hot_correction_begun_without_authorisation_is_a_breach() -> None:
    assert report_of(LATE).exit_code == 0
    assert _report(None).exit_code == 3
    assert _report(GIVEN).exit_code == 3
    before = _report(parse_instant("2026-11-14T22:00:00+01:00"))
    assert before.exit_code == 0
    assert "before the intervention of 2026-11-14 22:05:00 CET" in _screen(before, Language.ENGLISH)
    assert "│   COMPLIANT   │" in _screen(before, Language.ENGLISH)


def test_the_json_form_has_more_fields_and_none_of_the_assessments_differs() -> None:
    stated = report_json(_report(GIVEN))
    plain = report_json(report_of(LATE))
    assert {key: stated[key] for key in plain if key != "operation"} == {
        key: value for key, value in plain.items() if key != "operation"
    }
    assert encode(stated)
    assert stated["operation"] == OPERATION.to_json()
    assert stated["conduct"] == {
        "early_start": {"lower_us": 0, "upper_us": HOUR // 6},
        "overrun": {"lower_us": HOUR, "upper_us": HOUR},
        "precedence": {
            "duty": "authorisation",
            "verdict": "short",
            "judged_start_us": GIVEN - HOUR,
            "due": True,
            "given_at_us": GIVEN,
        },
        "hot": {"verdict": "broken", "lower_us": 70 * HOUR // 60, "upper_us": 110 * HOUR // 60},
        "off_hours": {"verdict": "kept", "lower_us": 0, "upper_us": 0},
        "slots": {"verdict": "broken", "lower_us": HOUR, "upper_us": HOUR},
    }


def test_the_csv_form_has_a_column_for_each() -> None:
    [row] = csv.DictReader(io.StringIO(report_csv([_report(None)])))
    told = ("version_to", "version_kind", "precedence", "hot", "off_hours", "slots", "corrections")
    assert [row[column] for column in told] == [
        "9.0.0", "major", "none", "broken", "kept", "broken", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("language", Language)
def test_every_word_is_there_in_both_languages(language: Language) -> None:
    words = operation_words_in(language)
    assert set(words.keeping) == set(Keeping)
    assert set(words.version_kind) == set(VersionKind)
    assert set(words.exclusion) == set(Exclusion)
    assert set(words.field) >= set(OPERATION.to_json())
    assert words.member("version_to", "major") == "major"
