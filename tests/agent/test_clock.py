"""The machine's clocks."""

import time

from agent.clock import Reading, SystemClock, boottime_ns


def test_the_clocks_are_read_together_and_go_forward() -> None:
    clock = SystemClock()
    before_us = time.time_ns() // 1_000
    first, second = clock.read(), clock.read()
    after_us = time.time_ns() // 1_000
    assert before_us <= first.wall_us <= second.wall_us <= after_us
    assert first.boottime_us <= second.boottime_us <= boottime_ns() // 1_000
    assert not second.slept_since(first)


def test_a_boot_keeps_its_name_in_every_process_of_it() -> None:
    assert SystemClock().boot_id == SystemClock().boot_id


def test_sleep_shows_between_the_boot_clock_and_the_monotonic_one() -> None:
    before = Reading(wall_us=0, monotonic_us=1_000_000, boottime_us=3_000_000)
    awake = Reading(wall_us=0, monotonic_us=2_000_000, boottime_us=4_000_003)
    slept = Reading(wall_us=0, monotonic_us=2_000_000, boottime_us=4_500_000)
    assert before.suspended_us == 2_000_000
    assert not awake.slept_since(before)
    assert slept.slept_since(before)
