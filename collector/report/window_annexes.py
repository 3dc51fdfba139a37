"""What stands behind the first page of a report: every figure and row, and what it rests on."""

from collections.abc import Iterator
from typing import Final

from collector.judge.terms import DowntimeRule, ServiceClass
from collector.report.days import day_text
from collector.report.facts import named_facts
from collector.report.filed_phrases import FiledPhrases
from collector.report.filed_words import filed_words_in
from collector.report.intervention_words import intervention_words_in
from collector.report.method_words import limit_of_proof_in, method_in
from collector.report.notice_words import notice_terms_text
from collector.report.operation_phrases import OperationPhrases
from collector.report.phrases import Phrases
from collector.report.sheet import Column, Fact, Picture, Section, Table
from collector.report.sheet_words import SheetWords, sheet_words_in
from collector.report.tables import outage_cells, vantage_cells, vantage_columns
from collector.report.timeline_svg import ROWS_AT_ONCE, timeline_svg
from collector.report.timeline_view import timeline_text
from collector.report.value import KeyHolder, Report
from probes.model.instant import local_date

FACTS_IN_FRONT: Final = 12
_RESERVATIONS_IN_FRONT: Final = 600
_HEADING_LENGTH: Final = 80


def window_annexes(report: Report, phrases: Phrases) -> Iterator[Section]:
    """Yield the annexes of a report, in the words of these phrases."""
    words, facts = sheet_words_in(phrases.language), sheet_facts(report, phrases)
    if len(facts) > FACTS_IN_FRONT:
        yield Section(words.key_facts, facts=facts)
    yield _figures(report, phrases, words)
    yield _vantages(report, phrases, words)
    yield _outages(report, phrases, words)
    yield _interventions(report, phrases, words)
    yield from _attachments(report, phrases, words)
    if not reservations_fit(report):
        yield reservations(report, phrases)
    yield _terms(report, phrases, words)
    yield _holidays(report, phrases, words)
    yield Section(words.method, method_in(phrases.language))
    yield Section(words.limit_of_proof, limit_of_proof_in(phrases.language))
    yield _entries(report, words)
    yield _keys(report, words)


