"""What is told of each measurement, and what counts as a change."""

import pytest

from agent.recorder import RESTATE_US, History
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.measurement import Observation, Outcome
from tests.agent.kinds import DEGRADED, REFUSED, TIMED_OUT, UP

STALLED = Observation.failed(Failure.STALL, Operation.FIRST_BYTE, "the probe saw timeout")


def up(version: str) -> Observation:
    return Observation(Outcome.UP, detail=f"page of {version}", version=version)


def told_of(*observations: Observation) -> list[tuple[str, str | None]]:
    history = History("dpi", "boot")
    return [
        (sample.detail, sample.version)
        for sample, _ in (
            history.record(observation, index * SECOND, 0)
            for index, observation in enumerate(observations)
        )
    ]


def changes_in(*observations: Observation) -> list[bool]:
    history = History("dpi", "boot")
    return [history.record(observation, 0, 0).changed for observation in observations]


def test_detail_and_version_are_told_once_in_a_run() -> None:
    assert told_of(UP, UP, UP) == [("status 200", "1.0"), ("", None), ("", None)]


def test_they_are_told_again_after_a_failure() -> None:
    assert told_of(UP, REFUSED, REFUSED, UP) == [
        ("status 200", "1.0"),
        ("refused", None),
        ("", None),
        ("status 200", "1.0"),
    ]


def test_another_failure_begins_another_run() -> None:
    assert told_of(REFUSED, TIMED_OUT) == [("refused", None), ("nothing in 5 s", None)]


def test_a_new_version_is_told_when_it_is_first_seen() -> None:
    assert told_of(up("1"), up("1"), up("2"), up("2")) == [
        ("page of 1", "1"),
        ("", None),
        ("", "2"),
        ("", None),
    ]


def test_an_event_is_told_though_the_outcome_stays_the_same() -> None:
    restarted = Observation(Outcome.UP, detail="restarted at 22:05:00", event=True)

    assert told_of(UP, UP, restarted, restarted, UP) == [
        ("status 200", "1.0"),
        ("", None),
        ("restarted at 22:05:00", None),
        ("restarted at 22:05:00", None),
        ("", None),
    ]


def test_a_version_that_is_not_shown_for_once_is_no_change() -> None:
    silent = Observation(Outcome.UP, detail="page of 1")

    assert [version for _, version in told_of(up("1"), silent, up("1"))] == ["1", None, None]


def test_both_are_told_again_every_hour() -> None:
    history = History("dpi", "boot")
    starts_us = (0, RESTATE_US - 1, RESTATE_US, RESTATE_US + SECOND)

    assert [bool(history.record(UP, start, 0).sample.detail) for start in starts_us] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("observations", "changes"),
    [
        ([UP], [False]),
        ([UP, UP, REFUSED, REFUSED, UP], [False, False, True, False, True]),
        ([UP, DEGRADED], [False, True]),
        ([REFUSED, TIMED_OUT], [False, False]),
        ([UP, STALLED, UP], [False, False, False]),
        ([UP, STALLED, REFUSED], [False, False, True]),
        ([STALLED, UP], [False, False]),
    ],
)
def test_a_change_is_between_two_measurements_that_are_evidence(
    observations: list[Observation], changes: list[bool]
) -> None:
    assert changes_in(*observations) == changes


def test_a_sample_says_all_that_was_seen() -> None:
    sample = History("dpi", "boot").record(REFUSED, 5 * SECOND, 1_000).sample

    assert (sample.check, sample.boot_id) == ("dpi", "boot")
    assert (sample.start_us, sample.duration_us) == (5 * SECOND, 1_000)
    assert (sample.outcome, sample.failure, sample.operation) == (
        Outcome.DOWN,
        Failure.CONNECTION_REFUSED,
        Operation.CONNECT,
    )


def test_a_history_knows_since_when_the_outcome_is_what_it_is() -> None:
    history = History("dpi", "boot")
    for start_us, observation in enumerate((UP, REFUSED, REFUSED)):
        history.record(observation, start_us * SECOND, 0)

    assert (history.since_us, history.last_us) == (SECOND, 2 * SECOND)
    assert (history.outcome, history.detail, history.version) == (Outcome.DOWN, "refused", "1.0")
