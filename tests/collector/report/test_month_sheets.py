"""Availability and the interventions of a month on paper: what a reader sees of their tables."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from collector.judge.availability import availability
from collector.judge.outage import HospitalTimeline
from collector.report.as_pdf import availability_pdf
from collector.report.availability import AvailabilityReport, MeasuredPeriod
from collector.report.durations import Language
from collector.report.interventions import MonthOfInterventions
from collector.report.month_sheets import interventions_sheet
from probes.model.instant import HOUR, MINUTE
from probes.model.interval import Interval, IntervalSet
from tests.collector.report.test_availability import PARIS, YEAR, eight_upgrades


def under_way() -> AvailabilityReport:
    """The report on a year that is not over, nor its last second."""
    start = YEAR.interval.start
    passed = Interval(start, start + 7613 * HOUR + 10 * MINUTE + 30_610_959)
    timeline = HospitalTimeline(
        passed, IntervalSet([passed]), IntervalSet(), (), IntervalSet(), IntervalSet()
    )
    return replace(
        eight_upgrades(),
        measured=(MeasuredPeriod(YEAR, availability(timeline, passed, [])),),
        known_until_us=passed.end,
    )


@pytest.mark.parametrize("language", Language)
def test_no_cell_of_a_period_under_way_is_printed_over_another(language: Language) -> None:
    placed: list[tuple[float, str]] = []

    def note(text: str, matrix: list[float], at: list[float], _font: object, _size: float) -> None:
        if text.strip():
            placed.append((matrix[0] * at[4] + matrix[4], text.strip()))

    page = PdfReader(io.BytesIO(availability_pdf(under_way(), language))).pages[0]
    page.extract_text(visitor_text=note)
    [period] = [x for x, text in placed if text.startswith("2026 (")]
    [length] = [x for x, text in placed if text.startswith("7613 h 10 min 30")]
    # "2026 (en cours)" takes 55 points at 7.5 points.
    assert length > period + 55


def test_a_hospital_is_named_once_at_the_foot_of_its_interventions() -> None:
    name = "Centre hospitalier d'Exemple"
    month = MonthOfInterventions("CH-EXEMPLE", name, "2026-11", PARIS, is_over=True, shares=())
    assert interventions_sheet(month, Language.FRENCH, 0).running.count(name) == 1
