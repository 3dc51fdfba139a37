"""The regulated figures and the verdict (rules.md §6-§7), the sums worked by hand."""

import pytest

from tests.oracle.brute_force import Json, assess, exit_code
from tests.oracle.reading import DAY_US, SECOND_US
from tests.oracle.scene import at, outages, probes, seconds, window

HOUR = 3600


def figures(assessment: Json) -> dict[str, tuple[float, float]]:
    return {
        rule: (found["lower_us"] / SECOND_US, found["upper_us"] / SECOND_US)
        for rule, found in assessment["figures"].items()
    }


def test_a_return_shorter_than_the_hold_belongs_to_the_outage() -> None:
    # Outages [10, 40) and [50, 80); proven [20, 30) and [60, 70): 10 s apart, then 30 s.
    measurements = probes("UUDDUUDDUUU")
    assessment = assess(window({"return_hold": "PT31S"}), measurements)
    assert outages(assessment) == [(10, 40), (50, 80)]
    assert figures(assessment)["cumulative"] == (50, 70)
    assert figures(assessment)["longest"] == (50, 70)


def test_the_bounds_are_held_each_by_its_own_gaps() -> None:
    assessment = assess(window({"return_hold": "PT11S"}), probes("UUDDUUDDUUU"))
    assert figures(assessment) == {"cumulative": (20, 70), "longest": (10, 70), "span": (50, 70)}


def test_a_return_of_exactly_the_hold_ends_the_outage() -> None:
    assessment = assess(window({"return_hold": "PT10S"}), probes("UUDDUUDDUUU"))
    assert figures(assessment) == {"cumulative": (20, 60), "longest": (10, 30), "span": (50, 70)}


@pytest.mark.parametrize(
    ("rule", "lower", "upper"), [("cumulative", 20, 60), ("longest", 10, 30), ("span", 50, 70)]
)
def test_the_contract_picks_the_figure_that_is_judged(rule: str, lower: int, upper: int) -> None:
    assessment = assess(window({"downtime_rule": rule}), probes("UUDDUUDDUUU"))
    assert assessment["duration"]["rule"] == rule
    assert assessment["duration"]["lower_us"] == lower * SECOND_US
    assert assessment["duration"]["upper_us"] == upper * SECOND_US


def test_time_unobserved_inside_the_window_counts_against_the_vendor_only_at_most() -> None:
    # Up on [-20, 20) and [60, 130); nobody looked in between, nor outside.
    assessment = assess(window(), probes("UUUUU...UUUUUUUU", first=-20))
    assert (20, 60) in seconds(assessment["unobserved"])
    assert assessment["outages"] == []
    assert figures(assessment)["cumulative"] == (0, 40)


def test_an_outage_that_overlaps_the_window_counts_whole() -> None:
    # Last success at -50, failures from -40 to 20, next success at 30.
    assessment = assess(window(), probes("UUDDDDDDD" + "U" * 14, first=-60))
    assert outages(assessment) == [(-50, 30)]
    assert figures(assessment)["cumulative"] == (60, 80)
    assert assessment["early_start"] == {"lower_us": 40 * SECOND_US, "upper_us": 50 * SECOND_US}
    assert assessment["overrun"] == {"lower_us": 0, "upper_us": 0}


def test_an_outage_outside_the_window_is_printed_and_not_counted() -> None:
    assessment = assess(window(), probes("UUDDDUUUUUUUUUUUUUUUUUU", first=-80))
    assert outages(assessment) == [(-70, -30)]
    assert figures(assessment)["cumulative"] == (0, 0)


def test_an_outage_outside_the_window_counts_when_the_hold_joins_it_to_one_inside() -> None:
    # Outages [-50, -10) and [0, 30) are 10 s apart; proven [-40, -20) and [10, 20), 30 s apart.
    measurements = probes("UUDDDUUDDUUUUUUUUUUUUU", first=-60)
    assessment = assess(window({"return_hold": "PT11S"}), measurements)
    assert figures(assessment)["cumulative"] == (30, 80)
    assert assessment["early_start"] == {"lower_us": 20 * SECOND_US, "upper_us": 50 * SECOND_US}


