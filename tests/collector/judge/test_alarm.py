"""Which unannounced outages are told, on a small time axis in minutes."""

import pytest

from collector.judge.alarm import Alarm, alarms
from collector.judge.outage import Outage
from probes.model.instant import MINUTE, SECOND
from probes.model.interval import Interval

HOLD = 5 * MINUTE


def outage(start: int, end: int, *proven: tuple[int, int]) -> Outage:
    """Return an outage in seconds, with the pieces proven."""
    pieces = tuple(Interval(first * SECOND, last * SECOND) for first, last in proven)
    return Outage(Interval(start * SECOND, end * SECOND), pieces, truncated=False)


def at(now: int, *outages: Outage) -> list[Alarm]:
    return alarms(outages, HOLD, now * SECOND)


def test_a_minute_of_proven_down_is_told() -> None:
    assert at(75, outage(0, 75, (5, 65))) == [
        Alarm(Interval(0, 75 * SECOND), 5 * SECOND, MINUTE, is_over=False)
    ]


def test_a_second_less_is_not_yet() -> None:
    assert at(74, outage(0, 74, (5, 64))) == []


def test_silence_is_never_told_however_long() -> None:
    # One failure at 5 s, then nobody measured for an hour: possibly down, proven for 0 s.
    assert at(3_600, outage(0, 3_600)) == []


@pytest.mark.parametrize(("now", "over"), [(399, False), (400, True)])
def test_a_return_is_told_once_it_has_held(now: int, over: bool) -> None:
    # Back at 100 s; the hold is 300 s.
    [alarm] = at(now, outage(0, 100, (0, 90)))
    assert alarm.is_over is over


def test_a_service_that_flaps_is_one_outage_and_its_proven_time_adds_up() -> None:
    # Up from 50 to 100 s, for less than the hold: 40 s + 45 s are proven.
    [alarm] = at(150, outage(0, 50, (5, 45)), outage(100, 150, (100, 145)))
    assert alarm == Alarm(Interval(0, 150 * SECOND), 5 * SECOND, 85 * SECOND, is_over=False)


def test_two_outages_a_hold_apart_are_two() -> None:
    found = at(500, outage(0, 100, (0, 90)), outage(400, 500, (400, 490)))
    assert [(alarm.span.start // SECOND, alarm.is_over) for alarm in found] == [
        (0, True),
        (400, False),
    ]
