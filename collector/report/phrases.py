"""The sentences of a report, as plain text: what the screen, and later a page, lays out."""

from collections.abc import Iterator, Sequence

from collector.judge.terms import WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.judge.window import Bounds
from collector.report.durations import (
    Language,
    clock_text,
    duration_text,
    instant_text,
    share_text,
)
from collector.report.notice_words import notice_clauses
from collector.report.value import Report
from collector.report.words import words_in
from probes.model.interval import Interval

_NAMES_SHOWN = 3
_BREACH = 3


class Phrases:
    """The sentences of one report in one language."""

    def __init__(self, report: Report, language: Language) -> None:
        """Speak of this report in this language."""
        self._report = report
        self.language = language
        self._zone = report.assessment.window.zone
        self.words = words_in(language)

    def headline(self) -> str:
        """Say the one word: the worst of the verdicts, or that the window was cancelled."""
        assessment = self._report.assessment
        if assessment.window.status is WindowStatus.CANCELLED:
            return self.words.status[WindowStatus.CANCELLED]
        if self._report.exit_code == _BREACH:
            return self.words.duration_verdict[DurationVerdict.BREACH]
        return self.words.duration_verdict[assessment.verdict]

    def title(self) -> str:
        """Say what the report is about, and how far that has come."""
        window = self._report.assessment.window
        product = self._report.surroundings.product or window.service
        service_class = self.words.service_class[window.service_class]
        return f"{window.id} · {product} · {service_class} · {self.words.status[window.status]}"

    def place(self) -> str:
        """Say where it is: the hospital, the site and its zone."""
        around, window = self._report.surroundings, self._report.assessment.window
        name = f" ({around.hospital_name})" if around.hospital_name else ""
        return f"{around.hospital}{name} · {window.site} · {window.zone.key}"

    def duration(self) -> Iterator[str]:
        """Say the figure judged, the limit, and what is left of it."""
        window, judged = self._report.assessment.window, self._report.assessment.judged
        yield f"{self.bounds(judged)} ({self.words.rule[window.contract.downtime_rule]})"
        yield f"{self.limit()} · {self._margin()}"

    def measure(self) -> str:
        """Say by which rule the figure is judged, the limit, and what is left of it."""
        rule = self.words.rule[self._report.assessment.window.contract.downtime_rule]
        return f"{rule} · {self.limit()} · {self._margin()}"

    def limit(self) -> str:
        """Say the limit."""
        return self.words.limit.format(
            limit=self.duration_of(self._report.assessment.window.limit_us)
        )

    def notice(self) -> Iterator[str]:
        """Say the notice with its arithmetic."""
        assessment = self._report.assessment
        for clauses in notice_clauses(assessment.window, assessment.notice, self.language):
            yield from clauses

    def planned(self) -> str:
        """Say the final plan and its length."""
        return self.interval(self._report.assessment.window.plan)

    def measured(self) -> str:
        """Say the hull of what was lost, or that nothing was."""
        hull = self._report.assessment.regulated.outages.hull
        return self.interval(hull) if hull else self.words.no_outage

    def lost_last(self) -> str:
        """Say who lost the service last, in the main outage."""
        main = self._report.main_outage
        turns = [turn for turn in self._report.turns if main and turn.outage.start == main.start]
        return self._who(turns[0].lost_last, turns[0].outage.start) if turns else ""

    def back_first(self) -> str:
        """Say who got the service back first, after the main outage."""
        main = self._report.main_outage
        turns = [turn for turn in self._report.turns if main and turn.outage.end == main.end]
        return self._who(turns[0].back_first, turns[0].outage.end) if turns else ""

    def coverage(self) -> str:
        """Say who measured, and how much of the window was seen."""
        coverage = self._report.assessment.coverage
        reporting = self.words.reporting.format(reporting=coverage.reporting, panel=coverage.panel)
        share = share_text(coverage.observed_ppm, self.language)
        return f"{reporting} · {self.words.observed.format(share=share)}"

    def clocks(self) -> str:
        """Say the worst clock error bound, and what had no estimate; nothing if nobody measured."""
        if not self._report.assessment.coverage.reporting:
            return ""
        error = self.words.clock_error.format(error=self.duration_of(self._report.worst_error_us))
        count = self._report.unestimated
        return f"{error} · {self.words.unestimated.format(count=count)}" if count else error

    def versions(self) -> str:
        """Say the versions seen before and after, as far as any was."""
        around = self._report.surroundings
        before, after = around.versions_before, around.versions_after
        if not before and not after:
            return ""
        return f"{', '.join(before) or '?'} → {', '.join(after) or '?'}"

    def footer(self) -> Iterator[str]:
        """Say what the report rests on."""
        around = self._report.surroundings
        yield self.words.fixed.format(instant=self.instant(around.fixed_at_us))
        yield self.words.as_of.format(instant=self.instant(around.as_of_us))
        yield self.words.log.format(size=around.log_size, root=around.log_root[:16])

    def bounds(self, bounds: Bounds) -> str:
        """Write both bounds of a figure, or the one it has."""
        lower, upper = self.duration_of(bounds.lower_us), self.duration_of(bounds.upper_us)
        return lower if lower == upper else self.words.between.format(lower=lower, upper=upper)

    def interval(self, interval: Interval) -> str:
        """Write an interval on the site's clocks, and its length."""
        return f"{self.span(interval)}  ({self.duration_of(interval.length)})"

    def span(self, interval: Interval) -> str:
        """Write an interval on the site's clocks."""
        return f"{self.instant(interval.start)} → {self.instant(interval.end)}"

    def instant(self, instant: int) -> str:
        """Write an instant on the site's clocks."""
        return instant_text(instant, self._zone, self.language)

    def clock(self, instant: int) -> str:
        """Write the time of day of an instant on the site's clocks."""
        return clock_text(instant, self._zone, self.language)

    def duration_of(self, duration_us: int) -> str:
        """Write a duration, exact."""
        return duration_text(duration_us, self.language)

    def unobserved(self) -> str:
        """Say how much of the window nobody looked at, when that is anything."""
        window = self._report.assessment.window
        length_us = self._report.assessment.timeline.unobserved.clip(window.hull).length
        return self.duration_of(length_us) if length_us else ""

    def _margin(self) -> str:
        margin = self._report.margin
        if margin.lower_us >= 0:
            return self.words.margin.format(margin=self.duration_of(margin.lower_us))
        if margin.upper_us < 0:
            return self.words.excess.format(excess=self.duration_of(-margin.upper_us))
        words = self.words
        left = words.margin.format(margin=self.duration_of(margin.upper_us))
        return f"{left} / {words.excess.format(excess=self.duration_of(-margin.lower_us))}"

    def _who(self, names: Sequence[str], instant: int) -> str:
        if not names:
            return self.words.nobody
        shown = ", ".join(names[:_NAMES_SHOWN])
        if len(names) > _NAMES_SHOWN:
            shown = self.words.others.format(names=shown, count=len(names) - _NAMES_SHOWN)
        return f"{shown}  {self.instant(instant)}"
