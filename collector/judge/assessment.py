"""From measurements to a verdict: the whole of the rules applied to one window.

`assess` takes measurements, `assess_spans` their summaries: both give the same object, equal to the
microsecond, whose canonical form is `constat.assessment/1`. Nothing here knows today's date.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from collector.judge.calendar import SiteCalendar
from collector.judge.notice import Notice, judge_notice
from collector.judge.outage import HospitalTimeline, hospital_timeline
from collector.judge.terms import DowntimeRule, Window
from collector.judge.timeline import Span, Timeline, check_timeline, spans_of, vantage_timeline
from collector.judge.verdict import DurationVerdict, duration_verdict, is_settled
from collector.judge.window import Bounds, Regulated, regulate
from probes.model.canonical import JsonValue
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, VantageKind

SCHEMA: Final = "constat.assessment/1"


class CheckSpans(NamedTuple):
    """All the spans of one check at one vantage point, in order of start, cut to the horizon."""

    vantage: str
    check: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was looked at: the panel, those of it that reported, and the part observed.

    `observed_ppm` is the millionths of the window in which the service was proven up or down.
    """

    panel: int
    reporting: int
    observed_ppm: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the rules say of one window."""

    window: Window
    panel: tuple[str, ...]
    vantages: Mapping[str, Timeline]
    timeline: HospitalTimeline
    regulated: Regulated
    verdict: DurationVerdict
    notice: Notice
    coverage: Coverage

    @property
    def judged(self) -> Bounds:
        """The figure the contract's rule picks."""
        return self.regulated.figure(self.window.contract.downtime_rule)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the object of `constat.assessment/1`; a key without a value is left out."""
        bounds = self.judged
        regulated = self.regulated
        return {
            "schema": SCHEMA,
            "window": self.window.id,
            "duration": {
                "rule": self.window.contract.downtime_rule.value,
                "limit_us": self.window.limit_us,
                "lower_us": bounds.lower_us,
                "upper_us": bounds.upper_us,
                "verdict": self.verdict.value,
            },
            "figures": {rule.value: _bounds(regulated.figure(rule)) for rule in DowntimeRule},
            "outages": [
                {
                    **_interval(outage.span),
                    "proven": [_interval(piece) for piece in outage.proven],
                    "truncated": outage.truncated,
                }
                for outage in self.timeline.outages
            ],
            "unobserved": [_interval(piece) for piece in self.timeline.unobserved],
            "notice": _notice(self.notice),
            "early_start": _bounds(regulated.early_start),
            "overrun": _bounds(regulated.overrun),
            "coverage": {
                "panel": self.coverage.panel,
                "reporting": self.coverage.reporting,
                "observed_ppm": self.coverage.observed_ppm,
            },
        }


def assess(window: Window, measurements: Iterable[Measurement]) -> Assessment:
    """Return the assessment of a window from single measurements, in any order.

    Only those of the window's checks that lie whole inside its horizon are read.
    """
    horizon = window.horizon
    kinds: dict[str, VantageKind] = {}
    series: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        kinds[measurement.vantage] = measurement.kind
        if horizon.start <= measurement.start_us and measurement.end_us <= horizon.end:
            series[measurement.vantage, measurement.check].append(measurement)

    def summarise(isolate: IntervalSet) -> list[CheckSpans]:
        return [
            CheckSpans(vantage, check, spans_of(members, window.max_gaps_us[check], isolate))
            for (vantage, check), members in series.items()
            if check in window.max_gaps_us
        ]

    panel = panel_of(window, kinds)
    assessment = assess_spans(window, panel, summarise(IntervalSet()))
    undecided = assessment.timeline.undecided
    return (
        assess_spans(window, panel, summarise(undecided), isolated=True)
        if undecided
        else assessment
    )


def assess_spans(
    window: Window, panel: tuple[str, ...], checks: Iterable[CheckSpans], *, isolated: bool = False
) -> Assessment:
    """Return the assessment of a window from the spans of its checks.

    When its timeline has `undecided` components, summaries hide whether somebody was looking there
    (rules, section 5): the caller must assess again with every measurement that intersects them in
    a span of its own, and say so with `isolated`.
    """
    vantages, timeline = _hospital(window, panel, checks)
    return _assessment(window, panel, vantages, timeline.settled() if isolated else timeline)


def panel_of(window: Window, kinds: Mapping[str, VantageKind]) -> tuple[str, ...]:
    """Return the roster that counts: the window's own, else all of the contract's kind, else all.

    `kinds` gives the kind of every vantage point known.
    """
    if window.panel is not None:
        return tuple(sorted(set(window.panel)))
    of_kind = [name for name, kind in kinds.items() if kind is window.contract.panel_kind]
    return tuple(sorted(of_kind or kinds))


def _hospital(
    window: Window, panel: tuple[str, ...], checks: Iterable[CheckSpans]
) -> tuple[dict[str, Timeline], HospitalTimeline]:
    seats = frozenset(panel)
    timelines: dict[str, list[Timeline]] = defaultdict(list)
    evidence: list[Sequence[Span]] = []
    for vantage, check, spans in checks:
        if vantage in seats and check in window.max_gaps_us:
            timelines[vantage].append(check_timeline(spans, window.max_gaps_us[check]))
            evidence.append(spans)
    vantages = {vantage: vantage_timeline(checks) for vantage, checks in timelines.items()}
    timeline = hospital_timeline(
        list(vantages.values()),
        chain.from_iterable(evidence),
        window.horizon,
        window.contract.quorum,
    )
    return vantages, timeline


def _assessment(
    window: Window,
    panel: tuple[str, ...],
    vantages: dict[str, Timeline],
    timeline: HospitalTimeline,
) -> Assessment:
    regulated = regulate(timeline, window.hull, window.contract.return_hold_us)
    bounds = regulated.figure(window.contract.downtime_rule)
    settled = is_settled(window, regulated)
    proven = regulated.proven.hull
    return Assessment(
        window=window,
        panel=panel,
        vantages=vantages,
        timeline=timeline,
        regulated=regulated,
        verdict=duration_verdict(bounds, window.limit_us) if settled else DurationVerdict.PENDING,
        notice=judge_notice(
            window.revisions,
            window.plan,
            proven.start if proven else None,
            window.contract.notice,
            SiteCalendar(window.zone, window.contract.holidays),
        ),
        coverage=Coverage(len(panel), len(vantages), _observed_ppm(timeline, window.hull)),
    )


def _observed_ppm(timeline: HospitalTimeline, hull: Interval) -> int:
    observed = timeline.up.clip(hull).length + timeline.proven_down.clip(hull).length
    return observed * 1_000_000 // hull.length


def _bounds(bounds: Bounds) -> dict[str, JsonValue]:
    return {"lower_us": bounds.lower_us, "upper_us": bounds.upper_us}


def _interval(interval: Interval) -> dict[str, JsonValue]:
    return {"start_us": interval.start, "end_us": interval.end}


def _notice(notice: Notice) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {"verdict": notice.verdict.value}
    if notice.notified_at_us is not None:
        stated["notified_at_us"] = notice.notified_at_us
    stated["judged_start_us"] = notice.judged_start_us
    stated["latest_allowed_us"] = notice.latest_allowed_us
    return stated
