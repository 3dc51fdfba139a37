"""Outages of a hospital, and the question whether somebody was looking."""

from dataclasses import replace

import pytest

from collector.judge.assessment import assess
from collector.judge.outage import hospital_timeline
from collector.judge.terms import Window
from collector.judge.timeline import Timeline, spans_of
from collector.judge.windowfile import read_window
from probes.model.instant import HOUR, SECOND
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, Outcome

HORIZON = Interval(0, 1_000)


def down(start: int, duration: int = 0) -> Measurement:
    return Measurement(start, duration, Outcome.DOWN, "v", "c")


@pytest.mark.parametrize(
    ("start", "duration", "is_outage"),
    [
        (99, 0, False),
        (99, 1, True),  # ends at 100, the first instant of the component
        (100, 0, True),
        (199, 0, True),
        (200, 0, False),  # the component ends before 200
        (50, 500, True),
    ],
)
def test_a_component_is_an_outage_when_a_failure_touches_it(
    start: int, duration: int, is_outage: bool
) -> None:
    up = Timeline(available=[(0, 100), (200, 1_000)], down=[], transition=[])
    spans = spans_of([down(start, duration)], max_gap=30)
    timeline = hospital_timeline([up], spans, HORIZON, quorum=1)
    assert [outage.span for outage in timeline.outages] == [Interval(100, 200)] * is_outage
    assert list(timeline.unobserved) == [Interval(100, 200)] * (not is_outage)


def test_a_component_between_two_failures_of_a_summary_is_undecided() -> None:
    # Failures at 80, 180 and 280; the component is [200, 210): between two of them.
    up = Timeline(available=[(0, 200), (210, 1_000)], down=[], transition=[])
    summary = spans_of([down(80), down(180), down(280)], max_gap=100)
    assert hospital_timeline([up], summary, HORIZON, 1).undecided == IntervalSet([(200, 210)])
    # Kept apart, they say that nobody failed in there.
    apart = spans_of([down(80), down(180), down(280)], 100, IntervalSet([(200, 210)]))
    settled = hospital_timeline([up], apart, HORIZON, 1).settled()
    assert settled.unobserved == IntervalSet([(200, 210)])
    assert not settled.undecided


def test_a_long_probe_inside_a_summary_is_not_forgotten() -> None:
    # The probe of 80 lasted until 230, long after the next one had begun and ended.
    up = Timeline(available=[(0, 200), (210, 1_000)], down=[], transition=[])
    probes = [down(60), down(80, 150), down(90)]
    assert hospital_timeline([up], spans_of(probes, 100), HORIZON, 1).undecided
    apart = spans_of(probes, 100, IntervalSet([(200, 210)]))
    timeline = hospital_timeline([up], apart, HORIZON, 1)
    assert [outage.span for outage in timeline.outages] == [Interval(200, 210)]


def test_failures_before_and_after_a_component_leave_it_unobserved() -> None:
    up = Timeline(available=[(0, 200), (210, 1_000)], down=[], transition=[])
    probes = [down(60), down(300), down(310)]
    timeline = hospital_timeline([up], spans_of(probes, 30), HORIZON, quorum=1)
    assert timeline.unobserved == IntervalSet([(200, 210)])


def test_a_component_as_long_as_the_largest_gap_holds_a_failure_for_sure() -> None:
    up = Timeline(available=[(0, 110), (210, 1_000)], down=[], transition=[])
    summary = spans_of([down(80), down(180), down(280)], max_gap=100)
    timeline = hospital_timeline([up], summary, HORIZON, quorum=1)
    assert [outage.span for outage in timeline.outages] == [Interval(110, 210)]


def test_a_transition_anywhere_in_the_panel_is_not_proven_down() -> None:
    one = Timeline(available=[(0, 100), (300, 1_000)], down=[(100, 300)], transition=[])
    other = Timeline(available=[], down=[], transition=[(150, 200)])
    timeline = hospital_timeline([one, other], spans_of([down(120)], 30), HORIZON, quorum=1)
    assert timeline.proven_down == IntervalSet([(100, 150), (200, 300)])


@pytest.mark.parametrize(
    ("quorum", "proven"),
    [
        (1, [(100, 400)]),
        (2, [(150, 200), (250, 350)]),
        (3, [(300, 350)]),
        (4, []),
    ],
)
def test_a_quorum_asks_for_that_many_proofs_at_once(
    quorum: int, proven: list[tuple[int, int]]
) -> None:
    panel = [
        Timeline([], [(100, 200), (250, 400)], []),
        Timeline([], [(150, 250), (300, 350)], []),
        Timeline([], [(250, 350)], []),
    ]
    timeline = hospital_timeline(panel, spans_of([down(120)], 30), HORIZON, quorum)
    assert timeline.proven_down == IntervalSet(proven)


def window() -> Window:
    return read_window(
        {
            "id": "W",
            "service": "dpi",
            "timezone": "Europe/Paris",
            "service_class": "strategic",
            "status": "closed",
            "plan": {"start": "2026-11-14T22:00:00+01:00", "end": "2026-11-14T23:00:00+01:00"},
            "contract": {
                "max_downtime": {"strategic": "PT4H"},
                "notice": {"amount": 0, "unit": "hours"},
                "holidays": [],
            },
            "checks": {"fast": {"interval": "PT1S"}, "slow": {"interval": "PT1M"}},
        }
    )


def test_a_blink_of_the_fast_between_two_failures_of_the_slow_is_unobserved() -> None:
    # The slow vantage point fails every minute, the fast one answers every second and is silent
    # from 22:30:10 to 22:30:20: no failure was measured in those ten seconds.
    judged = window()
    start = judged.plan.start
    fast = [
        Measurement(start + second * SECOND, 0, Outcome.UP, "fast", "fast")
        for second in range(3_601)
        if not 1_810 < second < 1_820
    ]
    slow = [
        Measurement(start + minute * 60 * SECOND, 0, Outcome.DOWN, "slow", "slow")
        for minute in range(60)
    ]
    assessment = assess(judged, fast + slow)
    blink = Interval(start + 1_810 * SECOND, start + 1_820 * SECOND)
    assert blink in list(assessment.timeline.unobserved)
    assert assessment.timeline.outages == ()
    assert assessment.judged.upper_us == 10 * SECOND


def test_a_check_the_window_does_not_name_is_not_read() -> None:
    judged = window()
    stranger = Measurement(judged.plan.start, 0, Outcome.DOWN, "v", "stranger")
    assessment = assess(judged, [stranger])
    assert assessment.timeline.outages == ()
    assert assessment.coverage.reporting == 0


def test_what_straddles_the_horizon_is_not_read() -> None:
    judged = replace(window(), as_of_us=window().plan.start + HOUR)
    end = judged.horizon.end
    inside = Measurement(end - 10, 10, Outcome.DOWN, "v", "fast")
    straddling = Measurement(end - 10, 11, Outcome.DOWN, "v", "fast")
    assert len(assess(judged, [inside]).timeline.outages) == 1
    assert len(assess(judged, [straddling]).timeline.outages) == 0
