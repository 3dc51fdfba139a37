"""A line's own time is read where it names one instant, and only there."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.line_time import written_at
from probes.model.instant import DAY, from_datetime, parse_instant
from probes.model.log_target import LineTime

NOW_US = parse_instant("2026-11-25T21:00:00Z")
PARIS = "Europe/Paris"
DAY_AND_TIME = "%Y-%m-%dT%H:%M:%S"
ISO = f"{DAY_AND_TIME}%z"


@pytest.mark.parametrize(
    ("line", "written", "zone", "instant"),
    [
        # log4j and logback; winter in Paris is one hour ahead, summer two.
        ("2026-11-14T22:05:03,123 up", f"{DAY_AND_TIME},%f", PARIS, "2026-11-14T21:05:03.123Z"),
        ("[14/Jul/2026:22:05:03 +0200]", "%d/%b/%Y:%H:%M:%S %z", "", "2026-07-14T20:05:03Z"),
        ("x 2026-11-14T21:05:03Z y", ISO, "", "2026-11-14T21:05:03Z"),
        ("2026-11-14T22:05:03.5+0100", f"{DAY_AND_TIME}.%f%z", "", "2026-11-14T21:05:03.5Z"),
        ("2026-11-14T15:35:03-05:30", ISO, "", "2026-11-14T21:05:03Z"),
        ("14.11.26 22:05", "%d.%m.%y %H:%M", PARIS, "2026-11-14T21:05:00Z"),
        ("2026318 220503", "%Y%j %H%M%S", PARIS, "2026-11-14T21:05:03Z"),
        ("100% 2026-11-14 22:05", "100%% %Y-%m-%d %H:%M", PARIS, "2026-11-14T21:05:00Z"),
        # syslog shows no year: the latest that is not in the future.
        ("Nov 14 22:05:03 host", "%b %d %H:%M:%S", PARIS, "2026-11-14T21:05:03Z"),
        ("Dec  4 22:05:03 host", "%b %d %H:%M:%S", PARIS, "2025-12-04T21:05:03Z"),
        ("Nov 26 01:00:00 host", "%b %d %H:%M:%S", "UTC", "2026-11-26T01:00:00Z"),
    ],
)  # fmt: skip
def test_the_time_of_a_line_is_read(line: str, written: str, zone: str, instant: str) -> None:
    assert written_at(line, LineTime(written, zone), NOW_US) == parse_instant(instant)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no time here",
        "2026-10-25 02:30:00 clocks show it twice",
        "2026-03-29 02:30:00 clocks never show it",
        "2026-02-30 12:00:00 no such day",
        "2026-11-14 25:00:00 no such hour",
        "12026-11-14 22:00:001 a longer number",
        "0001-01-01 00:00:00",
    ],
)
def test_a_line_that_names_no_single_instant_has_none(line: str) -> None:
    assert written_at(line, LineTime("%Y-%m-%d %H:%M:%S", PARIS), NOW_US) is None


def test_a_29th_of_february_is_of_a_year_that_has_one() -> None:
    now_us = parse_instant("2024-03-01T12:00:00Z")
    line_time = LineTime("%b %d %H:%M", "UTC")

    assert written_at("Feb 29 12:00", line_time, now_us) == now_us - DAY
    assert written_at("Feb 29 12:00", line_time, NOW_US) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001 - local
def test_what_is_written_is_read_again(local: datetime) -> None:
    written = "%Y-%m-%d %H:%M:%S.%f"
    zone = ZoneInfo(PARIS)
    read = written_at(local.strftime(written), LineTime(written, PARIS), NOW_US)

    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        assert read == from_datetime(first)
    else:
        assert read is None


@given(st.text(max_size=40))
def test_no_line_whatever_makes_it_fail(line: str) -> None:
    for line_time in (LineTime("%b %d %H:%M:%S", PARIS), LineTime("%Y%j%H%M%f%z")):
        assert isinstance(written_at(line, line_time, NOW_US), int | None)


@pytest.mark.parametrize(
    ("written", "zone", "fault"),
    [
        ("%Y-%m-%d %H:%M:%Q", PARIS, "format: %Q in "),
        ("%Y-%m-%d %H:%M %", PARIS, "format: % in "),
        ("%Y-%Y-%m-%d %H:%M", PARIS, "format: %Y is given twice"),
        ("%H:%M:%S", PARIS, "format: '%H:%M:%S' names no day"),
        ("%Y-%m-%d", PARIS, "format: '%Y-%m-%d' names no day with its hour"),
        ("%Y-%m-%d %H:%M", "", "timezone: is given where the format has no %z"),
        ("%Y-%m-%d %H:%M%z", PARIS, "timezone: is given where the format has no %z"),
        ("%Y-%m-%d %H:%M", "Paris", "timezone: 'Paris' is not an IANA time zone"),
    ],
)
def test_a_format_that_names_no_instant_is_refused(written: str, zone: str, fault: str) -> None:
    with pytest.raises(ValueError, match="^" + fault.replace("(", r"\(")):
        LineTime(written, zone)
