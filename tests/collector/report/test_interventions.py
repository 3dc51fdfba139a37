"""Interventions of persons: in a month, on the clocks of their site, and beside a verdict."""

import io
import json
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from collector.judge.operation import Change, Correction
from collector.record.interventions import Mode, NamedIntervention
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.intervention_words import intervention_words_in
from collector.report.interventions import Attended, Identity, MonthOfInterventions, shares_of
from collector.report.interventions_forms import interventions_csv, interventions_lines
from collector.report.screen import drawing
from collector.report.value import Report
from probes.model.canonical import encode
from probes.model.instant import HOUR, MINUTE, parse_instant
from tests.collector.report.reports import report_of

PARIS = ZoneInfo("Europe/Paris")
PERSON = "5d" * 32
SACHA = Identity("Sacha Legrand", "Intégration SA")
FAR_US = parse_instant("2030-01-01T00:00:00Z")


def _attended(start: str, end: str | None = None, zone: ZoneInfo = PARIS) -> Attended:
    made = NamedIntervention(
        id="INT-2026-0001",
        entry=7,
        registered_us=parse_instant(start),
        author="ops",
        person=PERSON,
        purpose="=correctif",
        site="principal",
        start_us=parse_instant(start),
        end_us=None if end is None else parse_instant(end),
        mode=Mode.ON_SITE,
    )
    return Attended("CH-EXEMPLE", made, zone, SACHA)


def _lengths(attended: Attended, *months: date, now_us: int = FAR_US) -> list[int | None]:
    shares = [shares_of([attended], month, now_us) for month in months]
    return [share.length_us for found in shares for share in found]


def test_one_that_lasts_over_the_end_of_a_month_is_in_both_with_how_long_in_each() -> None:
    # In Paris from 22:00 on 31 October to 03:30 on 1 November: 2 h, then 3 h 30.
    attended = _attended("2026-10-31T21:00:00Z", "2026-11-01T02:30:00Z")
    assert _lengths(attended, date(2026, 10, 1)) == [2 * HOUR]
    assert _lengths(attended, date(2026, 11, 1)) == [3 * HOUR + 30 * MINUTE]
    assert _lengths(attended, date(2026, 9, 1), date(2026, 12, 1)) == []


def test_one_that_lasts_through_a_month_has_all_its_hours() -> None:
    attended = _attended("2026-02-28T12:00:00Z", "2026-11-02T12:00:00Z")
    # March 2026 loses an hour in Paris, October has it back; in June nothing changes.
    assert _lengths(attended, date(2026, 3, 1)) == [(31 * 24 - 1) * HOUR]
    assert _lengths(attended, date(2026, 6, 1)) == [30 * 24 * HOUR]
    assert _lengths(attended, date(2026, 10, 1)) == [(31 * 24 + 1) * HOUR]


def test_a_month_is_one_on_the_clocks_of_the_site() -> None:
    # 23:00 in Paris on 31 October is 02:00 in Réunion on 1 November.
    times = "2026-10-31T22:00:00Z", "2026-10-31T22:30:00Z"
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    assert _lengths(_attended(*times), october) == [30 * MINUTE]
    assert _lengths(_attended(*times, ZoneInfo("Indian/Reunion")), october) == []
    assert _lengths(_attended(*times, ZoneInfo("Indian/Reunion")), november) == [30 * MINUTE]


def test_one_that_ends_as_the_month_begins_is_not_in_it() -> None:
    attended = _attended("2026-10-31T20:00:00Z", "2026-10-31T23:00:00Z")
    assert _lengths(attended, date(2026, 11, 1)) == []
    assert _lengths(attended, date(2026, 10, 1)) == [3 * HOUR]


def test_how_long_an_open_one_lasted_is_known_of_months_that_are_over_only() -> None:
    attended = _attended("2026-10-31T21:00:00Z")
    now_us = parse_instant("2026-11-15T12:00:00Z")
    assert _lengths(attended, date(2026, 10, 1), now_us=now_us) == [2 * HOUR]
    assert _lengths(attended, date(2026, 11, 1), now_us=now_us) == [None]


