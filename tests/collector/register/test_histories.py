"""No history of the register lowers a past verdict without a correction everybody can see.

And whatever the history, the log gives the same tables again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from collector.judge.operation import UNDESCRIBED, Instance, Operation, VersionKind
from collector.record.steps import StepKind
from collector.register.rebuilding import rebuild
from collector.register.sealing import Sealer
from collector.store.pool import Pool, open_pool
from probes.model.instant import HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from tests.collector.conftest import Clock
from tests.collector.register.histories import EVENING, NIGHT_MIN, Agreement, History

Command = Callable[[History], Awaitable[None]]
Night = list[tuple[int, int, int]]

EXAMPLES = 40
PLAN = Interval(EVENING + HOUR, EVENING + 5 * HOUR)

numbers = st.integers(0, 3)
plans = st.builds(
    lambda first, length: Interval(EVENING + first * HOUR, EVENING + (first + length) * HOUR),
    st.integers(-20, 9),
    st.integers(1, 5),
)
ago = st.integers(0, 90).map(lambda minutes: minutes * MINUTE)
operations = st.builds(
    Operation,
    hot=st.booleans(),
    off_hours=st.booleans(),
    instance=st.sampled_from([None, *Instance]),
    version_kind=st.sampled_from([None, *VersionKind]),
    limit_us=st.sampled_from([None, None, HOUR]),
)
agreements = st.builds(
    Agreement,
    limit=st.sampled_from(["PT1M", "PT20M", "PT4H"]),
    amount=st.sampled_from([0, 1, 5]),
    unit=st.sampled_from(["hours", "calendar_days", "business_days"]),
    rule=st.sampled_from(["cumulative", "longest", "span"]),
    hold=st.sampled_from(["PT0S", "PT1H"]),
    service_class=st.sampled_from(["strategic", "standard"]),
    panel=st.sampled_from(["poste-1", "poste-2", "poste-1, poste-2"]),
    holiday=st.sampled_from(["2026-11-12", "2026-12-24"]),
    instance=st.sampled_from(["dedicated", "saas"]),
    person=st.sampled_from(["Camille Martin", "Claude Petit"]),
)
corrections = st.one_of(
    st.tuples(st.just("version_to"), st.sampled_from(["9.0", "9.1", ""])),
    st.tuples(st.sampled_from(["hot", "off_hours", "pilot"]), st.booleans()),
    st.tuples(st.just("instance"), st.sampled_from(["dedicated", "saas", ""])),
    st.tuples(st.just("limit_us"), st.sampled_from([HOUR, 4 * HOUR])),
    st.tuples(
        st.sampled_from(["intervention.1.start_us", "intervention.1.end_us"]),
        st.integers(-90, 90).map(lambda minutes: minutes * MINUTE),
    ),
)


def _told(words: str, act: Command) -> Command:
    """Give a command a name of its own, for whoever reads a failure."""

    async def command(history: History) -> None:
        note(words)
        await act(history)

    return command


announcements = st.tuples(plans, operations).map(
    lambda a: _told(f"announce {a}", lambda h: h.announce(a[0], a[1]))
)
operated = st.tuples(numbers, ago, ago).map(
    lambda a: _told(f"operate {a}", lambda h: h.operate(a[0], a[1], a[2] + MINUTE))
)
agreed = agreements.map(lambda a: _told(f"agree on {a}", lambda h: h.agree(a)))
corrected = st.tuples(numbers, corrections).map(
    lambda a: _told(f"correct {a}", lambda h: h.correct(a[0], *a[1]))
)
replanned: st.SearchStrategy[Command] = st.one_of(
    st.tuples(numbers, plans).map(
        lambda a: _told(f"reschedule {a}", lambda h: h.reschedule(a[0], a[1]))
    ),
    st.tuples(numbers, ago).map(lambda a: _told(f"extend {a}", lambda h: h.extend(a[0], a[1]))),
)
stepped: st.SearchStrategy[Command] = st.one_of(
    st.tuples(numbers, ago).map(lambda a: _told(f"start {a}", lambda h: h.start(a[0], a[1]))),
    st.tuples(numbers, ago).map(lambda a: _told(f"finish {a}", lambda h: h.finish(a[0], a[1]))),
    numbers.map(lambda n: _told(f"close {n}", lambda h: h.close(n))),
    numbers.map(lambda n: _told(f"cancel {n}", lambda h: h.cancel(n))),
    st.tuples(numbers, st.sampled_from([StepKind.AUTHORISED, StepKind.INFORMED])).map(
        lambda a: _told(f"clear {a}", lambda h: h.clear(a[0], a[1]))
    ),
    st.tuples(numbers, st.sampled_from(["un", "deux"])).map(
        lambda a: _told(f"file {a}", lambda h: h.file(a[0], a[1]))
    ),
    numbers.map(lambda n: _told(f"record {n}", lambda h: h.record(n))),
    st.just(_told("erase", lambda h: h.erase())),
    st.integers(1, 12).map(lambda h: _told(f"wait {h} h", lambda one: one.wait(h * HOUR))),
)
attended: st.SearchStrategy[Command] = st.one_of(
    st.tuples(st.one_of(st.none(), numbers), ago).map(
        lambda a: _told(f"intervene {a}", lambda h: h.intervene(a[0], a[1]))
    ),
    st.tuples(numbers, ago).map(lambda a: _told(f"leave {a}", lambda h: h.leave(a[0], a[1]))),
    st.just(_told("leave all", lambda h: h.leave_all())),
    st.tuples(
        numbers,
        st.sampled_from(["start_us", "end_us"]),
        st.integers(-90, 90).map(lambda minutes: minutes * MINUTE),
    ).map(lambda a: _told(f"correct intervention {a}", lambda h: h.correct_intervention(*a))),
)
# All branches but the last lead to a verdict, or to what might change one.
commands = st.one_of(announcements, operated, agreed, corrected, attended, replanned, stepped)
outages = st.lists(
    st.tuples(st.integers(0, NIGHT_MIN), st.integers(1, 300), st.integers(1, 3)), max_size=3
)
_hospitals = count(1)


async def _live(
    pool: Pool, folder: Path, night: Night, before: list[Command], after: list[Command]
) -> History:
    clock = Clock("2026-11-09T12:00:00+01:00")
    sealer = Sealer(SigningKey.from_seed(bytes(range(32))), clock)
    history = History(pool, sealer, clock, f"CH-{next(_hospitals)}", folder)
    await history.begin(night)
    await history.take(lambda one: one.announce(PLAN, UNDESCRIBED))
    for act in before:
        await history.take(act)
    await history.take(lambda one: one.intervene(0, 0))
    await history.operate(0, 0, HOUR)
    for act in after:
        await history.take(act)
    await history.check_what_was_known()
    [rebuilt] = [each async for each in rebuild(pool, history.hospital)]
    assert rebuilt.differed == ()
    return history


def test_no_history_lowers_a_past_verdict_unseen_and_the_log_gives_the_same_tables(
    collector_dsn: str, tmp_path: Path
) -> None:
    lived: list[History] = []

    with asyncio.Runner() as runner:

        @settings(
            max_examples=EXAMPLES,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(outages, st.lists(commands, max_size=6), st.lists(commands, min_size=4, max_size=16))
        def live(night: Night, before: list[Command], after: list[Command]) -> None:
            async def once() -> History:
                async with open_pool(collector_dsn, size=2) as pool:
                    return await _live(pool, tmp_path, night, before, after)

            lived.append(runner.run(once()))

        live()
    # The histories are worth something: verdicts fell, commands were refused.
    assert sum(len(history.judged) for history in lived) >= EXAMPLES // 2
    assert sum(history.refused for history in lived) >= EXAMPLES
    assert sum(bool(history.attended) for history in lived) >= EXAMPLES // 4