def test_an_outage_that_lasts_beyond_the_window_is_an_overrun() -> None:
    assessment = assess(window(), probes("U" * 8 + "DDDDDDD" + "UU"))
    # Last success at 70, failures from 80 to 140, next success at 150.
    assert figures(assessment)["cumulative"] == (60, 80)
    assert assessment["overrun"] == {"lower_us": 40 * SECOND_US, "upper_us": 50 * SECOND_US}


def test_an_intervention_widens_the_window() -> None:
    measurements = probes("U" * 8 + "DDDDDDD" + "UU")
    late = [{"start": at(90), "end": at(160)}]
    assessment = assess(window(interventions=late), measurements)
    assert assessment["overrun"] == {"lower_us": 0, "upper_us": 0}
    # Up on [0, 70), proven down on [80, 140), up on [150, 160).
    assert assessment["coverage"]["observed_ppm"] == 875_000


@pytest.mark.parametrize(
    ("limit", "verdict", "code"),
    [
        ("PT60S", "compliant", 0),
        ("PT59.999999S", "inconclusive", 4),
        ("PT40S", "inconclusive", 4),
        ("PT39.999999S", "breach", 3),
    ],
)
def test_the_limit_itself_is_within_bounds(limit: str, verdict: str, code: int) -> None:
    # Outage [20, 80), proven [30, 70): 40 s to 60 s.
    notified = {"notified_at": at(-9 * 86_400), "start": at(0), "end": at(100)}
    terms = window({"max_downtime": {"standard": limit}}, revisions=[notified])
    assessment = assess(terms, probes("UUUDDDDDUUUU"))
    assert assessment["duration"]["verdict"] == verdict
    assert exit_code(assessment) == code


@pytest.mark.parametrize(("service_class", "hours"), [("strategic", 4), ("standard", 6)])
def test_no_agreement_gives_a_strategic_service_more_than_four_hours(
    service_class: str, hours: int
) -> None:
    agreed = {"strategic": "PT6H", "standard": "PT6H"}
    terms = window({"max_downtime": agreed}, service_class=service_class)
    assert assess(terms, [])["duration"]["limit_us"] == hours * HOUR * SECOND_US


@pytest.mark.parametrize("status", ["announced", "in_progress", "cancelled"])
def test_a_window_that_is_not_closed_is_pending(status: str) -> None:
    assert verdict(probes("UUUUUUUUUUU"), status=status) == "pending"


def test_a_closed_window_is_pending_until_the_hold_has_elapsed() -> None:
    # The outage ends at 40; with a hold of 20 s nothing is settled before 60.
    measurements = probes("UUDDUUUUUUUUU")
    held = {"return_hold": "PT20S"}
    assert verdict(measurements, held, as_of=at(59.999999)) == "pending"
    assert verdict(measurements, held, as_of=at(60)) == "compliant"


def test_an_outage_that_reaches_the_end_of_the_data_is_pending_unless_judged_later() -> None:
    day = DAY_US // SECOND_US
    forever = probes("U" + "D" * 20, first=0, every=5000)
    checks = {"login": {"interval": "PT1H"}}
    held = {"return_hold": "PT20S"}
    assert verdict(forever, held, checks=checks) == "pending"
    assert verdict(forever, held, checks=checks, as_of=at(day + 119)) == "pending"
    assert verdict(forever, held, checks=checks, as_of=at(day + 120)) == "breach"


def verdict(measurements: list[Json], contract: Json | None = None, **terms: object) -> object:
    return assess(window(contract, **terms), measurements)["duration"]["verdict"]


def test_proof_without_a_failure_inside_it_still_counts_as_a_lower_bound() -> None:
    # a fails at 10 and 40: down between. b, seen more often, is up until 20 and again from 30.
    checks = {
        "login": {"interval": "PT10S", "max_gap": "PT30S"},
        "feed": {"interval": "PT1S", "max_gap": "PT2S"},
    }
    measurements = probes("D..D", first=10, vantage="a")
    measurements += probes("U" * 31, first=-10, every=1, vantage="b", check="feed")
    measurements += probes("U" * 90, first=30, every=1, vantage="b", check="feed")
    assessment = assess(window(checks=checks), measurements)
    # By the letter of §5 no failure intersects [20, 30), so it is unobserved, although proven.
    assert assessment["outages"] == []
    assert (20, 30) in seconds(assessment["unobserved"])
    assert figures(assessment)["cumulative"] == (10, 10)
