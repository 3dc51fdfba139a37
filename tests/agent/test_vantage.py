"""The rule: whose failure is it, from what references answered and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vantage import (
    AFTERMATH_US,
    Round,
    Standing,
    ruling,
    standing_of,
    standing_of_loopback,
    without_network,
)
from agent.witness import Reach
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from tests.agent.kinds import TIMED_OUT

AFTER = AFTERMATH_US
ONLINE, OFFLINE, UNCLEAR = Standing.ONLINE, Standing.OFFLINE, Standing.UNCLEAR
ANSWERS = st.lists(st.sampled_from([True, False, None]), max_size=4)


@pytest.mark.parametrize(
    ("network", "loopback", "standing"),
    [
        ([True], [], ONLINE),
        ([False, True], [], ONLINE),
        ([None, True], [], ONLINE),
        ([False, False], [], OFFLINE),
        ([False, None], [], UNCLEAR),
        ([None], [], UNCLEAR),
        ([], [], UNCLEAR),
        ([True], [True], ONLINE),
        ([True], [False], OFFLINE),  # loopback itself failed
        ([False], [True], OFFLINE),  # loopback alone keeps nothing online
        ([True], [None], ONLINE),
        ([True], [False, True], ONLINE),
    ],
)
def test_what_the_answers_of_a_round_say(
    network: list[bool | None], loopback: list[bool | None], standing: Standing
) -> None:
    assert standing_of(network, loopback) is standing


@given(ANSWERS, ANSWERS)
def test_a_network_is_there_only_if_a_reference_across_it_answered(
    network: list[bool | None], loopback: list[bool | None]
) -> None:
    standing = standing_of(network, loopback)

    if network and standing is ONLINE:
        assert True in network
    if standing is OFFLINE:
        assert all(each is False for each in network) or all(each is False for each in loopback)


@given(ANSWERS)
def test_loopback_is_judged_by_loopback(loopback: list[bool | None]) -> None:
    standing = standing_of_loopback(loopback)

    assert (standing is ONLINE) is (True in loopback)
    assert (standing is OFFLINE) is (bool(loopback) and set(loopback) == {False})


def rounds(*standings: tuple[int, int, Standing]) -> list[Round]:
    return [Round(start, end, standing, UNCLEAR) for start, end, standing in standings]


# A probe from 10 to 20, confirmed by a round at 20.
@pytest.mark.parametrize(
    ("seen", "standing"),
    [
        (rounds((20, 21, ONLINE)), ONLINE),
        (rounds((20, 21, OFFLINE)), OFFLINE),
        (rounds((20, 21, UNCLEAR)), UNCLEAR),
        (rounds(), UNCLEAR),
        (rounds((5, 6, ONLINE), (20, 21, UNCLEAR)), UNCLEAR),  # what was before is no witness
        (rounds((15, 16, ONLINE), (20, 21, UNCLEAR)), ONLINE),
        (rounds((15, 16, OFFLINE), (20, 21, ONLINE)), OFFLINE),
        (rounds((9, 10, OFFLINE), (20, 21, ONLINE)), OFFLINE),
        (rounds((5, 6, OFFLINE), (20, 21, ONLINE)), OFFLINE),  # it may have come back at 19
        # This host may not know yet what the rounds know; five seconds later it does.
        (rounds((5, 6, OFFLINE), (7, 8, ONLINE), (20, 21, ONLINE)), OFFLINE),
        (rounds((10 - AFTER, 10 - AFTER, OFFLINE), (7, 8, ONLINE), (20, 21, ONLINE)), OFFLINE),
        (rounds((9 - AFTER, 9 - AFTER, OFFLINE), (7, 8, ONLINE), (20, 21, ONLINE)), ONLINE),
        (rounds((5, 6, ONLINE), (20, 21, ONLINE)), ONLINE),
    ],
)
def test_what_rounds_say_of_a_probe(seen: list[Round], standing: Standing) -> None:
    assert ruling(seen, 10, 21, Reach.NETWORK) is standing


@st.composite
def histories(draw: st.DrawFn) -> list[Round]:
    """Draw rounds one after the other, each of some length."""
    made: list[Round] = []
    now = 0
    for _ in range(draw(st.integers(0, 8))):
        start = now + draw(st.integers(1, 10))
        now = start + draw(st.integers(0, 5))
        standings = st.sampled_from(Standing)
        made.append(Round(start, now, draw(standings), draw(standings)))
    return made


@given(histories(), st.integers(0, 60), st.integers(0, 30), st.sampled_from(Reach))
def test_no_failure_stands_without_a_witness_or_against_one(
    made: list[Round], start: int, length: int, reach: Reach
) -> None:
    during = [each for each in made if each.start_us <= start + length and each.end_us >= start]
    said = {each.standing(reach) for each in during}

    standing = ruling(made, start, start + length, reach)

    if OFFLINE in said:
        assert standing is OFFLINE
    if standing is ONLINE:
        assert ONLINE in said


@given(histories(), st.integers(0, 60), st.integers(0, 30))
def test_a_network_that_was_always_there_excuses_nothing(
    made: list[Round], start: int, length: int
) -> None:
    always = [Round(each.start_us, each.end_us, ONLINE, UNCLEAR) for each in made]
    witnessed = any(each.overlaps(start, start + length) for each in made)

    expected = ONLINE if witnessed else UNCLEAR
    assert ruling(always, start, start + length, Reach.NETWORK) is expected


@pytest.mark.parametrize(
    ("standing", "why"), [(OFFLINE, "no reference answered"), (UNCLEAR, "no reference could tell")]
)
def test_a_failure_that_may_be_ours_says_what_was_seen(standing: Standing, why: str) -> None:
    observation = without_network(TIMED_OUT, standing)

    assert (observation.outcome, observation.failure) == (Outcome.UNKNOWN, Failure.VANTAGE_OFFLINE)
    assert observation.operation is Operation.FIRST_BYTE
    assert observation.detail == f"the probe saw timeout, {why}"
