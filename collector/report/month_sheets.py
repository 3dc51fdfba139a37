"""Availability over periods, and the interventions of a month, as sheets."""

from collections.abc import Iterator

from collector.report.availability import AvailabilityReport
from collector.report.availability_text import availability_told
from collector.report.durations import Language, instant_text
from collector.report.intervention_words import intervention_words_in
from collector.report.interventions import MonthOfInterventions
from collector.report.interventions_forms import intervention_cells, sending_text
from collector.report.sheet import Column, Fact, Section, Sheet, Table
from collector.report.sheet_words import SheetWords, sheet_words_in

# Who and what for: the columns of the register that have no usual length.
_WIDE = (1, 2)


def availability_sheet(report: AvailabilityReport, language: Language) -> Sheet:
    """Return the sheet of a service's availability over periods."""
    words, told = sheet_words_in(language), availability_told(report, language)
    hospital = report.hospital_name or report.hospital
    known = instant_text(report.known_until_us, report.zone, language)
    subject = " · ".join(told.title[1:])
    first, *numbers = told.columns
    columns = (
        Column(first, wide=True),
        *(Column(name, numeric=True) for name in numbers),
    )
    return _sheet(
        words,
        language,
        title=words.availability_title,
        subject=subject,
        running=words.running.format(subject=subject, hospital=hospital, instant=known),
        known_at_us=report.known_until_us,
        head=(
            Fact(words.hospital, (hospital,)),
            *(Fact(name, (said,)) for name, said in told.head),
        ),
        front=(
            Section(words.periods, table=Table(columns, told.rows)),
            Section(told.unannounced, told.outages),
            Section(words.method, told.method),
        ),
    )


def interventions_sheet(
    report: MonthOfInterventions, language: Language, known_at_us: int
) -> Sheet:
    """Return the sheet of the interventions of a month, as known at an instant."""
    words = sheet_words_in(language)
    hospital = report.hospital_name or report.hospital
    known = instant_text(known_at_us, report.zone, language)
    return _sheet(
        words,
        language,
        title=words.interventions_title,
        subject=f"{report.month} · {hospital}",
        running=words.running.format(subject=report.month, hospital=hospital, instant=known),
        known_at_us=known_at_us,
        head=(Fact(words.hospital, (hospital,)), Fact(words.month, (report.month,))),
        front=tuple(_month(report, language, words)),
    )


def _month(
    report: MonthOfInterventions, language: Language, words: SheetWords
) -> Iterator[Section]:
    named = intervention_words_in(language)
    columns = tuple(
        Column(name, wide=at in _WIDE, numeric=at == len(named.columns) - 1)
        for at, name in enumerate(named.columns)
    )
    said = () if report.is_over else (named.partial,)
    if report.shares:
        rows = tuple(tuple(intervention_cells(share, language)) for share in report.shares)
        yield Section(named.title, said, table=Table(columns, rows))
    else:
        yield Section(named.title, (*said, named.none))
    if report.sendings:
        sent = tuple(sending_text(report, sending, language) for sending in report.sendings)
        yield Section(words.sendings, sent)


def _sheet(  # noqa: PLR0913 - what differs between the two
    words: SheetWords,
    language: Language,
    *,
    title: str,
    subject: str,
    running: str,
    known_at_us: int,
    head: tuple[Fact, ...],
    front: tuple[Section, ...],
) -> Sheet:
    """Return a sheet without a verdict, to be signed by both, as wide as its table."""
    return Sheet(
        language=language,
        title=title,
        subject=subject,
        description=f"{title} · {subject}",
        known_at_us=known_at_us,
        running=running,
        page=words.page,
        head=head,
        headline=None,
        findings=(),
        picture=None,
        picture_title="",
        front=front,
        annexes=(),
        annexes_title="",
        signatories=(words.vendor_signs, words.hospital_signs),
        signature=words.signature,
        landscape=True,
    )
