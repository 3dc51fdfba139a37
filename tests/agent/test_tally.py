"""What the agent counts of its own work."""

from agent.tally import Histogram, Tally
from probes.model.measurement import Observation, Outcome, Phases


def test_a_value_counts_in_the_first_bucket_that_holds_it() -> None:
    histogram = Histogram((1_000, 10_000))
    for value_us in (500, 1_000, 1_001, 50_000):
        histogram.add(value_us)

    assert histogram.counts == [2, 1, 1]
    assert histogram.sum_us == 52_501


def test_only_the_steps_a_probe_made_are_counted() -> None:
    tally = Tally(["http"])
    phases = Phases(connect_us=2_000, first_byte_us=30_000)
    tally.measured("dpi", "http", Observation(Outcome.UP, phases=phases), 33_000)

    counted = [phase for (_, phase), times in tally.phases.items() if any(times.counts)]
    assert counted == ["connect_us", "first_byte_us"]
    assert tally.probes == {("dpi", Outcome.UP): 1}


def test_no_slot_missed_leaves_no_count() -> None:
    tally = Tally(["http"])
    tally.missed("dpi", 0)
    tally.missed("labo", 2)

    assert tally.missed_slots == {"labo": 2}
