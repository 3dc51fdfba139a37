"""A notice in words, with the arithmetic shown: what was asked, when it was given, what it allowed.

Pure: from a window and the judge's verdict on its notice to sentences, in French or in English. A
reader with a wall calendar can do the same sum.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from collector.judge.calendar import SiteCalendar, Uncounted, named_holidays
from collector.judge.notice import Notice, NoticeVerdict, days_left_out
from collector.judge.terms import NoticeCounting, NoticeTerms, NoticeUnit, Window
from collector.report.days import days_text, moment_text
from collector.report.durations import Language, duration_text
from probes.model.instant import SECOND, local_date

_WEEK_ENDS_NAMED: Final = 3


def notice_sentences(window: Window, notice: Notice, language: Language) -> Iterator[str]:
    """Yield the sentences on a window's notice."""
    return (", ".join(clauses) for clauses in notice_clauses(window, notice, language))


def notice_clauses(window: Window, notice: Notice, language: Language) -> Iterator[tuple[str, ...]]:
    """Yield the sentences on a window's notice, each as its clauses: a narrow screen breaks there.

    They say when it was given and the start it allowed, the days that did not count and why, the
    start it is judged for with the latest notice allowed, and what is missing.
    """
    terms, words = window.contract.notice, _WORDS[language]
    asked = notice_terms_text(terms, language)
    calendar = SiteCalendar(window.zone, window.contract.holidays)

    def at(instant: int) -> str:
        return moment_text(instant, window.zone, language)

    if notice.notified_at_us is None or notice.earliest_start_us is None:
        yield words.none, asked
    else:
        yield (
            words.given.format(given=at(notice.notified_at_us), asked=asked),
            words.earliest.format(earliest=at(notice.earliest_start_us)),
        )
        left_out = days_left_out(notice.notified_at_us, terms, calendar)
        if left_out:
            yield (_left_out(left_out, window, language),)
        if left_out and left_out[0].day == local_date(notice.notified_at_us, window.zone):
            yield (words.from_before,)
    judged = words.judged.format(start=at(notice.judged_start_us))
    yield judged, _latest(notice.latest_allowed_us, window, language)
    if notice.verdict is NoticeVerdict.SHORT and notice.shortfall_us:
        yield (words.missing.format(shortfall=duration_text(notice.shortfall_us, language)),)


def notice_terms_text(terms: NoticeTerms, language: Language) -> str:
    """Return the notice a contract asks for: `3 jours francs`, `72 h`, `2 elapsed business days`.

    Clear days of no other kind are calendar days, as in CCAG 2021, article 3.2.
    """
    words = _WORDS[language]
    if not terms.amount:
        return words.nothing
    if terms.unit is NoticeUnit.HOURS:
        return f"{terms.amount} h"
    one = terms.amount == 1
    return f"{terms.amount} {words.days[terms.unit, terms.counting][0 if one else 1]}"


def _latest(instant: int, window: Window, language: Language) -> str:
    """Say until when a notice could be given; the last microsecond of a day is its end."""
    words = _WORDS[language]
    if (instant + 1) % SECOND == 0:
        return words.before.format(instant=moment_text(instant + 1, window.zone, language))
    return words.by.format(instant=moment_text(instant, window.zone, language))


def _left_out(days: Sequence[Uncounted], window: Window, language: Language) -> str:
    """Name the days that did not count; many week-ends are only counted, holidays never."""
    words = _WORDS[language]
    names = _names(days, window.contract.calendar, language)
    runs = [list(run) for _, run in groupby(enumerate(days), lambda pair: _run(*pair))]
    week_ends = [[day.day for _, day in run] for run in runs if not run[0][1].holiday]
    said = [] if len(week_ends) <= _WEEK_ENDS_NAMED else [
        words.week_ends.format(count=sum(len(run) for run in week_ends))
    ]  # fmt: skip
    for run in runs:
        found = [day for _, day in run]
        if found[0].holiday or len(week_ends) <= _WEEK_ENDS_NAMED:
            reason = _reason(found[0], names, words)
            said.append(f"{days_text([day.day for day in found], language)} ({reason})")
    template = words.left_out if len(days) > 1 else words.left_out_alone
    return template.format(days=", ".join(said))


