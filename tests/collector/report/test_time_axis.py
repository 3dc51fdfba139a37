"""Marks of an axis of time are at round times of the site's own clocks."""

from zoneinfo import ZoneInfo

import pytest

from collector.report.durations import Language
from collector.report.time_axis import ticks
from probes.model.instant import parse_instant
from probes.model.interval import Interval

PARIS = ZoneInfo("Europe/Paris")


def _marks(start: str, end: str, zone: ZoneInfo = PARIS) -> list[tuple[str, str]]:
    shown = Interval(parse_instant(start), parse_instant(end))
    return [(mark.clock, mark.day) for mark in ticks(shown, zone, Language.FRENCH)]


def test_the_hour_the_clocks_show_twice_has_two_marks() -> None:
    assert _marks("2026-10-25T00:40:00+02:00", "2026-10-25T05:10:00+01:00") == [
        ("01:00", "dim. 25/10 CEST"),
        ("02:00", ""),
        ("02:00", "dim. 25/10 CET"),
        ("03:00", ""),
        ("04:00", ""),
        ("05:00", ""),
    ]


def test_the_hour_the_clocks_jump_over_has_none() -> None:
    assert _marks("2027-03-28T00:10:00+01:00", "2027-03-28T06:45:00+02:00") == [
        ("01:00", "dim. 28/03 CET"),
        ("03:00", "dim. 28/03 CEST"),
        ("04:00", ""),
        ("05:00", ""),
        ("06:00", ""),
    ]


def test_marks_stand_where_the_clocks_are_and_not_where_those_of_utc_are() -> None:
    marks = _marks("2026-11-14T10:00:00Z", "2026-11-14T18:00:00Z", ZoneInfo("Asia/Kathmandu"))
    # 5 h 45 ahead of UTC: the first full hour after 15:45 is 16:00.
    assert marks[0] == ("16:00", "sam. 14/11 +0545")
    assert {clock[3:] for clock, _ in marks} == {"00"}


def test_a_new_day_is_named() -> None:
    marks = _marks("2026-11-14T21:50:00+01:00", "2026-11-15T02:10:00+01:00")
    assert ("22:00", "sam. 14/11 CET") in marks
    assert ("00:00", "dim. 15/11 CET") in marks


@pytest.mark.parametrize("minutes", [1, 3, 7, 20, 59, 61, 240, 700, 1_500, 4_000, 90_000])
def test_there_are_never_more_marks_than_can_be_read(minutes: int) -> None:
    start = parse_instant("2026-11-14T22:00:30+01:00")
    shown = Interval(start, start + minutes * 60_000_000)
    marks = ticks(shown, PARIS, Language.ENGLISH)
    assert 1 <= len(marks) <= 11
    assert all(shown.start <= mark.instant <= shown.end for mark in marks)


def test_a_window_of_seconds_has_marks_too() -> None:
    # Twenty-five seconds in which no minute begins: a mark every five seconds, to the second.
    assert _marks("2026-11-26T03:54:18+01:00", "2026-11-26T03:54:43+01:00") == [
        ("03:54:20", "jeu. 26/11 CET"),
        ("03:54:25", ""),
        ("03:54:30", ""),
        ("03:54:35", ""),
        ("03:54:40", ""),
    ]
