"""The named facts of a report in their order, for every form that lists them."""

from collections.abc import Iterator

from collector.report.filed_phrases import FiledPhrases
from collector.report.operation_phrases import OperationPhrases
from collector.report.phrases import Phrases
from collector.report.value import Report


def named_facts(report: Report, phrases: Phrases) -> Iterator[tuple[str, str]]:
    """Yield what was planned, done and seen, each with its name; nothing that there was not."""
    return ((name, fact) for name, fact in _every(report, phrases) if fact)


def _every(report: Report, phrases: Phrases) -> Iterator[tuple[str, str]]:
    assessment, words = report.assessment, phrases.words
    operation = OperationPhrases(report, phrases)
    yield words.planned, phrases.planned()
    for ran in report.operated:
        yield words.intervention, phrases.interval(ran)
    yield from operation.attended()
    yield words.measured, phrases.measured()
    yield words.lost_last, phrases.lost_last()
    yield words.back_first, phrases.back_first()
    for name, bounds in (
        (words.early_start, assessment.regulated.early_start),
        (words.overrun, assessment.regulated.overrun),
    ):
        yield name, phrases.bounds(bounds) if bounds.upper_us else ""
    yield from operation.outside_plan()
    yield words.unobserved, phrases.unobserved()
    yield words.coverage, phrases.coverage()
    yield words.clocks, phrases.clocks()
    yield words.versions, phrases.versions()
    yield operation.words.unmet, operation.unmet()
    for correction in operation.corrections():
        yield operation.words.correction, correction
    yield from FiledPhrases(report.surroundings.filed, phrases).facts()