def _month(attended: Attended, now_us: int = FAR_US) -> MonthOfInterventions:
    shares = tuple(shares_of([attended], date(2026, 11, 1), now_us))
    return MonthOfInterventions(
        "CH-EXEMPLE", "CH d'Exemple", "2026-11", PARIS, now_us == FAR_US, shares
    )


def test_the_csv_is_exact_and_no_formula() -> None:
    attended = _attended("2026-11-14T21:05:00Z", "2026-11-14T23:10:00Z")
    assert interventions_csv(_month(attended), Language.FRENCH) == (
        "month,hospital,intervention,window,site,person,company,purpose,mode,confidentiality,"
        "start,end,in_month_us,corrections\n"
        "2026-11,CH-EXEMPLE,INT-2026-0001,,principal,Sacha Legrand,Intégration SA,'=correctif,"
        "on_site,,2026-11-14T22:05:00+01:00,2026-11-15T00:10:00+01:00,7500000000,0\n"
    )


def test_the_screen_says_that_a_month_is_not_over_and_what_is_open() -> None:
    now_us = parse_instant("2026-11-15T12:00:00Z")
    month = _month(_attended("2026-11-14T21:05:00Z"), now_us)
    shown = "\n".join(interventions_lines(month, Language.FRENCH))
    assert "Le mois n'est pas terminé." in shown
    assert "Sacha Legrand (Intégration SA)" in shown
    assert "en cours" in shown
    assert "sur site" in shown
    shown = "\n".join(interventions_lines(replace(month, shares=()), Language.ENGLISH))
    assert "no intervention" in shown


def _report(identities: dict[str, Identity] | None) -> Report:
    """A report whose window has one intervention, a person's: Saturday 22:05 to 03:00."""
    report = report_of("an_intervention_widens_the_window")
    [ran] = report.assessment.window.interventions
    made = replace(
        _attended("2026-11-14T21:05:00Z").intervention,
        end_us=ran.end,
        start_us=ran.start,
        purpose="version 9",
    )
    changes = (Change("intervention.INT-2026-0001.mode", "remote", "on_site"),)
    correction = Correction(ran.end, "C. Martin", "mal saisi", changes)
    around = replace(
        report.surroundings, named=(made,), identities=identities, corrections=(correction,)
    )
    return replace(report, surroundings=around)


def _screen(report: Report, language: Language) -> str:
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(drawing(report, language))
    return out.getvalue()


@pytest.mark.parametrize(
    ("identities", "language", "said"),
    [
        ({PERSON: SACHA}, Language.FRENCH, "Sacha Legrand (Intégration SA) · sur site"),
        ({PERSON: SACHA}, Language.ENGLISH, "Sacha Legrand (Intégration SA) · on site"),
        ({}, Language.FRENCH, "identité effacée · sur site"),
        ({}, Language.ENGLISH, "identity erased · on site"),
        (None, Language.FRENCH, f"identité scellée {PERSON[:16]} · sur site"),
    ],
)
def test_who_intervened_stands_beside_the_verdict(
    identities: dict[str, Identity] | None, language: Language, said: str
) -> None:
    shown = _screen(_report(identities), language)
    title = intervention_words_in(language).intervener
    when, who = [line for line in shown.splitlines() if line.startswith(("INT-2026", title))]
    assert who.split(maxsplit=1)[1].rstrip() == f"{said} · version 9"
    assert "22:05:00 CET → " in when
    # It is no intervention of the operation's own, which would stand on a line of its own.
    assert "\nIntervention " not in shown


def test_a_correction_of_an_intervention_is_said_in_words() -> None:
    shown = " ".join(_screen(_report({}), Language.FRENCH).split())
    assert "mode de l'intervention INT-2026-0001 à distance → sur site · mal saisi" in shown


def test_the_json_form_says_who_as_far_as_it_is_known() -> None:
    def person(identities: dict[str, Identity] | None) -> object:
        [named] = json.loads(encode(report_json(_report(identities))))["named_interventions"]
        stated: object = named["person"]
        return stated

    assert person(None) == {"commitment": PERSON}
    assert person({}) == {"commitment": PERSON, "erased": True}
    known = {"name": "Sacha Legrand", "company": "Intégration SA"}
    assert person({PERSON: SACHA}) == {"commitment": PERSON, **known}
