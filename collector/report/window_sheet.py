"""The report on a window as a sheet: one page that says it all, and what it rests on behind it."""

from collections.abc import Iterator
from typing import Final

from collector.judge.terms import WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.report.durations import Language
from collector.report.guarantee_words import guarantee_words_in
from collector.report.operation_phrases import OperationPhrases, Tone
from collector.report.phrases import Phrases
from collector.report.sheet import Fact, Finding, Picture, Section, Sheet
from collector.report.sheet_words import SheetWords, sheet_words_in
from collector.report.timeline_svg import timeline_svg
from collector.report.timeline_view import timeline_text
from collector.report.value import Report
from collector.report.window_annexes import (
    FACTS_IN_FRONT,
    reservations,
    reservations_fit,
    sheet_facts,
    window_annexes,
)

_TONES: Final = {0: Tone.GOOD, 3: Tone.BAD, 4: Tone.OPEN}
_DURATION_TONES: Final = {
    DurationVerdict.COMPLIANT: Tone.GOOD,
    DurationVerdict.BREACH: Tone.BAD,
    DurationVerdict.INCONCLUSIVE: Tone.OPEN,
    DurationVerdict.PENDING: Tone.OPEN,
}


def window_sheet(report: Report, language: Language) -> Sheet:
    """Return the sheet of a report."""
    phrases, words = Phrases(report, language), sheet_words_in(language)
    window, around = report.assessment.window, report.surroundings
    hospital = around.hospital_name or around.hospital
    return Sheet(
        language=language,
        title=words.title,
        subject=f"{window.id} · {around.product or window.service}",
        description=words.description.format(
            subject=around.product or window.service, hospital=hospital
        ),
        known_at_us=around.as_of_us,
        running=words.running.format(
            subject=window.id, hospital=hospital, instant=phrases.instant(around.as_of_us)
        ),
        page=words.page,
        head=(*_head(report, phrases, words), *_indicator(report, phrases, words)),
        headline=_headline(report, phrases, words),
        findings=tuple(_findings(report, phrases, words)),
        picture=Picture(timeline_svg(report, language), timeline_text(report, language)),
        picture_title=words.timeline,
        front=tuple(_front(report, phrases, words)),
        annexes=tuple(window_annexes(report, phrases)),
        annexes_title=words.annexes,
        signatories=(words.vendor_signs, words.hospital_signs),
        signature=words.signature,
    )


def _head(report: Report, phrases: Phrases, words: SheetWords) -> Iterator[Fact]:
    """Say who, where and what, with the versions announced and seen."""
    around, window = report.surroundings, report.assessment.window
    operation = OperationPhrases(report, phrases)
    hospital = [around.hospital_name or around.hospital]
    hospital += [words.finess.format(finess=around.finess)] if around.finess else []
    yield Fact(words.hospital, tuple(hospital))
    yield Fact(words.site, (f"{around.site_name or window.site} · {window.zone.key}",))
    service = [around.product, window.service] if around.product else [window.service]
    service += [words.vendor.format(vendor=around.vendor)] if around.vendor else []
    yield Fact(words.service, (" · ".join(service),))
    yield Fact(words.service_class, (phrases.words.service_class[window.service_class],))
    yield Fact(words.status, (phrases.words.status[window.status],))
    described = operation.described()
    yield Fact(words.announced, (described or words.unseen,))
    yield Fact(words.seen, (phrases.versions() or words.unseen,))


def _indicator(report: Report, phrases: Phrases, words: SheetWords) -> Iterator[Fact]:
    """Say what a hosting contract asks a report to say (HDS, requirement EXI 21)."""
    window, named = report.assessment.window, guarantee_words_in(phrases.language)
    rule = phrases.words.rule[window.contract.downtime_rule]
    limit = phrases.duration_of(window.limit_us)
    start, end = (phrases.instant(bound) for bound in window.hull)
    yield Fact(named.indicator, (words.downtime,))
    yield Fact(named.guaranteed, (words.at_most.format(limit=limit, rule=rule),))
    yield Fact(named.measured, (named.between.format(start=start, end=end),))
    yield Fact(named.penalties, (named.penalty(report.surroundings.penalties),))


def _headline(report: Report, phrases: Phrases, words: SheetWords) -> Finding:
    cancelled = report.assessment.window.status is WindowStatus.CANCELLED
    tone = Tone.OPEN if cancelled else _TONES[report.exit_code]
    bounds = phrases.bounds(report.assessment.judged)
    return Finding(words.verdict, phrases.headline(), tone, (bounds, phrases.measure()))


def _findings(report: Report, phrases: Phrases, paper: SheetWords) -> Iterator[Finding]:
    assessment, words = report.assessment, phrases.words
    verdict, notice = assessment.verdict, assessment.notice.verdict
    yield Finding(
        words.duration,
        words.duration_verdict[verdict],
        _DURATION_TONES[verdict],
        (paper.judged_by,),
    )
    yield Finding(
        words.notice,
        words.notice_verdict[notice],
        Tone.GOOD if notice == "respected" else Tone.BAD,
        tuple(phrases.notice()),
    )
    for title, word, tone, line in OperationPhrases(report, phrases).promises():
        yield Finding(title, word, tone, (line,))


def _front(report: Report, phrases: Phrases, words: SheetWords) -> Iterator[Section]:
    """Say the facts, and what the hospital has to say of them."""
    yield Section(words.key_facts, facts=_facts(report, phrases, words))
    count = len(report.surroundings.filed.reservations)
    if not count:
        return
    said = reservations(report, phrases)
    if not reservations_fit(report):
        said = Section(said.title, paragraphs=(words.said_behind.format(count=count),))
    yield said


def _facts(report: Report, phrases: Phrases, words: SheetWords) -> tuple[Fact, ...]:
    """Return the facts that fit on the first page, and how many there are behind."""
    facts = sheet_facts(report, phrases)
    if len(facts) <= FACTS_IN_FRONT:
        return facts
    more = words.more.format(count=len(facts) - FACTS_IN_FRONT)
    return (*facts[:FACTS_IN_FRONT], Fact(words.annexes, (more,)))
