"""Instants and durations, in and out of text."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model.instant import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    format_duration,
    format_instant,
    from_datetime,
    local_date,
    local_readings,
    parse_duration,
    parse_instant,
    parse_local,
    start_of_day,
    to_datetime,
    zone_named,
)

PARIS = zone_named("Europe/Paris")
CAIRO = zone_named("Africa/Cairo")
APIA = zone_named("Pacific/Apia")
REUNION = zone_named("Indian/Reunion")

INSTANTS = st.integers(min_value=0, max_value=parse_instant("2199-12-31T23:59:59Z"))


def test_the_autumn_night_of_four_and_a_half_hours_is_not_three_and_a_half() -> None:
    start = parse_instant("2026-10-25T01:00:00+02:00")
    end = parse_instant("2026-10-25T04:30:00+01:00")
    assert end - start == 4 * HOUR + 30 * MINUTE


def test_the_spring_night_of_three_and_a_half_hours_is_not_four_and_a_half() -> None:
    start = parse_instant("2027-03-28T00:30:00+01:00")
    end = parse_instant("2027-03-28T05:00:00+02:00")
    assert end - start == 3 * HOUR + 30 * MINUTE


def test_a_local_time_the_clocks_show_twice_is_refused_with_both_readings() -> None:
    with pytest.raises(ValueError, match=r"twice .*02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00"):
        parse_local("2026-10-25T02:30", PARIS)


def test_a_local_time_the_clocks_jump_over_is_refused() -> None:
    with pytest.raises(ValueError, match="does not exist in Europe/Paris"):
        parse_local("2026-03-29T02:30", PARIS)


def test_an_ordinary_local_time_is_taken_with_its_zone() -> None:
    assert parse_local("2026-11-14T22:00", PARIS) == parse_instant("2026-11-14T22:00:00+01:00")
    assert parse_local("2026-11-14 22:00:00.5", REUNION) == parse_instant("2026-11-14T18:00:00.5Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-14T22:00:00",
        "2026-11-14",
        "14/11/2026 22:00",
        "2026-11-14T22:00+01:00",
        "2026-02-30T22:00:00Z",
        "2026-11-14T25:00:00Z",
        "2026-11-14T22:00:00.1234567Z",
        "\uff12026-11-14T22:00:00Z",
        "",
    ],
)
def test_a_text_that_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "22:00", "2026-11-14", "2026-13-01T00:00", "2026-11-14T22"])
def test_a_text_that_is_no_local_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a local time"):
        parse_local(text, PARIS)


@given(INSTANTS)
def test_every_instant_survives_its_text_in_any_zone(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant
    assert parse_instant(format_instant(instant, PARIS)) == instant


def test_a_naive_datetime_has_no_instant() -> None:
    with pytest.raises(ValueError, match="no offset"):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_an_instant_outside_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        to_datetime(10**18)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="'Europe/Pari' is not an IANA time zone"):
        zone_named("Europe/Pari")
    with pytest.raises(ValueError, match="not an IANA time zone"):
        zone_named("../etc/passwd")


def test_a_day_starts_at_its_first_instant_even_where_midnight_does_not_exist() -> None:
    # Cairo jumps from 2024-04-26T00:00 to 01:00; Apia had no 30 December 2011 at all.
    assert start_of_day(date(2024, 4, 26), CAIRO) == parse_instant("2024-04-26T01:00:00+03:00")
    assert start_of_day(date(2011, 12, 30), APIA) == parse_instant("2011-12-31T00:00:00+14:00")
    assert start_of_day(date(2026, 10, 25), PARIS) == parse_instant("2026-10-25T00:00:00+02:00")


def test_the_days_of_the_clock_changes_have_23_and_25_hours() -> None:
    spring = start_of_day(date(2026, 3, 30), PARIS) - start_of_day(date(2026, 3, 29), PARIS)
    autumn = start_of_day(date(2026, 10, 26), PARIS) - start_of_day(date(2026, 10, 25), PARIS)
    assert (spring, autumn) == (23 * HOUR, 25 * HOUR)


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.sampled_from([PARIS, CAIRO, APIA]))
def test_the_instant_before_a_day_starts_belongs_to_an_earlier_day(day: date, zone: object) -> None:
    assert isinstance(zone, type(PARIS))
    start = start_of_day(day, zone)
    assert local_date(start - 1, zone) < day <= local_date(start, zone)


def test_the_readings_of_a_wall_clock_are_none_one_or_two() -> None:
    def count(text: str) -> int:
        return len(local_readings(datetime.fromisoformat(text), PARIS))

    assert count("2026-03-29T02:30") == 0
    assert count("2026-06-01T02:30") == 1
    assert count("2026-10-25T02:30") == 2


@pytest.mark.parametrize(
    ("text", "duration_us"),
    [
        ("PT4H", 4 * HOUR),
        ("PT14400S", 4 * HOUR),
        ("PT1H30M", 90 * MINUTE),
        ("PT0.5S", 500_000),
        ("PT0.000001S", 1),
        ("P3D", 3 * DAY),
        ("P1W", 7 * DAY),
        ("P1DT12H", 36 * HOUR),
        ("PT0S", 0),
        ("PT2H", 2 * HOUR),
    ],
)
def test_a_duration_is_read_to_the_microsecond(text: str, duration_us: int) -> None:
    assert parse_duration(text) == duration_us


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "4H", "P1M", "P1Y", "PT-4H", "-PT4H", "PT4", "PT1.5H", "pt4h"]
)
def test_a_duration_without_a_fixed_length_or_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**6 * SECOND * 100))
def test_every_duration_survives_its_text(duration_us: int) -> None:
    assert parse_duration(format_duration(duration_us)) == duration_us


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (0, "PT0S"),
        (4 * HOUR, "PT4H"),
        (4 * HOUR + 30 * SECOND, "PT4H30S"),
        (90 * MINUTE, "PT1H30M"),
        (SECOND // 2, "PT0.5S"),
        (30 * HOUR, "PT30H"),
    ],
)
def test_a_duration_has_one_shortest_text(duration_us: int, text: str) -> None:
    assert format_duration(duration_us) == text


def test_a_negative_duration_has_no_text() -> None:
    with pytest.raises(ValueError, match="no ISO 8601 form"):
        format_duration(-1)


def test_datetimes_are_printed_in_the_zone_asked_for() -> None:
    instant = from_datetime(datetime(2026, 11, 14, 21, 0, tzinfo=UTC))
    assert format_instant(instant, PARIS) == "2026-11-14T22:00:00+01:00"
    assert format_instant(instant) == "2026-11-14T21:00:00Z"
