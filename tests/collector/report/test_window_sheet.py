"""The first page of a report says it all, and what stands behind it leaves nothing out."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from collector.judge.terms import WindowStatus
from collector.record.documents import Attachment, AttachmentKind, Reservation
from collector.report.durations import Language
from collector.report.operation_phrases import Tone
from collector.report.sheet import Section, Sheet
from collector.report.value import Filed, Report
from collector.report.window_annexes import FACTS_IN_FRONT
from collector.report.window_sheet import window_sheet
from probes.model.interval import Interval
from tests.collector.report.hospitals import WORLD, hospital
from tests.collector.report.reports import SCENARIOS, report_of

EVERY = sorted(path.parent.name for path in Path(SCENARIOS).glob("*/axis.txt"))
BREACH = "proven_down_for_longer_than_four_hours_is_a_breach"


def _said(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """Return all facts of the first page by name."""
    facts = chain(sheet.head, *(section.facts for section in sheet.front))
    return {fact.name: fact.lines for fact in facts}


def _annex(sheet: Sheet, title: str) -> Section:
    return next(section for section in sheet.annexes if section.title.startswith(title))


def test_the_first_page_says_who_where_what_and_which_versions() -> None:
    said = _said(window_sheet(hospital(3), Language.FRENCH))
    assert said["Établissement"] == ("Centre hospitalier d'Exemple", "FINESS 750712184")
    assert said["Site"] == ("Site Nord · Europe/Paris",)
    assert said["Service"] == ("Dossier patient · dpi · éditeur Logiciels Exemple SAS",)
    assert said["Classe de service"] == ("stratégique",)
    assert said["Versions annoncées"] == (
        "OP-2026-17 · 8.4.1 → 9.0.0 · version majeure · instance dédiée",
    )
    assert said["Versions observées"] == ("8.4.1 → 9.0.0",)
    assert said["Prérequis non satisfaits"] == (
        "réseau du bâtiment C (déclarés ; sans effet sur les mesures)",
    )


def test_the_first_page_says_what_a_hosting_contract_asks_for() -> None:
    said = _said(window_sheet(hospital(3), Language.ENGLISH))
    assert said["Indicator"] == ("downtime during an update (QHN §4.2.4)",)
    assert said["Guaranteed level"] == ("4 h at most, cumulative",)
    assert said["Measurement period"] == (
        "from 2026-11-14 22:00:00 CET to 2026-11-15 02:00:00 CET",
    )
    assert said["Penalties"] == ("yes",)
    unsaid = _said(window_sheet(report_of(WORLD), Language.ENGLISH))
    assert unsaid["Penalties"] == ("not said by the contract",)


def test_the_verdict_stands_with_its_bounds_its_rule_and_its_limit() -> None:
    headline = window_sheet(report_of(WORLD), Language.FRENCH).headline
    assert headline is not None
    assert (headline.word, headline.tone) == ("conforme", Tone.GOOD)
    assert headline.lines == (
        "entre 3 h 20 min et 3 h 40 min",
        "durée cumulée · limite 4 h · marge 20 min",
    )


@pytest.mark.parametrize(
    ("scenario", "tone"),
    [
        (WORLD, Tone.GOOD),
        (BREACH, Tone.BAD),
        ("notice_short_by_half_a_day_is_a_breach_of_its_own", Tone.BAD),
        ("the_limit_inside_the_bounds_is_inconclusive", Tone.OPEN),
        ("a_window_that_is_not_closed_is_pending", Tone.OPEN),
    ],
)
def test_the_verdict_looks_as_it_is(scenario: str, tone: Tone) -> None:
    headline = window_sheet(report_of(scenario), Language.FRENCH).headline
    assert headline is not None
    assert headline.tone is tone


def test_a_cancelled_window_is_not_judged_in_large() -> None:
    report = report_of(BREACH)
    window = replace(report.assessment.window, status=WindowStatus.CANCELLED)
    cancelled = replace(report, assessment=replace(report.assessment, window=window))
    headline = window_sheet(cancelled, Language.FRENCH).headline
    assert headline is not None
    assert (headline.word, headline.tone) == ("annulée", Tone.OPEN)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scenario", EVERY)
def test_annexes_have_a_row_for_every_vantage_point_outage_and_gap(
    scenario: str, language: Language
) -> None:
    report = report_of(scenario)
    sheet = window_sheet(report, language)
    tables = [section.table for section in sheet.annexes if section.table]
    rows = [row for table in tables for row in table.rows]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    for loss in report.losses:
        assert any(row[0].split(" (")[0] == loss.vantage.name for row in rows)
    timeline = report.assessment.timeline
    outages = _annex(sheet, {"fr": "Coupures", "en": "Raw"}[language]).table
    assert len(outages.rows if outages else ()) == len(timeline.outages) + len(timeline.unobserved)


def test_facts_that_do_not_fit_in_front_stand_behind() -> None:
    report = _corrected(report_of(WORLD))
    sheet = window_sheet(report, Language.FRENCH)
    [front] = sheet.front
    assert front.facts[-1].name == "Annexes"
    assert len(front.facts) == FACTS_IN_FRONT + 1
    behind = _annex(sheet, "Faits")
    assert behind.facts[:FACTS_IN_FRONT] == front.facts[:FACTS_IN_FRONT]
    assert len(behind.facts) > FACTS_IN_FRONT


def _corrected(report: Report) -> Report:
    from collector.judge.operation import Change, Correction  # noqa: PLC0415

    made = Correction(1_790_000_000_000_000, "C. Martin", "faute de frappe", ())
    change = Change("version_to", "9.0.0", "9.0.1")
    corrections = (replace(made, changes=(change,)),) * 10
    return replace(report, surroundings=replace(report.surroundings, corrections=corrections))


def test_interventions_are_numbered_in_a_table() -> None:
    table = _annex(window_sheet(hospital(1), Language.ENGLISH), "Interventions").table
    assert table is not None
    assert [(row[0], row[-1]) for row in table.rows] == [("1", "50 min"), ("2", "55 min")]


def test_keys_that_nobody_held_are_said_to_be_absent() -> None:
    table = _annex(window_sheet(hospital(2), Language.FRENCH), "Clés").table
    assert table is not None
    holders = [(row[0], row[-1]) for row in table.rows]
    assert ("témoin de l'établissement", "9ab3c1d0") in holders
    assert ("autorité d'horodatage", "absente") in holders


@pytest.mark.parametrize(
    ("language", "limit"),
    [
        (Language.FRENCH, "Sans témoin de l'établissement et sans horodatage externe"),
        (Language.ENGLISH, "Without the hospital's witness and without an external time stamp"),
    ],
)
def test_the_honest_limit_stands_in_every_report(language: Language, limit: str) -> None:
    sheet = window_sheet(report_of(WORLD), language)
    said = [paragraph for section in sheet.annexes for paragraph in section.paragraphs]
    assert any(paragraph.startswith(limit) for paragraph in said)


def test_the_holidays_a_notice_was_counted_with_are_printed() -> None:
    report = report_of("business_days_skip_the_week_end_and_the_holiday")
    [said] = _annex(window_sheet(report, Language.FRENCH), "Jours fériés").paragraphs
    assert "mercredi 11 novembre 2026" in said


def test_an_intervention_that_widened_the_window_widens_the_period() -> None:
    report = hospital(1)
    window = report.assessment.window
    late = Interval(window.plan.end, window.plan.end + 3_600_000_000)
    window = replace(window, interventions=(late,))
    wider = replace(report, assessment=replace(report.assessment, window=window))
    said = _said(window_sheet(wider, Language.ENGLISH))
    assert said["Measurement period"][0].endswith("to 2026-11-15 03:00:00 CET")


def _filed(*texts: str) -> Report:
    report = hospital(1)
    said = tuple(
        Reservation(20 + number, report.surroundings.as_of_us, text, ("ab" * 32,))
        for number, text in enumerate(texts)
    )
    attached = Attachment(
        19,
        report.surroundings.as_of_us,
        AttachmentKind.MIGRATION_REPORT,
        "migration.pdf",
        "application/pdf",
        48_213,
        "cd" * 32,
        "Rapport de migration 9.0.0",
    )
    filed = Filed((attached,), said, (), {"ab" * 32: "Mme C. Martin"})
    return replace(report, surroundings=replace(report.surroundings, filed=filed))


def test_a_reservation_stands_word_for_word_beside_the_verdict() -> None:
    sheet = window_sheet(_filed("Le laboratoire\na perdu 20 min.", "#réserve"), Language.FRENCH)
    _, said = sheet.front
    assert said.title == "Réserves"
    assert said.paragraphs[:2] == ("Le laboratoire", "a perdu 20 min.")
    assert said.paragraphs[2].endswith("exprimée par Mme C. Martin)")
    assert said.paragraphs[3] == "#réserve"
    assert not [section for section in sheet.annexes if section.title == "Réserves"]


def test_reservations_too_long_for_the_first_page_stand_in_full_behind() -> None:
    long = "Le service était inutilisable. " * 40
    sheet = window_sheet(_filed(long), Language.FRENCH)
    _, said = sheet.front
    assert said.paragraphs == ("Réserves de l'établissement : 1, en entier en annexe",)
    assert _annex(sheet, "Réserves").paragraphs[0] == long


def test_documents_are_named_with_the_whole_digest_that_was_sealed() -> None:
    sheet = window_sheet(_filed(), Language.FRENCH)
    table = _annex(sheet, "Pièces jointes").table
    assert table is not None
    [row] = table.rows
    assert row[0] == "rapport de migration · Rapport de migration 9.0.0 · migration.pdf"
    assert row[-1] == "cd" * 32
    assert "Pièce jointe" not in _said(sheet)
