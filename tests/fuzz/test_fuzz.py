"""A short run of every fuzzer; `make fuzz` makes long ones."""

from random import Random

import pytest

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

RUNS = 20_000


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> Target:
    return TARGETS[request.param]


def test_what_is_good_is_understood(target: Target) -> None:
    assert all(target.run(data) for data in target.seeds)


def test_what_is_altered_is_refused_or_understood(target: Target) -> None:
    random = Random(target.name)
    understood = 0
    runs = RUNS // target.cost
    for _ in range(runs):
        data = target.altered(random)
        try:
            understood += target.run(data)
        except Exception as finding:
            raise AssertionError(f"{target.name} does not stand {data!r}") from finding
    assert 0 < understood < runs
