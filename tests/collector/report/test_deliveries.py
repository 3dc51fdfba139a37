"""A year of deliveries in words, as JSON and as CSV."""

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

from collector.judge.deliveries import Continuous, Delivery, year_of_deliveries
from collector.judge.operation import Exclusion, VersionKind
from collector.judge.terms import Periodicity
from collector.report.deliveries import DeliveriesReport
from collector.report.deliveries_forms import (
    DELIVERIES_COLUMNS,
    deliveries_json,
    deliveries_rows,
)
from collector.report.deliveries_text import deliveries_lines
from collector.report.durations import Language
from probes.model.canonical import encode
from probes.model.instant import parse_instant

MAJOR, INTERMEDIATE, PATCH = VersionKind
EVENING = parse_instant("2026-11-14T22:00:00+01:00")

REPORT = DeliveriesReport(
    hospital="CH-EXEMPLE",
    hospital_name="Centre hospitalier d'Exemple",
    product="dossier-patient",
    product_name="Dossier patient",
    year=2026,
    zone=ZoneInfo("Europe/Paris"),
    continuous=None,
    found=year_of_deliveries(
        [
            Delivery("MAJ-1", "dpi", EVENING, "8.4", "9.0", MAJOR, pilot=True),
            Delivery("MAJ-2", "dpi", EVENING + 1, None, "9.0.1", INTERMEDIATE, Exclusion.SECURITY),
            Delivery("MAJ-3", "dpi", EVENING + 2, kind=PATCH),
            Delivery("MAJ-4", "dpi", EVENING + 3),
            Delivery("MAJ-5", "dpi", None, "9.0", "9.1", INTERMEDIATE),
        ]
    ),
)


def text(report: DeliveriesReport, language: Language = Language.FRENCH) -> list[str]:
    return [" ".join(line.split()) for line in deliveries_lines(report, language)]


def test_every_window_says_whether_it_counts_and_why_not() -> None:
    lines = text(REPORT)
    assert lines[0] == "CH-EXEMPLE (Centre hospitalier d'Exemple) · Dossier patient · 2026"
    assert "Limite annuelle (§4.1.7) non concluant : des versions ne sont pas qualifiées" in lines
    assert "Versions majeures 1 sur 1 au plus" in lines
    assert "Site pilote (§4.1.4) évaluation de l'année faite (MAJ-1)" in lines
    assert "14/11/2026 22:00:00 CET MAJ-1 dpi 8.4 → 9.0 version majeure comptée" in lines
    assert "dpi ? → 9.0.1 version intermédiaire non comptée :" in "\n".join(lines)
    assert "non livrée MAJ-5 dpi 9.0 → 9.1 version intermédiaire non comptée : non livrée" in lines
    english = text(REPORT, Language.ENGLISH)
    assert "Major versions 1 of 1 at most" in english
    assert any(line.endswith("not counted: patch") for line in english)


def test_what_was_agreed_on_continuous_development_is_told_with_both_facts() -> None:
    exempt = replace(REPORT, continuous=Continuous(Periodicity.MONTH, client_activates=True))
    assert (
        "Développement continu livraisons mensuelles convenues, activation à l'initiative du"
        " client, exempté"
    ) in text(exempt)
    neither = replace(REPORT, continuous=Continuous(None, client_activates=False))
    assert (
        "Développement continu aucune périodicité convenue, activation non laissée au client,"
        " non exempté"
    ) in text(neither)


def test_a_year_without_deliveries_says_so() -> None:
    assert text(replace(REPORT, found=year_of_deliveries([])))[-1] == "Aucune livraison."


def test_json_could_be_signed_and_csv_has_no_other_columns() -> None:
    report = replace(REPORT, continuous=Continuous(Periodicity.WEEK, client_activates=True))
    stated = deliveries_json(report)
    assert json.loads(encode(stated)) == stated
    assert stated["majors"] == {"counted": 1, "limit": 1}
    assert stated["pilot"] == {"verdict": "done", "windows": ["MAJ-1"]}
    assert stated["verdict"] == "undecided"
    for row in deliveries_rows(report):
        assert row.keys() == set(DELIVERIES_COLUMNS)
