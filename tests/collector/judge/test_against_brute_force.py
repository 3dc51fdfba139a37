"""`constat assess` against a second reading of the rules, on random worlds.

For many more worlds, or to see one that differs: `python -m tests.oracle.compare --help`.
"""

import pytest

from tests.oracle.compare import world_differences
from tests.oracle.worlds import random_world

WORLDS_EACH = 50


@pytest.mark.parametrize("first", range(0, 600, WORLDS_EACH))
def test_a_second_reading_of_the_rules_judges_the_same(first: int) -> None:
    found = {
        seed: world_differences(random_world(seed), seed=seed)
        for seed in range(first, first + WORLDS_EACH)
    }
    assert {seed: differences for seed, differences in found.items() if differences} == {}