def _names(days: Sequence[Uncounted], calendar: str, language: Language) -> dict[date, str]:
    """Return what holidays are called; nothing for a calendar that only its days are known of."""
    years = range(days[0].day.year, days[-1].day.year + 1)
    try:
        return named_holidays(calendar, years, _PACKAGE_LANGUAGE[language])
    except ValueError:
        return {}


def _run(index: int, day: Uncounted) -> tuple[date, bool]:
    """Return the same key for days of a week-end that follow one another, another for a holiday."""
    return (day.day - timedelta(days=0 if day.holiday else index), day.holiday)


def _reason(day: Uncounted, names: dict[date, str], words: "_Words") -> str:
    reasons = [words.week_end] if day.week_end else []
    reasons += [names.get(day.day, words.holiday)] if day.holiday else []
    return ", ".join(reasons)


@dataclass(frozen=True, slots=True)
class _Words:
    """The templates of one language; `days` holds singular and plural."""

    given: str
    earliest: str
    none: str
    nothing: str
    days: dict[tuple[NoticeUnit, NoticeCounting], tuple[str, str]]
    left_out: str
    left_out_alone: str
    from_before: str
    week_end: str
    week_ends: str
    holiday: str
    judged: str
    before: str
    by: str
    missing: str


_CLEAR, _ELAPSED = NoticeCounting.CLEAR_DAYS, NoticeCounting.ELAPSED
_PACKAGE_LANGUAGE: Final = {Language.FRENCH: "fr", Language.ENGLISH: "en_US"}
_WORDS: Final = {
    Language.FRENCH: _Words(
        given="préavis donné le {given}, {asked}",
        earliest="début au plus tôt le {earliest}",
        none="aucun préavis pour ce créneau",
        nothing="aucun délai convenu",
        days={
            (NoticeUnit.CALENDAR_DAYS, _CLEAR): ("jour franc", "jours francs"),
            (NoticeUnit.CALENDAR_DAYS, _ELAPSED): (
                "jour calendaire écoulé",
                "jours calendaires écoulés",
            ),
            (NoticeUnit.BUSINESS_DAYS, _CLEAR): ("jour ouvré franc", "jours ouvrés francs"),
            (NoticeUnit.BUSINESS_DAYS, _ELAPSED): ("jour ouvré écoulé", "jours ouvrés écoulés"),
            (NoticeUnit.WORKING_DAYS, _CLEAR): ("jour ouvrable franc", "jours ouvrables francs"),
            (NoticeUnit.WORKING_DAYS, _ELAPSED): (
                "jour ouvrable écoulé",
                "jours ouvrables écoulés",
            ),
        },
        left_out="ne comptent pas : {days}",
        left_out_alone="ne compte pas : {days}",
        from_before="donné un jour non compté, donc depuis la fin du dernier compté",
        week_end="week-end",
        week_ends="{count} jours de week-end",
        holiday="jour férié du site",
        judged="jugé pour un début le {start}",
        before="préavis à donner avant le {instant}",
        by="préavis à donner au plus tard le {instant}",
        missing="il manque {shortfall}",
    ),
    Language.ENGLISH: _Words(
        given="notice given on {given}, {asked}",
        earliest="earliest start on {earliest}",
        none="no notice for this plan",
        nothing="no delay agreed",
        days={
            (NoticeUnit.CALENDAR_DAYS, _CLEAR): ("clear day", "clear days"),
            (NoticeUnit.CALENDAR_DAYS, _ELAPSED): ("elapsed calendar day", "elapsed calendar days"),
            (NoticeUnit.BUSINESS_DAYS, _CLEAR): ("clear business day", "clear business days"),
            (NoticeUnit.BUSINESS_DAYS, _ELAPSED): ("elapsed business day", "elapsed business days"),
            (NoticeUnit.WORKING_DAYS, _CLEAR): ("clear working day", "clear working days"),
            (NoticeUnit.WORKING_DAYS, _ELAPSED): ("elapsed working day", "elapsed working days"),
        },
        left_out="not counted: {days}",
        left_out_alone="not counted: {days}",
        from_before="given on a day not counted, hence from the end of the last counted",
        week_end="weekend",
        week_ends="{count} days of weekends",
        holiday="holiday of the site",
        judged="judged for a start on {start}",
        before="notice to be given before {instant}",
        by="notice to be given by {instant}",
        missing="short by {shortfall}",
    ),
}
