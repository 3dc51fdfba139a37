"""An availability report in words, as JSON and as CSV: the same figures, and no more than those."""

import json
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from collector.judge.availability import AnnouncedWindow, availability
from collector.judge.notice import NoticeVerdict
from collector.judge.outage import HospitalTimeline, Outage
from collector.judge.periods import civil_periods
from collector.judge.terms import Periodicity, Revision, ServiceClass
from collector.report.availability import AvailabilityReport, Guarantee, MeasuredPeriod
from collector.report.availability_forms import (
    AVAILABILITY_COLUMNS,
    availability_json,
    availability_rows,
)
from collector.report.availability_text import availability_lines
from collector.report.durations import Language
from probes.model.canonical import encode
from probes.model.instant import DAY, HOUR
from probes.model.interval import Interval, IntervalSet

PARIS = ZoneInfo("Europe/Paris")
[YEAR] = civil_periods(Periodicity.YEAR, date(2026, 1, 1), date(2026, 1, 1), PARIS)
PROMISED = Guarantee(999_000, Periodicity.MONTH, penalties=False, has_hours=False)


def eight_upgrades(*, guarantee: Guarantee = PROMISED, unseen: bool = False) -> AvailabilityReport:
    """Return the report on 2026: eight upgrades of four hours, told in time, and nothing else."""
    year = YEAR.interval
    plans = [Interval(year.start + n * 40 * DAY, year.start + n * 40 * DAY + 4 * HOUR)
             for n in range(1, 9)]  # fmt: skip
    lost = IntervalSet([year] if unseen else plans)
    timeline = HospitalTimeline(
        year,
        lost.gaps(year),
        IntervalSet([] if unseen else plans),
        () if unseen else tuple(Outage(plan, (plan,), truncated=False) for plan in plans),
        IntervalSet([year]) if unseen else IntervalSet(),
        IntervalSet(),
    )
    windows = [
        AnnouncedWindow(f"MAJ-{n}", plan, (Revision(plan, 0),), NoticeVerdict.RESPECTED)
        for n, plan in enumerate(plans[1:])
    ]
    return AvailabilityReport(
        hospital="CH-EXEMPLE",
        hospital_name="Centre hospitalier d'Exemple",
        site="principal",
        zone=PARIS,
        service="dpi",
        service_class=ServiceClass.STRATEGIC,
        product="Dossier patient",
        guarantee=guarantee,
        panel=("accueil-03", "labo-02"),
        measured=(MeasuredPeriod(YEAR, availability(timeline, year, windows)),),
        known_until_us=year.end + DAY,
    )


def text(report: AvailabilityReport, language: Language = Language.FRENCH) -> str:
    return "\n".join(availability_lines(report, language))


def test_the_eight_upgrades_of_a_year_print_99_635_per_cent_gross() -> None:
    said = text(eight_upgrades())
    # 32 of 8 760 h; net of seven plans told in time, 4 of 8 732 h are left: 99.95419 %.
    assert "2026     8760 h  99,635 %      99,634 % … 99,635 %" in said
    assert "99,954 %     99,954 % … 99,955 %  100,000 %   32 h" in said
    assert "99.635 %" in text(eight_upgrades(), Language.ENGLISH)


def test_the_head_says_what_a_hosting_contract_must_and_the_method_what_was_done() -> None:
    said = text(eight_upgrades())
    assert said.startswith(
        "CH-EXEMPLE (Centre hospitalier d'Exemple) · principal · dpi · Dossier patient"
    )
    for line in (
        "Indicateur        taux de disponibilité au sens de HOP'EN P2.2, méthode indiquée",
        "Niveau garanti    99,900 % par mois",
        "Période de mesure  du 01/01/2026 00:00:00 CET au 01/01/2027 00:00:00 CET",
        "Pénalités         non",
        "Heures de service  toutes",
        "Méthode : taux observé = disponible / (disponible + indisponible), temps prouvés.",
    ):
        assert " ".join(line.split()) in " ".join(said.split())
    assert "formule" not in said


