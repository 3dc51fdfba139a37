"""What a report works out beside the rules: who lost it last, who got it back first, the margin."""

import pytest

from collector.judge.window import Bounds
from collector.report.value import Loss
from probes.model.instant import HOUR, MINUTE, parse_instant
from tests.collector.report.reports import report_of

THREE = "three_workstations_down_together_are_judged_on_the_first_one_back"


def _losses(scenario: str) -> dict[str, Loss]:
    return {loss.vantage.name: loss for loss in report_of(scenario).losses}


def test_the_last_to_lose_it_and_the_first_to_get_it_back_are_named() -> None:
    [turn] = report_of(THREE).turns
    assert turn.lost_last == ("labo-02",)
    assert turn.back_first == ("accueil-03",)


def test_each_vantage_point_says_when_it_was_last_and_first_up_around_the_outage() -> None:
    losses = _losses(THREE)
    assert list(losses) == ["labo-02", "urgences-01", "accueil-03"]  # the last to lose it first
    assert losses["urgences-01"].last_up_us == parse_instant("2026-11-14T22:00:00+01:00")
    assert losses["urgences-01"].first_up_us == parse_instant("2026-11-15T02:20:00+01:00")
    assert losses["labo-02"].down_us == 3 * HOUR + 40 * MINUTE


def test_without_an_outage_nobody_lost_anything() -> None:
    report = report_of("one_workstation_still_up_is_no_outage")
    assert report.main_outage is None
    assert report.turns == ()
    assert {(loss.last_up_us, loss.first_up_us) for loss in report.losses} == {(None, None)}


def test_a_vantage_point_that_never_measured_is_in_the_list_all_the_same() -> None:
    report = report_of("nothing_was_measured_at_all")
    assert report.losses == ()
    assert report.worst_error_us == 0


@pytest.mark.parametrize(
    ("scenario", "margin"),
    [
        (THREE, Bounds(20 * MINUTE, 40 * MINUTE)),
        (
            "proven_down_for_longer_than_four_hours_is_a_breach",
            Bounds(-30 * MINUTE, -10 * MINUTE),
        ),
        ("silence_longer_than_the_limit_is_inconclusive", Bounds(-1 * HOUR, 3 * HOUR)),
    ],
)
def test_the_margin_is_what_each_bound_leaves_of_the_limit(scenario: str, margin: Bounds) -> None:
    assert report_of(scenario).margin == margin
