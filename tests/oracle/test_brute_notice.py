"""The notice of a window (rules.md §8), worked by hand on a calendar."""

import pytest

from tests.oracle.brute_force import Json, assess
from tests.oracle.reading import SECOND_US, instant
from tests.oracle.scene import START_US, at, probes, rfc3339, window

HOUR_US = 3600 * SECOND_US


def judged(
    start: str,
    notified: str | None,
    contract: Json,
    timezone: str = "Europe/Paris",
    holidays: tuple[str, ...] = (),
) -> Json:
    """The notice of a window of one hour announced once."""
    plan = {"start": start, "end": rfc3339(instant(start) + HOUR_US)}
    revisions = [] if notified is None else [{"notified_at": notified, **plan}]
    terms = window(
        {"notice": contract, "holidays": list(holidays)},
        plan=plan,
        revisions=revisions,
        timezone=timezone,
    )
    found = assess(terms, [])["notice"]
    assert isinstance(found, dict)
    return found


def days(amount: int, unit: str, counting: str = "clear_days") -> Json:
    return {"amount": amount, "unit": unit, "counting": counting}


def test_three_clear_days_from_monday_afternoon_end_on_friday_at_midnight() -> None:
    contract = {"amount": 3, "unit": "calendar_days"}
    on_time = judged("2026-11-20T00:00:00+01:00", "2026-11-16T15:00:00+01:00", contract)
    too_early = judged("2026-11-19T23:59:59.999999+01:00", "2026-11-16T15:00:00+01:00", contract)
    assert on_time["verdict"] == "respected"
    assert too_early["verdict"] == "short"


def test_three_business_days_over_a_week_end_end_on_wednesday_at_midnight() -> None:
    contract = days(3, "business_days")
    on_time = judged("2026-11-25T00:00:00+01:00", "2026-11-19T15:00:00+01:00", contract)
    too_early = judged("2026-11-24T23:59:59.999999+01:00", "2026-11-19T15:00:00+01:00", contract)
    assert on_time["verdict"] == "respected"
    assert too_early["verdict"] == "short"


def test_the_latest_notice_is_the_last_microsecond_of_its_day() -> None:
    found = judged("2026-11-20T08:00:00+01:00", None, days(3, "calendar_days"))
    assert found["verdict"] == "none"
    assert found["latest_allowed_us"] == instant("2026-11-16T23:59:59.999999+01:00")


def test_working_days_include_saturday() -> None:
    # Thursday 19, then Friday, Saturday, Monday: Tuesday 24.
    contract = days(3, "working_days")
    found = judged("2026-11-24T00:00:00+01:00", "2026-11-19T15:00:00+01:00", contract)
    assert found["verdict"] == "respected"


def test_a_public_holiday_is_not_a_business_day_but_is_a_calendar_day() -> None:
    # Armistice, Wednesday 11 November: from Monday 9, the second business day is Thursday 12.
    start, notified = "2026-11-12T00:00:00+01:00", "2026-11-09T09:00:00+01:00"
    off = ("2026-11-11",)
    assert judged(start, notified, days(2, "business_days"), holidays=off)["verdict"] == "short"
    assert judged(start, notified, days(2, "calendar_days"), holidays=off)["verdict"] == "respected"


def test_elapsed_hours_are_real_hours_across_the_change_of_clocks() -> None:
    # 72 h before Monday 26 October 08:00 (winter) is Friday 23 October 09:00 (summer).
    contract = {"amount": 72, "unit": "hours"}
    found = judged("2026-10-26T08:00:00+01:00", "2026-10-23T09:00:00+02:00", contract)
    assert found["verdict"] == "respected"
    assert found["latest_allowed_us"] == instant("2026-10-23T09:00:00+02:00")


def test_elapsed_days_keep_the_local_clock_across_the_change_of_clocks() -> None:
    contract = days(3, "calendar_days", "elapsed")
    found = judged("2026-10-26T08:00:00+01:00", "2026-10-23T08:00:00+02:00", contract)
    assert found["verdict"] == "respected"
    assert found["latest_allowed_us"] == instant("2026-10-23T08:00:00+02:00")