def test_what_the_contract_does_not_say_is_said_to_be_missing() -> None:
    said = text(eight_upgrades(guarantee=Guarantee(None, None, None, has_hours=True)))
    assert " ".join(said.split()).count("non précisé au contrat") == 2
    assert "celles convenues au contrat" in said


def test_an_outage_that_nobody_announced_is_listed_with_its_bounds() -> None:
    # The first of the eight has no window: 40 days after the new year.
    assert (
        "Indisponibilités non annoncées : 1\n"
        "  10/02/2026 00:00:00 CET → 10/02/2026 04:00:00 CET  entre 4 h et 4 h"
    ) in text(eight_upgrades())


def test_an_outage_that_is_not_over_has_no_end() -> None:
    year = YEAR.interval
    lost = Interval(year.end - 4 * HOUR, year.end)
    timeline = HospitalTimeline(
        year,
        IntervalSet([lost]).gaps(year),
        IntervalSet([lost]),
        (Outage(lost, (lost,), truncated=True),),
        IntervalSet(),
        IntervalSet(),
    )
    measured = MeasuredPeriod(YEAR, availability(timeline, year, []))
    report = replace(eight_upgrades(), measured=(measured,), known_until_us=year.end)

    began = "31/12/2026 20:00:00 CET"
    assert f"  {began} → toujours en cours  entre 4 h et 4 h" in text(report)
    assert "→ not over yet  between 4 h and 4 h" in text(report, Language.ENGLISH)
    # A day later it is known that it ended by then, whatever cut it.
    later = replace(report, known_until_us=year.end + DAY)
    assert f"  {began} → 01/01/2027 00:00:00 CET  entre" in text(later)


@pytest.mark.parametrize("language", Language)
def test_a_year_that_nobody_saw_has_no_data_and_is_never_100_per_cent(language: Language) -> None:
    report = eight_upgrades(unseen=True)
    said = text(report, language)
    assert {"fr": "aucune donnée", "en": "no data"}[language] in said
    assert "100" not in said
    [period] = json.loads(encode(availability_json(report)))["periods"]
    assert period["gross"].keys() == {"total_us", "up_us", "down_us", "coverage_ppm"}
    [row] = availability_rows(report)
    assert "gross_observed_ppm" not in row


def test_json_has_the_exact_figures_and_could_be_signed() -> None:
    stated = availability_json(eight_upgrades())
    assert json.loads(encode(stated)) == stated
    assert stated["schema"] == "constat.availability/1"
    assert stated["guaranteed_ppm"] == 999_000
    assert stated["penalties"] is False
    [period] = json.loads(encode(stated))["periods"]
    # 1 - 32 / 8 760 is 0.996347…: down, and up for the upper bound.
    assert period["gross"] == {
        "total_us": 8760 * HOUR, "up_us": 8728 * HOUR, "down_us": 32 * HOUR,
        "observed_ppm": 996_347, "lower_ppm": 996_347, "upper_ppm": 996_348,
        "coverage_ppm": 1_000_000,
    }  # fmt: skip
    assert period["left_out"] == [f"MAJ-{n}" for n in range(7)]
    assert len(period["unannounced"]) == 1


def test_csv_rows_have_no_other_columns() -> None:
    for report in (eight_upgrades(), eight_upgrades(unseen=True)):
        for row in availability_rows(report):
            assert row.keys() <= set(AVAILABILITY_COLUMNS)


def test_a_period_that_is_not_over_and_one_without_hours_say_so() -> None:
    report = eight_upgrades()
    [measured] = report.measured
    assert measured.found is not None
    closed = MeasuredPeriod(YEAR, None)
    assert measured.is_over
    assert closed.is_over
    half = Interval(YEAR.interval.start, YEAR.interval.end - DAY)
    timeline = HospitalTimeline(
        half, IntervalSet([half]), IntervalSet(), (), IntervalSet(), IntervalSet()
    )
    current = MeasuredPeriod(YEAR, availability(timeline, half))
    both = replace(report, measured=(current, closed))
    assert "2026 (en cours)" in text(both)
    assert "hors heures de service" in text(both)
