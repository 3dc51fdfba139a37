"""How an operation was conducted: duties, promises and hours, on drawn scenarios."""

import pytest

from collector.judge.assessment import Assessment
from collector.judge.conduct import (
    Circumstances,
    Conduct,
    Duty,
    Keeping,
    Precedence,
    Promise,
    judge_conduct,
)
from collector.judge.notice import NoticeVerdict
from collector.judge.operation import UNDESCRIBED, Instance, Operation
from collector.judge.weekly import Week, parse_hours
from collector.judge.window import Bounds
from probes.model.instant import HOUR, MINUTE, parse_instant
from tests.collector.report.reports import report_of

# A night from Saturday 14 November 2026 22:00 to Sunday 02:00, in Paris.
THREE = "three_workstations_down_together_are_judged_on_the_first_one_back"
LATE = "an_intervention_widens_the_window"  # from 22:05 to 03:00
EARLY = "an_early_start_counts_in_full_and_is_said"
NOTHING = "one_workstation_still_up_is_no_outage"
SILENCE = "silence_longer_than_the_limit_is_inconclusive"
RUNNING = "a_window_that_is_not_closed_is_pending"

HOT = Operation(hot=True, instance=Instance.DEDICATED)
SHARED = Operation(hot=True, instance=Instance.SAAS)
SPARED = Operation(off_hours=True)
PLANNED = parse_instant("2026-11-14T22:00:00+01:00")
BEGAN = parse_instant("2026-11-14T22:05:00+01:00")


def _assessment(scenario: str) -> Assessment:
    return report_of(scenario).assessment


def _conduct(
    scenario: str, operation: Operation, circumstances: Circumstances | None = None
) -> Conduct:
    return judge_conduct(operation, circumstances or Circumstances(), _assessment(scenario))


def _saturday(*ranges: str) -> Week:
    nothing: tuple[()] = ()
    saturday = tuple(map(parse_hours, ranges))
    return Week((nothing, nothing, nothing, nothing, nothing, saturday, nothing))


def _precedence(scenario: str, operation: Operation, given: int | None) -> Precedence:
    precedence = _conduct(scenario, operation, Circumstances(cleared_at_us=given)).precedence
    assert precedence is not None
    return precedence


def test_nothing_is_said_of_what_was_neither_promised_nor_asked_nor_published() -> None:
    assert _conduct(THREE, UNDESCRIBED) == Conduct(Bounds(0, 0), Bounds(0, 0))


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (BEGAN - 1, NoticeVerdict.RESPECTED),
        (BEGAN, NoticeVerdict.SHORT),
        (BEGAN + HOUR, NoticeVerdict.SHORT),
        (None, NoticeVerdict.NONE),
    ],
)
def test_a_hot_correction_is_authorised_before_the_first_intervention(
    given: int | None, verdict: NoticeVerdict
) -> None:
    precedence = _precedence(LATE, HOT, given)
    assert precedence == Precedence(
        Duty.AUTHORISATION, verdict, BEGAN, is_due=True, given_at_us=given
    )
    assert precedence.is_breached is (verdict is not NoticeVerdict.RESPECTED)


def test_until_the_operation_begins_its_planned_start_counts_and_nothing_is_breached() -> None:
    precedence = _precedence(THREE, SHARED, None)
    assert precedence == Precedence(Duty.INFORMATION, NoticeVerdict.NONE, PLANNED, is_due=False)
    assert not precedence.is_breached


def test_a_hot_correction_shows_nothing_proven_down() -> None:
    assert _conduct(NOTHING, HOT).hot == Promise(Keeping.KEPT, Bounds(0, 0))
    # Silence proves nothing: it breaks no promise, and is printed.
    assert _conduct(SILENCE, HOT).hot == Promise(Keeping.KEPT, Bounds(0, 4 * HOUR))
    # Proven 22:20 to 01:40, possible 22:10 to 01:50.
    down = Bounds(3 * HOUR + 20 * MINUTE, 3 * HOUR + 40 * MINUTE)
    assert _conduct(THREE, HOT).hot == Promise(Keeping.BROKEN, down)


def test_what_is_proven_breaks_a_promise_before_the_window_is_closed() -> None:
    hot = _conduct(RUNNING, HOT).hot
    assert hot is not None
    assert hot.keeping is Keeping.BROKEN
    spared = _conduct(RUNNING, SPARED, Circumstances(opening_hours=_saturday("08:00-12:00")))
    assert spared.off_hours == Promise(Keeping.PENDING, Bounds(0, 0))


@pytest.mark.parametrize(
    ("ranges", "promise"),
    [
        (("08:00-22:10",), Promise(Keeping.KEPT, Bounds(0, 0))),
        # Possible from 22:10, proven from 22:20.
        (("08:00-22:15",), Promise(Keeping.INCONCLUSIVE, Bounds(0, 5 * MINUTE))),
        (("08:00-22:30",), Promise(Keeping.BROKEN, Bounds(10 * MINUTE, 20 * MINUTE))),
        (("23:00-00:30",), Promise(Keeping.BROKEN, Bounds(90 * MINUTE, 90 * MINUTE))),
    ],
)
def test_an_outage_keeps_out_of_the_opening_hours_the_client_asked_to_spare(
    ranges: tuple[str, ...], promise: Promise
) -> None:
    circumstances = Circumstances(opening_hours=_saturday(*ranges))
    assert _conduct(THREE, SPARED, circumstances).off_hours == promise
    assert _conduct(THREE, UNDESCRIBED, circumstances).off_hours is None


def test_without_opening_hours_a_request_cannot_be_judged() -> None:
    assert _conduct(THREE, SPARED).off_hours == Promise(Keeping.UNDECLARED, Bounds(0, 0))


@pytest.mark.parametrize(
    ("scenario", "slot", "outside_us"),
    [
        (THREE, "22:00-02:00", 0),  # the plan, as nobody has begun
        (THREE, "22:00-01:00", HOUR),
        (LATE, "22:00-02:00", HOUR),  # the intervention, 22:05 to 03:00
        (LATE, "22:05-03:00", 0),
    ],
)
def test_an_intervention_keeps_to_the_slots_the_vendor_published(
    scenario: str, slot: str, outside_us: int
) -> None:
    slots = _conduct(scenario, UNDESCRIBED, Circumstances(slots=_saturday(slot))).slots
    keeping = Keeping.BROKEN if outside_us else Keeping.KEPT
    assert slots == Promise(keeping, Bounds(outside_us, outside_us))


def test_what_lies_outside_the_announced_plan_is_told_even_inside_an_intervention() -> None:
    # Before 22:00: proven from 21:10, possible from 21:00.
    early = _conduct(EARLY, UNDESCRIBED)
    assert (early.early_start, early.overrun) == (Bounds(50 * MINUTE, HOUR), Bounds(0, 0))
    # Somebody worked until 03:00, an hour longer than announced. Before 22:00: possible from 21:50.
    late = _conduct(LATE, UNDESCRIBED)
    assert (late.early_start, late.overrun) == (Bounds(0, 10 * MINUTE), Bounds(HOUR, HOUR))
