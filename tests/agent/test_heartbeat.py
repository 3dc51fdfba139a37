"""Which stalls explain which failures."""

import pytest

from agent.heartbeat import PERIOD_US, Heartbeat
from probes.model.instant import MILLISECOND, SECOND
from tests.agent.worlds import FakeClock

MS = MILLISECOND


class Probed:
    """A probe of a given length, with a stall of a given length in its middle."""

    def __init__(self, length_us: int, stall_us: int, *, noticed: bool = True) -> None:
        clock = FakeClock()
        heartbeat = Heartbeat(clock)
        start = clock.read()
        for _ in range((length_us - stall_us) // PERIOD_US):
            clock.advance(PERIOD_US)
            heartbeat.beat()
        clock.advance((length_us - stall_us) % PERIOD_US + stall_us)
        if noticed:
            heartbeat.beat()
        self.explained = heartbeat.explains_failure(start, clock.read())


def test_a_beat_on_time_is_not_late() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    clock.advance(PERIOD_US)

    assert heartbeat.beat() == 0


def test_a_late_beat_says_by_how_much() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    clock.advance(PERIOD_US + 30 * MS)

    assert heartbeat.beat() == 30 * MS


@pytest.mark.parametrize(
    ("length_us", "stall_us", "explained"),
    [
        (10 * SECOND, 0, False),
        (10 * SECOND, 300 * MS, False),
        (10 * SECOND, 1_200 * MS, True),
        (60 * SECOND, 1_200 * MS, True),
        (2 * SECOND, 150 * MS, False),
        (2 * SECOND, 400 * MS, True),
        (300 * MS, 250 * MS, True),
        (3 * MS, 0, False),
    ],
)
@pytest.mark.parametrize("noticed", [True, False])
def test_a_stall_explains_a_failure_when_it_took_a_good_part_of_the_probe(
    length_us: int, stall_us: int, *, explained: bool, noticed: bool
) -> None:
    assert Probed(length_us, stall_us, noticed=noticed).explained is explained


def test_a_stall_before_a_probe_explains_nothing_in_it() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    clock.advance(5 * SECOND)
    heartbeat.beat()
    start = clock.read()
    clock.advance(50 * MS)

    assert not heartbeat.explains_failure(start, clock.read())


def test_a_stall_under_way_when_a_probe_started_counts_from_its_start() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    clock.advance(500 * MS)
    start = clock.read()
    clock.advance(500 * MS)
    heartbeat.beat()

    assert heartbeat.explains_failure(start, clock.read())
