"""What is kept when there is no room for everything."""

from agent.thinning import Arrival, Kept, Thinning
from probes.model.measurement import Outcome
from tests.agent.worlds import sample


def steady(check: str = "login") -> Arrival:
    return Arrival(sample(check), changed=False)


def changed(check: str = "login") -> Arrival:
    return Arrival(sample(check, Outcome.DOWN), changed=True)


def test_steady_samples_are_dropped_and_counted_but_for_the_newest() -> None:
    thinning = Thinning()
    newest = steady()
    assert thinning.choose([steady(), steady(), newest]) == []
    assert thinning.take_dropped() == 2
    assert thinning.take_dropped() == 0
    assert thinning.release() == [newest.sample]


def test_a_change_is_kept_with_the_sample_before_it() -> None:
    before, change, after = steady(), changed(), steady()
    thinning = Thinning()
    assert thinning.choose([steady(), before, change, after]) == [
        Kept(before.sample, 1),
        Kept(change.sample, 2),
    ]
    assert thinning.release() == [after.sample]


def test_a_sample_held_from_an_earlier_group_is_kept_with_the_change() -> None:
    before, change = steady(), changed()
    thinning = Thinning()
    assert thinning.choose([before]) == []
    assert thinning.choose([change]) == [Kept(before.sample, None), Kept(change.sample, 0)]
    assert thinning.take_dropped() == 0


def test_checks_do_not_mix() -> None:
    feed, change = steady("feed"), changed("login")
    thinning = Thinning()
    assert thinning.choose([feed, change]) == [Kept(change.sample, 1)]
    assert thinning.release() == [feed.sample]


def test_what_was_released_is_not_held_any_more() -> None:
    thinning = Thinning()
    thinning.choose([steady()])
    thinning.release()
    assert thinning.release() == []
    assert thinning.choose([steady()]) == []
    assert thinning.take_dropped() == 0
