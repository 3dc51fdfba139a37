"""The closed vocabulary of failures, and what an observation may say."""

import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome

INSTRUMENT = {
    "stall",
    "suspended",
    "vantage_offline",
    "out_of_resources",
    "permission_denied",
    "bad_configuration",
    "script_unknown",
    "nothing_logged",
    "internal_error",
}


@pytest.mark.parametrize("failure", Failure)
def test_a_failure_is_of_the_target_unless_it_is_listed_as_the_instruments(
    failure: Failure,
) -> None:
    assert failure.of_instrument == (failure.value in INSTRUMENT)


@pytest.mark.parametrize("failure", Failure)
def test_a_fault_of_the_instrument_makes_unknown_and_never_down(failure: Failure) -> None:
    observation = Observation.failed(failure, Operation.CONNECT)
    expected = Outcome.UNKNOWN if failure.value in INSTRUMENT else Outcome.DOWN
    assert observation.outcome is expected


def test_an_observation_cannot_contradict_itself() -> None:
    with pytest.raises(ValueError, match="has no failure"):
        Observation(Outcome.UP, Failure.TIMEOUT, Operation.CONNECT)
    with pytest.raises(ValueError, match="needs a failure"):
        Observation(Outcome.DOWN)
    with pytest.raises(ValueError, match="needs a failure and an operation"):
        Observation(Outcome.UNKNOWN, Failure.STALL)
    with pytest.raises(ValueError, match="stall cannot be the failure of an outcome down"):
        Observation(Outcome.DOWN, Failure.STALL, Operation.CONNECT)
    with pytest.raises(ValueError, match="cannot be the failure of an outcome unknown"):
        Observation(Outcome.UNKNOWN, Failure.TIMEOUT, Operation.CONNECT)


def test_a_success_needs_nothing_more() -> None:
    assert Observation(Outcome.UP).failure is None
    assert Observation(Outcome.DEGRADED, detail="slow").operation is None