def _figures(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    window, regulated = report.assessment.window, report.assessment.regulated
    rows = []
    for rule in DowntimeRule:
        lower, upper = (phrases.duration_of(bound) for bound in regulated.figure(rule))
        judged = words.judged if rule is window.contract.downtime_rule else ""
        rows.append((phrases.words.rule[rule], lower, upper, judged))
    columns = _columns(_wide(words.rule), *_numbers(words.lower, words.upper), words.remark)
    return Section(words.figures, table=Table(columns, tuple(rows)))


def _vantages(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    name, kind, *numbers = vantage_columns(phrases)
    rows = tuple(vantage_cells(loss, phrases, phrases.instant) for loss in report.losses)
    text = timeline_text(report, phrases.language)
    pictures = tuple(
        Picture(timeline_svg(report, phrases.language, first), text)
        for first in range(ROWS_AT_ONCE, len(report.losses), ROWS_AT_ONCE)
    )
    return Section(
        words.vantages,
        table=Table(_columns(_wide(name), kind, *_numbers(*numbers)), rows),
        pictures=pictures,
    )


def _outages(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    timeline, named = report.assessment.timeline, phrases.words
    rows = [outage_cells(outage, phrases) for outage in timeline.outages]
    rows += [
        (
            f"{phrases.span(piece)} ({named.unobserved.lower()})",
            phrases.duration_of(piece.length),
            "",
        )
        for piece in timeline.unobserved
    ]
    if not rows:
        return Section(words.outages, (named.no_outage,))
    columns = _columns(
        _wide(f"{words.start} → {words.end}"), *_numbers(named.possible, named.proven)
    )
    return Section(words.outages, table=Table(columns, tuple(rows)))


def _interventions(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    ran = report.assessment.window.interventions
    if not ran:
        return Section(words.interventions, (words.none_registered,))
    rows = tuple(
        (
            str(number),
            phrases.instant(piece.start),
            phrases.instant(piece.end),
            phrases.duration_of(piece.length),
        )
        for number, piece in enumerate(ran, start=1)
    )
    columns = _columns(words.number, words.start, _wide(words.end), *_numbers(words.length))
    attended = OperationPhrases(report, phrases).attended()
    return Section(
        words.interventions,
        facts=tuple(Fact(name, (line,)) for name, line in attended),
        table=Table(columns, rows),
    )


def sheet_facts(report: Report, phrases: Phrases) -> tuple[Fact, ...]:
    """Return the facts that stand neither in the head of the sheet nor in a table of it."""
    filed = filed_words_in(phrases.language)
    intervener = intervention_words_in(phrases.language).intervener
    elsewhere = (
        phrases.words.versions,
        phrases.words.intervention,
        intervener,
        *(made.id for made, _ in report.attended),
        filed.attachment,
    )
    return tuple(
        Fact(name, (line,)) for name, line in named_facts(report, phrases) if name not in elsewhere
    )


def reservations_fit(report: Report) -> bool:
    """Return whether the réserves can stand whole on the first page, beside the verdict."""
    said = report.surroundings.filed.reservations
    return sum(len(each.text) + _HEADING_LENGTH for each in said) <= _RESERVATIONS_IN_FRONT


def reservations(report: Report, phrases: Phrases) -> Section:
    """Return the réserves, word for word."""
    filed = FiledPhrases(report.surroundings.filed, phrases)
    said = tuple(
        paragraph
        for heading, text in filed.reservations()
        for paragraph in (*text.splitlines(), f"({heading})")
        if paragraph.strip()
    )
    return Section(filed.words.reservations, paragraphs=said)


def _attachments(report: Report, phrases: Phrases, words: SheetWords) -> Iterator[Section]:
    """Name each document with the whole digest that was sealed of it."""
    filed = filed_words_in(phrases.language)
    rows = tuple(
        (
            " · ".join(filter(None, (filed.kind[each.kind], each.title, each.name))),
            phrases.instant(each.at_us),
            each.sha256,
        )
        for each in report.surroundings.filed.attachments
    )
    if rows:
        columns = _columns(_wide(words.document), words.sealed, "SHA-256")
        yield Section(words.attachments, table=Table(columns, rows))


def _terms(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    window = report.assessment.window
    contract, of = window.contract, phrases.duration_of
    gaps = sorted(window.max_gaps_us.items())
    limits = tuple(
        words.of_class.format(
            service_class=phrases.words.service_class[name], limit=of(contract.limit_us(name))
        )
        for name in ServiceClass
        if name in contract.max_downtime_us
    )
    return Section(
        words.terms,
        facts=(
            Fact(words.limit, limits),
            Fact(words.rule, (phrases.words.rule[contract.downtime_rule],)),
            Fact(words.notice, (notice_terms_text(contract.notice, phrases.language),)),
            Fact(words.return_hold, (of(contract.return_hold_us),)),
            Fact(words.quorum, (str(contract.quorum),)),
            Fact(
                words.panel_kind,
                (
                    phrases.words.kind[contract.panel_kind],
                    phrases.words.fixed.format(
                        instant=phrases.instant(report.surroundings.fixed_at_us)
                    ),
                ),
            ),
            Fact(
                words.checks,
                tuple(words.max_gap.format(check=name, gap=of(gap)) for name, gap in gaps),
            ),
        ),
    )


def _holidays(report: Report, phrases: Phrases, words: SheetWords) -> Section:
    """Name the holidays of the years from the announcement to the end: the notice rests on them."""
    window = report.assessment.window
    instants = (report.surroundings.announced_at_us, window.hull.start, window.hull.end)
    years = {local_date(instant, window.zone).year for instant in instants}
    days = sorted(day for day in window.contract.holidays if day.year in years)
    named = ", ".join(day_text(day, phrases.language) for day in days)
    return Section(words.calendar, (f"{named}." if days else words.no_holiday,))


def _keys(report: Report, words: SheetWords) -> Section:
    held = report.surroundings.keys
    rows = [(words.key_holder[key.holder], key.name, str(key.since), key.key_id) for key in held]
    present = {key.holder for key in held}
    rows += [
        (words.key_holder[holder], "", "", words.absent)
        for holder in KeyHolder
        if holder not in present
    ]
    return Section(
        words.keys,
        table=Table(_columns(words.holder, words.name, words.since, _wide(words.key)), tuple(rows)),
    )


def _entries(report: Report, words: SheetWords) -> Section:
    around = report.surroundings
    entries = around.provenance
    return Section(
        words.entries,
        facts=(
            Fact(words.window_entries, (", ".join(map(str, entries.window)),)),
            Fact(words.hospital_entry, (str(entries.hospital),)),
            Fact(words.site_entry, (str(entries.site),)),
            Fact(words.service_entry, (str(entries.service),)),
            Fact(words.log_size, (str(around.log_size),)),
            Fact(words.log_root, (around.log_root,)),
        ),
    )


def _columns(*columns: str | Column) -> tuple[Column, ...]:
    return tuple(Column(each) if isinstance(each, str) else each for each in columns)


def _wide(name: str) -> Column:
    return Column(name, wide=True)


def _numbers(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, numeric=True) for name in names)
