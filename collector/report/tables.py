"""The tables of a report as cells of text, the same for a screen and for paper."""

from collections.abc import Callable

from collector.judge.outage import Outage
from collector.report.phrases import Phrases
from collector.report.value import Loss

Clock = Callable[[int], str]


def vantage_columns(phrases: Phrases) -> tuple[str, ...]:
    """Return the heads of `vantage_cells`."""
    words = phrases.words
    seen = (words.lost, words.back, words.down, words.clock, words.measurements)
    return (words.vantage, words.kind_title, *seen)


def vantage_cells(loss: Loss, phrases: Phrases, at: Clock) -> tuple[str, ...]:
    """Return what a vantage point saw; `at` writes the instants."""
    vantage, words = loss.vantage, phrases.words
    remarks = [words.later] if not vantage.counts else []
    remarks += [words.imported] if vantage.imported else []
    name = f"{vantage.name} ({', '.join(remarks)})" if remarks else vantage.name
    instants = (loss.last_up_us, loss.first_up_us)
    lost, back = ("" if instant is None else at(instant) for instant in instants)
    if not loss.sight.measured:
        return (name, words.kind[vantage.kind], lost, back, words.nothing, "", "0")
    return (
        name,
        words.kind[vantage.kind],
        lost,
        back,
        phrases.duration_of(loss.down_us),
        f"±{phrases.duration_of(loss.sight.worst_error_us)}",
        str(loss.sight.measured),
    )


def outage_cells(outage: Outage, phrases: Phrases) -> tuple[str, str, str]:
    """Return when an outage was, how long it possibly lasted, and how much of that is proven."""
    words, span = phrases.words, outage.span
    when = phrases.span(span)
    if outage.truncated:
        when += f" ({words.truncated})"
    proven_us = sum(piece.length for piece in outage.proven)
    return when, phrases.duration_of(span.length), phrases.duration_of(proven_us)
