"""What the timeline of a window shows, whoever draws it: from when to when, the limit, in words."""

from typing import Final

from collector.judge.terms import DowntimeRule
from collector.report.days import moment_text
from collector.report.durations import Language
from collector.report.timeline_words import timeline_words_in
from collector.report.value import Report
from probes.model.interval import Interval

_MARGIN_SHARE: Final = 25
_LIMIT_REACH: Final = 3


def timeline_title(report: Report, language: Language) -> str:
    """Return the title of the picture."""
    words = timeline_words_in(language)
    return words.title.format(window=report.assessment.window.id)


def timeline_text(report: Report, language: Language) -> str:
    """Return what the picture shows, in words, for whoever cannot see it."""
    words, window = timeline_words_in(language), report.assessment.window
    outages = report.assessment.regulated.outages.hull

    def spoken(interval: Interval) -> dict[str, str]:
        start, end = (moment_text(bound, window.zone, language) for bound in interval)
        return {"start": start, "end": end}

    measured = words.lost.format(**spoken(outages)) if outages else words.nothing_lost
    return " ".join(
        (
            words.shown.format(count=len(report.losses), **spoken(shown_interval(report))),
            words.plan_said.format(**spoken(window.plan)),
            measured,
        )
    )


def shown_interval(report: Report) -> Interval:
    """Return what the picture shows: all that was planned, done or lost, the limit, and a margin.

    A limit that lies so far off that the rest could not be read any more is left out.
    """
    window, regulated = report.assessment.window, report.assessment.regulated
    pieces = [window.hull, window.plan, *regulated.outages, *regulated.proven]
    start, end = min(piece.start for piece in pieces), max(piece.end for piece in pieces)
    limit = limit_instant(report)
    if limit - start <= _LIMIT_REACH * (end - start):
        end = max(end, limit)
    margin = (end - start) // _MARGIN_SHARE
    return Interval(start - margin, end + margin)


def limit_instant(report: Report) -> int:
    """Return when the outage, begun as it did, reaches the limit by the rule that judges it.

    What counts is the upper bound; while nothing is lost, the operation begins as planned.
    """
    window, possible = report.assessment.window, report.assessment.regulated.possible
    limit_us, hull = window.limit_us, possible.hull
    if hull is None:
        return window.plan.start + limit_us
    match window.contract.downtime_rule:
        case DowntimeRule.SPAN:
            return hull.start + limit_us
        case DowntimeRule.LONGEST:
            return max(possible, key=lambda piece: piece.length).start + limit_us
        case DowntimeRule.CUMULATIVE:
            left_us = limit_us
            for piece in possible:
                if piece.length >= left_us:
                    return piece.start + left_us
                left_us -= piece.length
            return hull.end + left_us
