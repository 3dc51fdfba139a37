"""What each instant is (rules.md §1-§5), on a small time axis with the sums worked by hand."""

from tests.oracle.brute_force import Json, assess
from tests.oracle.reading import DAY_US, SECOND_US, instant
from tests.oracle.scene import START_US, at, downs, outages, probes, proven, seconds, window

DAY = DAY_US // SECOND_US
HOUR = 3600
TWO_CHECKS = {name: {"interval": "PT10S", "max_gap": "PT30S"} for name in ("feed", "login")}


def night(vantage: str, down_from: int, down_to: int) -> list[Json]:
    """Probes from half an hour before the window to five hours and a half after its start."""
    letters = "".join(
        "D" if down_from <= second < down_to else "U"
        for second in range(-HOUR // 2, 11 * HOUR // 2, 10)
    )
    return probes(letters, first=-HOUR / 2, vantage=vantage)


def down_between(start: str, end: str) -> list[Json]:
    """Instantaneous probes every 10 s, the first and the last failure exactly at these instants."""
    first = (instant(start) - START_US) / SECOND_US
    count = (instant(end) - instant(start)) // (10 * SECOND_US) + 1
    return probes("UU" + "D" * count + "UU", first=first - 20)


def test_three_workstations_are_down_together_only_until_the_first_is_back() -> None:
    assessment = assess(
        window(plan={"start": at(0), "end": at(4 * HOUR)}),
        night("a", 0, 3 * HOUR + 50 * 60)
        + night("b", 5 * 60, 4 * HOUR + 15 * 60)
        + night("c", 10 * 60, 4 * HOUR + 30 * 60),
    )
    # 22:09:50 to 01:50:00 at most; 22:10:00 to 01:49:50 for certain.
    assert outages(assessment) == [(590, 3 * HOUR + 50 * 60)]
    assert proven(assessment) == [(600, 3 * HOUR + 49 * 60 + 50)]
    assert assessment["duration"]["lower_us"] == (3 * HOUR + 39 * 60 + 50) * SECOND_US
    assert assessment["duration"]["upper_us"] == (3 * HOUR + 40 * 60 + 10) * SECOND_US


def test_the_hour_lived_twice_counts_twice() -> None:
    start, end = "2026-10-25T01:00:00+02:00", "2026-10-25T04:30:00+01:00"
    assessment = assess(
        window(plan={"start": start, "end": end}, service_class="strategic"),
        down_between(start, end),
    )
    # The wall clocks differ by 3 h 30; the outage lasted 4 h 30, beyond the limit of 4 h.
    assert assessment["duration"]["lower_us"] == (4 * HOUR + HOUR // 2) * SECOND_US
    assert assessment["duration"]["verdict"] == "breach"


def test_the_hour_that_is_skipped_does_not_count() -> None:
    start, end = "2027-03-28T00:30:00+01:00", "2027-03-28T05:00:00+02:00"
    assessment = assess(
        window(plan={"start": start, "end": end}, service_class="strategic"),
        down_between(start, end),
    )
    # The wall clocks differ by 4 h 30; the outage lasted 3 h 30 and 10 s unseen on either side.
    assert assessment["duration"]["lower_us"] == (3 * HOUR + HOUR // 2) * SECOND_US
    assert assessment["duration"]["upper_us"] == (3 * HOUR + HOUR // 2 + 20) * SECOND_US
    assert assessment["duration"]["verdict"] == "compliant"


def test_probes_a_minute_apart_leave_an_outage_near_the_limit_inconclusive() -> None:
    plan = {"start": at(0), "end": at(4 * HOUR)}
    checks = {"login": {"interval": "PT60S"}}
    measurements = (
        probes("U" * 30 + "D" * 240, first=-30 * 60, every=60)
        + probes("D", first=4 * HOUR - 30)
        + probes("U" * 30, first=4 * HOUR + 30, every=60)
    )
    assessment = assess(
        window(plan=plan, checks=checks, service_class="strategic", return_hold="PT5M"),
        measurements,
    )
    # First failure at 0, last at 3:59:30; last success at -1:00, next at 4:00:30.
    assert assessment["duration"] == {
        "rule": "cumulative",
        "limit_us": 4 * HOUR * SECOND_US,
        "lower_us": (3 * HOUR + 59 * 60 + 30) * SECOND_US,
        "upper_us": (4 * HOUR + 60 + 30) * SECOND_US,
        "verdict": "inconclusive",
    }


def test_silence_is_never_up_and_never_an_outage() -> None:
    assessment = assess(window(), [])
    assert assessment["outages"] == []
    assert seconds(assessment["unobserved"]) == [(-DAY, DAY + 100)]
    assert assessment["figures"]["cumulative"] == {"lower_us": 0, "upper_us": 100 * SECOND_US}
    assert assessment["coverage"] == {"panel": 0, "reporting": 0, "observed_ppm": 0}


def test_an_instrument_that_fails_is_no_evidence_but_it_reports() -> None:
    assessment = assess(window(), probes("??????????"))
    assert seconds(assessment["unobserved"]) == [(-DAY, DAY + 100)]
    assert assessment["coverage"] == {"panel": 1, "reporting": 1, "observed_ppm": 0}


def test_one_success_alone_proves_nothing() -> None:
    assert seconds(assess(window(), probes("U"))["unobserved"]) == [(-DAY, DAY + 100)]


def test_one_failure_alone_is_an_outage_as_long_as_the_silence_around_it() -> None:
    # Up on [0, 20) and [92, 112); the failure at 61 is too far from both to be joined to either.
    measurements = probes("UUU") + probes("D", first=61) + probes("UUU", first=92)
    assert downs(measurements) == ([(20, 92)], [])


def test_a_run_proves_from_the_end_of_its_first_probe_to_the_start_of_its_last() -> None:
    # Probes of 4 s: up on [4, 20), down on [34, 50), up again from 64.
    measurements = probes("UUUDDDUUU", duration=4)
    assert downs(measurements) == ([(20, 64)], [(34, 50)])


def test_degraded_is_available() -> None:
    assert downs(probes("UGGUGU")) == ([], [])


def test_an_unknown_does_not_break_a_run() -> None:
    # 20 s between two failures is within the gap of 30 s.
    assert downs(probes("UUDD?DDUU")) == ([(10, 70)], [(20, 60)])


def test_a_gap_of_exactly_max_gap_is_contiguous() -> None:
    assert downs(probes("UUDD..DDUU")) == ([(10, 80)], [(20, 70)])


def test_a_gap_one_microsecond_longer_is_not() -> None:
    measurements = probes("UUDD") + probes("DDUU", first=60.000001)
    assert downs(measurements) == ([(10, 80.000001)], [(20, 30), (60.000001, 70.000001)])


def test_max_gap_defaults_to_three_intervals() -> None:
    checks = {"login": {"interval": "PT10S"}}
    assert downs(probes("UUDD..DDUU"), checks=checks) == ([(10, 80)], [(20, 70)])


def test_a_clock_error_shrinks_the_proof_and_widens_the_doubt() -> None:
    # Up until 10 - 3, down from 20 + 3 to 40 - 3, up from 50 + 3.
    assert downs(probes("UUDDDUU", error=3)) == ([(7, 53)], [(23, 37)])


def test_a_clock_error_larger_than_the_run_leaves_no_proof() -> None:
    assert downs(probes("UUUUDDDUUUU", error=10)) == ([(20, 80)], [])


def test_measurements_are_taken_in_order_of_start_whatever_the_file_says() -> None:
    assert downs(probes("UUDDDUU")[::-1]) == ([(10, 50)], [(20, 40)])


def test_probes_of_the_same_start_are_ordered_by_duration_then_outcome() -> None:
    # The failure of 1 s, then the success of 2 s: up is proven again from 22.
    tie = probes("D", first=20, duration=1) + probes("U", first=20, duration=2)
    assert downs(probes("UU") + tie + probes("UU", first=30)) == ([(10, 22)], [])


def test_a_vantage_point_is_down_when_one_of_its_checks_is() -> None:
    measurements = probes("UUUUUUUUU", check="login") + probes("UUDDDDUUU", check="feed")
    assert downs(measurements, checks=TWO_CHECKS) == ([(10, 60)], [(20, 50)])


def test_a_vantage_point_is_up_only_when_every_check_is() -> None:
    # The feed is silent between 20 and 60: nobody was looking at the whole service.
    measurements = probes("UUUUUUUUU", check="login") + probes("UUU...UUU", check="feed")
    assessment = assess(window(checks=TWO_CHECKS), measurements)
    assert (20, 60) in seconds(assessment["unobserved"])
    assert assessment["outages"] == []


def test_a_vantage_point_answers_only_for_the_checks_it_runs() -> None:
    measurements = probes("UUUUUUUUU", check="login")
    assert downs(measurements, checks=TWO_CHECKS) == ([], [])


def test_one_workstation_up_keeps_the_hospital_up() -> None:
    measurements = probes("UUUDDDDDDU", vantage="a") + probes("UUUUUDDUUU", vantage="b")
    assert downs(measurements) == ([(40, 70)], [(50, 60)])


def test_a_workstation_in_doubt_withholds_the_proof() -> None:
    # b flaps between 20 and 60 without proving anything.
    measurements = probes("UUDDDDDUU", vantage="a") + probes("UUUDUDUUU", vantage="b")
    assert downs(measurements) == ([(20, 60)], [])


def test_a_silent_workstation_is_ignored() -> None:
    measurements = probes("UUDDDDDUU", vantage="a") + probes("UUU.......", vantage="b")
    # b is up until 20, then silent.
    assert downs(measurements) == ([(20, 70)], [(20, 60)])


def test_a_quorum_of_two_needs_two_workstations_down() -> None:
    measurements = (
        probes("UUDDDDDUU", vantage="a")
        + probes("UUUDDDUUU", vantage="b")
        + probes("UUU......", vantage="c")
    )
    # b is proven down on [30, 50), silent c does not count.
    assert downs(measurements, contract={"quorum": 2}) == ([(20, 60)], [(30, 50)])


def test_a_failure_that_ends_where_the_doubt_begins_makes_it_an_outage() -> None:
    # a fails on [10, 40]; b proves up until 40, then is silent until 80.
    measurements = probes("D", first=10, duration=30, vantage="a")
    measurements += probes("UUUUU...UU", vantage="b")
    assert downs(measurements, checks={"login": {"interval": "PT10S"}}) == ([(40, 80)], [])


def test_a_failure_that_starts_where_the_doubt_ends_does_not() -> None:
    measurements = probes("D", first=80, duration=5, vantage="a")
    measurements += probes("UUUUU...UUU", vantage="b")
    assert downs(measurements) == ([], [])


def test_the_panel_is_the_workstations_when_there_is_one() -> None:
    measurements = probes("UUUDDDUUU") + probes("UUUUUUUUU", vantage="srv", kind="server")
    assert downs(measurements) == ([(20, 60)], [(30, 50)])


def test_the_panel_is_everyone_when_there_is_no_workstation() -> None:
    measurements = probes("UUUDDDUUU", vantage="srv", kind="server")
    assessment = assess(window(), measurements + probes("UUUUUUUUU", vantage="x", kind="external"))
    assert assessment["outages"] == []
    assert assessment["coverage"]["panel"] == 2


def test_a_named_panel_counts_its_absent_members_and_ignores_the_others() -> None:
    measurements = probes("UUUDDDUUU", vantage="a") + probes("UUUUUUUUU", vantage="b")
    assessment = assess(window(panel=["a", "never-seen"]), measurements)
    assert outages(assessment) == [(20, 60)]
    assert (assessment["coverage"]["panel"], assessment["coverage"]["reporting"]) == (2, 1)


def test_what_is_more_than_a_day_from_the_window_is_not_read() -> None:
    measurements = probes("UDDDDUUU", first=-DAY - 20) + probes("UUDDDDUU", first=DAY + 60)
    # Failures read: from -DAY to -DAY + 20 before the window, from DAY + 80 to DAY + 100 after it.
    assessment = assess(window(), measurements)
    assert outages(assessment) == [(-DAY, -DAY + 30), (DAY + 70, DAY + 100)]
    assert proven(assessment) == [(-DAY, -DAY + 20), (DAY + 80, DAY + 100)]
    assert [item["truncated"] for item in assessment["outages"]] == [True, True]


def test_nothing_is_known_after_as_of() -> None:
    assessment = assess(window(as_of=at(45)), probes("UUDDDUUU"))
    # The failure at 40 is the last one read: doubt lasts until the horizon.
    assert outages(assessment) == [(10, 45)]
    assert proven(assessment) == [(20, 40)]
    assert assessment["outages"][0]["truncated"] is True


def test_the_observed_share_is_rounded_down() -> None:
    plan = {"start": at(0), "end": at(70)}
    # Up on [0, 10), proven down on [20, 30): 20 s of 70 s.
    assessment = assess(window(plan=plan), probes("UUDD"))
    assert assessment["coverage"]["observed_ppm"] == 285_714