def test_elapsed_business_days_from_a_saturday_start_at_the_end_of_friday() -> None:
    # Monday 23 November 10:00 needs a notice by Friday at 10:00; Saturday is no better.
    contract = days(1, "business_days", "elapsed")
    found = judged("2026-11-23T10:00:00+01:00", "2026-11-21T10:00:00+01:00", contract)
    assert found["verdict"] == "short"
    assert found["latest_allowed_us"] == instant("2026-11-20T10:00:00+01:00")


def test_a_local_clock_that_does_not_exist_is_read_with_the_offset_before_the_change() -> None:
    # On 28 March 2027, 02:30 is read as 03:30 in summer time; 03:15 comes before it.
    contract = days(1, "calendar_days", "elapsed")
    found = judged("2027-03-28T03:15:00+02:00", None, contract)
    assert found["latest_allowed_us"] == instant("2027-03-27T03:15:00+01:00")


def test_a_local_clock_that_comes_twice_is_the_first_of_the_two() -> None:
    # On 25 October 2026, every clock before 03:00 has already come once at 02:45 in winter time.
    contract = days(1, "calendar_days", "elapsed")
    first = judged("2026-10-25T02:45:00+02:00", None, contract)
    second = judged("2026-10-25T02:45:00+01:00", None, contract)
    assert first["latest_allowed_us"] == instant("2026-10-24T02:45:00+02:00")
    assert second["latest_allowed_us"] == instant("2026-10-24T02:59:59.999999+02:00")


def test_an_earlier_notice_never_does_worse_than_a_later_one() -> None:
    # Both are on 25 October 2026, when the clock shows 02:30 and then, 45 minutes later, 02:15.
    contract = days(1, "calendar_days", "elapsed")
    found = judged("2026-10-26T02:15:00+01:00", "2026-10-25T02:30:00+02:00", contract)
    assert found["latest_allowed_us"] == instant("2026-10-25T02:15:00+01:00")
    assert found["verdict"] == "respected"


def test_the_days_of_the_site_are_those_of_its_own_zone() -> None:
    # 23:00 on Monday in Paris is already Tuesday in Reunion.
    contract = days(1, "calendar_days")
    notified, start = "2026-11-16T23:00:00+01:00", "2026-11-18T00:00:00+01:00"
    assert judged(start, notified, contract)["verdict"] == "respected"
    assert judged(start, notified, contract, timezone="Indian/Reunion")["verdict"] == "short"


def revised(*plans: tuple[float, float, float]) -> Json:
    """The notice of the plan [0, 100) after these revisions: (notified, start, end)."""
    revisions = [
        {"notified_at": at(notified), "start": at(start), "end": at(end)}
        for notified, start, end in plans
    ]
    found = assess(window(revisions=revisions), [])["notice"]
    assert isinstance(found, dict)
    return found


def test_shrinking_inside_an_announced_plan_keeps_its_notice() -> None:
    found = revised((-1000, -50, 200), (-500, 0, 100))
    assert found["notified_at_us"] == START_US - 1000 * SECOND_US


def test_extending_an_announced_plan_starts_a_new_notice() -> None:
    found = revised((-1000, 0, 90), (-500, 0, 100))
    assert found["notified_at_us"] == START_US - 500 * SECOND_US


def test_a_plan_that_was_moved_away_and_back_counts_from_its_return() -> None:
    found = revised((-1000, 0, 100), (-700, 300, 400), (-500, 0, 100))
    assert found["notified_at_us"] == START_US - 500 * SECOND_US


@pytest.mark.parametrize("plans", [[], [(-1000, 0, 99)], [(-1000, 0, 100), (-500, 10, 100)]])
def test_a_plan_that_was_never_announced_has_no_notice(
    plans: list[tuple[float, float, float]],
) -> None:
    found = revised(*plans)
    assert found["verdict"] == "none"
    assert "notified_at_us" not in found


def test_an_outage_that_starts_early_brings_the_notice_forward() -> None:
    # Outage from -50; the first failure, at -40, is where the proof begins.
    measurements = probes("UUDDDDDDDUU", first=-60)
    hours = {"notice": {"amount": 1, "unit": "hours"}}
    found = assess(window(hours), measurements)["notice"]
    assert found["judged_start_us"] == START_US - 40 * SECOND_US
    assert found["latest_allowed_us"] == START_US - 40 * SECOND_US - HOUR_US
