"""A notice in words: the sum a reader can do again on a wall calendar."""

from dataclasses import replace
from datetime import date

import pytest

from collector.judge.calendar import SiteCalendar, public_holidays
from collector.judge.notice import judge_notice
from collector.judge.terms import NoticeCounting, NoticeTerms, NoticeUnit, Revision, Window
from collector.report.durations import Language
from collector.report.notice_words import notice_sentences, notice_terms_text
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval
from tests.collector.report.reports import report_of

CLEAR, ELAPSED = NoticeCounting.CLEAR_DAYS, NoticeCounting.ELAPSED
FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
ANY = "three_workstations_down_together_are_judged_on_the_first_one_back"


def window(start: str, terms: NoticeTerms, told: str | None, calendar: str = "FR") -> Window:
    """Return a window of four hours on a site in Paris time."""
    plan = Interval(parse_instant(start), parse_instant(start) + 4 * HOUR)
    some = report_of(ANY).assessment.window
    holidays = public_holidays(calendar, (2026, 2027))
    contract = replace(some.contract, notice=terms, holidays=holidays, calendar=calendar)
    revisions = (Revision(plan, None if told is None else parse_instant(told)),)
    return replace(some, plan=plan, revisions=revisions, contract=contract)


def said(judged: Window, language: Language = FRENCH) -> list[str]:
    calendar = SiteCalendar(judged.zone, judged.contract.holidays)
    notice = judge_notice(judged.revisions, judged.plan, None, judged.contract.notice, calendar)
    return list(notice_sentences(judged, notice, language))


def days(amount: int, unit: str, counting: NoticeCounting = CLEAR) -> NoticeTerms:
    return NoticeTerms(amount, NoticeUnit(unit), counting)


def test_a_notice_is_told_with_what_was_asked_and_the_start_it_allowed() -> None:
    judged = window(
        "2026-11-06T22:00:00+01:00", days(3, "calendar_days"), "2026-11-02T15:00:00+01:00"
    )
    assert said(judged) == [
        (
            "préavis donné le lundi 2 novembre 2026 à 15 h 00 (CET), 3 jours francs, "
            "début au plus tôt le vendredi 6 novembre 2026 à 00 h 00 (CET)"
        ),
        (
            "jugé pour un début le vendredi 6 novembre 2026 à 22 h 00 (CET), "
            "préavis à donner avant le mardi 3 novembre 2026 à 00 h 00 (CET)"
        ),
    ]
    assert said(judged, ENGLISH)[0] == (
        "notice given on Monday 2 November 2026 at 15:00 (CET), 3 clear days, "
        "earliest start on Friday 6 November 2026 at 00:00 (CET)"
    )


def test_the_days_that_did_not_count_are_named_with_the_reason() -> None:
    # From Friday 6: Monday 9, Tuesday 10, Thursday 12; the 11th is the Armistice.
    judged = window(
        "2026-11-12T22:00:00+01:00", days(3, "business_days"), "2026-11-06T15:00:00+01:00"
    )
    french, english = said(judged), said(judged, ENGLISH)
    assert french[0].endswith("début au plus tôt le vendredi 13 novembre 2026 à 00 h 00 (CET)")
    assert french[1] == (
        "ne comptent pas : samedi 7 et dimanche 8 novembre 2026 (week-end), "
        "mercredi 11 novembre 2026 (Armistice)"
    )
    assert english[1] == (
        "not counted: Saturday 7 and Sunday 8 November 2026 (weekend), "
        "Wednesday 11 November 2026 (Armistice Day)"
    )
    assert french[-1] == "il manque 2 h"
    assert english[-1] == "short by 2 h"


def test_a_holiday_on_a_sunday_is_left_out_for_both_reasons() -> None:
    judged = window(
        "2026-11-03T00:00:00+01:00", days(2, "working_days"), "2026-10-30T17:00:00+01:00"
    )
    assert said(judged)[1] == ("ne compte pas : dimanche 1er novembre 2026 (week-end, Toussaint)")


def test_moselle_names_its_own_holidays() -> None:
    judged = window(
        "2027-04-02T00:00:00+02:00", days(3, "business_days"), "2027-03-25T09:00:00+01:00", "FR-57"
    )
    assert said(judged)[1] == (
        "ne comptent pas : vendredi 26 mars 2027 (Vendredi saint), "
        "samedi 27 et dimanche 28 mars 2027 (week-end), lundi 29 mars 2027 (Lundi de Pâques)"
    )


def test_a_day_the_site_added_itself_has_no_other_name() -> None:
    judged = window(
        "2026-11-20T00:00:00+01:00", days(2, "business_days"), "2026-11-16T15:00:00+01:00"
    )
    added = judged.contract.holidays | {date(2026, 11, 17)}
    judged = replace(judged, contract=replace(judged.contract, holidays=added))
    assert said(judged)[1] == "ne compte pas : mardi 17 novembre 2026 (jour férié du site)"


def test_a_calendar_nobody_knows_names_no_holiday_and_is_no_error() -> None:
    judged = window(
        "2026-11-20T00:00:00+01:00", days(2, "business_days"), "2026-11-10T15:00:00+01:00"
    )
    judged = replace(judged, contract=replace(judged.contract, calendar="XX"))
    assert said(judged)[1] == "ne compte pas : mercredi 11 novembre 2026 (jour férié du site)"


def test_many_weekends_are_counted_and_holidays_still_named() -> None:
    # 25 business days from Monday 2 November: six weekends less one day, and the 11th.
    judged = window(
        "2026-12-31T00:00:00+01:00", days(25, "business_days"), "2026-11-02T15:00:00+01:00"
    )
    assert said(judged)[1] == (
        "ne comptent pas : 10 jours de week-end, mercredi 11 novembre 2026 (Armistice)"
    )


def test_a_notice_on_a_day_that_does_not_count_says_from_when_it_does() -> None:
    judged = window(
        "2026-11-10T00:00:00+01:00", days(1, "business_days", ELAPSED), "2026-11-07T10:00:00+01:00"
    )
    assert said(judged)[1:3] == [
        "ne comptent pas : samedi 7 et dimanche 8 novembre 2026 (week-end)",
        "donné un jour non compté, donc depuis la fin du dernier compté",
    ]


def test_a_notice_never_given_is_said_with_what_was_asked() -> None:
    judged = window("2026-11-06T22:00:00+01:00", days(3, "calendar_days"), None)
    assert said(judged)[0] == "aucun préavis pour ce créneau, 3 jours francs"
    assert said(judged, ENGLISH)[0] == "no notice for this plan, 3 clear days"


@pytest.mark.parametrize(
    ("terms", "french", "english"),
    [
        (days(1, "calendar_days"), "1 jour franc", "1 clear day"),
        (days(2, "working_days"), "2 jours ouvrables francs", "2 clear working days"),
        (days(5, "business_days", ELAPSED), "5 jours ouvrés écoulés", "5 elapsed business days"),
        (days(72, "hours"), "72 h", "72 h"),
        (days(0, "business_days"), "aucun délai convenu", "no delay agreed"),
    ],
)
def test_what_was_asked_agrees_in_number(terms: NoticeTerms, french: str, english: str) -> None:
    assert notice_terms_text(terms, FRENCH) == french
    assert notice_terms_text(terms, ENGLISH) == english
