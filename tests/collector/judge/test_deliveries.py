"""Versions of a year against one major and seven intermediate, each count done by hand."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.deliveries import (
    Continuous,
    Counting,
    DeliveriesVerdict,
    Delivery,
    PilotVerdict,
    YearOfDeliveries,
    year_of_deliveries,
)
from collector.judge.operation import Exclusion, VersionKind
from collector.judge.terms import Periodicity

MAJOR, INTERMEDIATE, PATCH = VersionKind
WITHIN, EXCEEDED, UNDECIDED = DeliveriesVerdict
_NUMBERS = count(1)


def delivery(kind: VersionKind | None = INTERMEDIATE, **said: object) -> Delivery:
    """Return a delivery of a version of its own, put into production after those made before."""
    number = next(_NUMBERS)
    made = Delivery(f"MAJ-{number:04}", "dpi", number, version_to=f"1.{number}", kind=kind)
    return replace(made, **said)  # type: ignore[arg-type]


def versions(majors: int, intermediates: int, unclassed: int = 0) -> YearOfDeliveries:
    kinds = [MAJOR] * majors + [INTERMEDIATE] * intermediates + [None] * unclassed
    return year_of_deliveries([delivery(kind) for kind in kinds])


def how(*deliveries: Delivery) -> list[Counting]:
    return [each.counting for each in year_of_deliveries(deliveries).counted]


def test_one_major_and_seven_intermediate_are_allowed_and_not_one_more() -> None:
    assert versions(1, 7).verdict is WITHIN
    assert versions(2, 0).verdict is EXCEEDED
    assert versions(0, 8).verdict is EXCEEDED
    assert (versions(1, 7).majors, versions(1, 7).intermediates) == (1, 7)


@pytest.mark.parametrize("exclusion", Exclusion)
def test_what_the_referential_excludes_is_not_counted(exclusion: Exclusion) -> None:
    found = year_of_deliveries([delivery(MAJOR), delivery(MAJOR, exclusion=exclusion)])
    assert [each.counting for each in found.counted] == [Counting.COUNTED, Counting.EXCLUDED]
    assert found.verdict is WITHIN


def test_a_patch_is_no_version() -> None:
    assert how(delivery(PATCH)) == [Counting.PATCH]


def test_what_was_cancelled_or_never_started_was_not_delivered_and_stands_last() -> None:
    never = delivery(MAJOR, delivered_at_us=None)
    assert how(never, delivery(MAJOR)) == [Counting.COUNTED, Counting.NOT_DELIVERED]


def test_one_version_over_several_windows_is_one_delivery() -> None:
    first = delivery(MAJOR, version_to="9.0")
    second = delivery(MAJOR, version_to="9.0", service="dpi-nord")
    assert how(first, second) == [Counting.COUNTED, Counting.REPEATED]
    # Without a version, the operation they share; with neither, each is its own.
    unnamed = [delivery(version_to=None) for _ in range(2)]
    shared = [replace(each, operation="OP-1") for each in unnamed]
    assert how(*shared) == [Counting.COUNTED, Counting.REPEATED]
    assert how(*unnamed) == [Counting.COUNTED, Counting.COUNTED]
    # A first attempt that was cancelled is no delivery, so the second is the first.
    failed = delivery(MAJOR, version_to="9.1", delivered_at_us=None)
    assert Counting.COUNTED in how(failed, delivery(MAJOR, version_to="9.1"))


def test_a_version_that_came_last_year_does_not_come_again() -> None:
    last_year = delivery(MAJOR, version_to="9.0")
    found = year_of_deliveries([delivery(MAJOR, version_to="9.0")], [last_year])
    assert [each.counting for each in found.counted] == [Counting.REPEATED]


@pytest.mark.parametrize("activates", [False, True])
@pytest.mark.parametrize("periodicity", [None, Periodicity.MONTH])
def test_continuous_development_is_exempt_when_both_facts_were_agreed(
    periodicity: Periodicity | None, activates: bool
) -> None:
    continuous = Continuous(periodicity, activates)
    found = year_of_deliveries([delivery(continuous=continuous) for _ in range(12)])
    exempt = periodicity is not None and activates
    assert found.verdict is (WITHIN if exempt else EXCEEDED)
    assert found.counted[0].counting is (Counting.CONTINUOUS if exempt else Counting.COUNTED)


def test_an_exemption_agreed_in_the_year_holds_from_then_on() -> None:
    agreed = Continuous(Periodicity.MONTH, client_activates=True)
    assert how(delivery(), delivery(continuous=agreed)) == [
        Counting.COUNTED, Counting.CONTINUOUS,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("majors", "intermediates", "unclassed", "verdict"),
    [
        # Whatever one is, there is room for it.
        (0, 6, 1, WITHIN),
        # It could be the second major, or the eighth intermediate.
        (1, 3, 1, UNDECIDED),
        (0, 7, 1, UNDECIDED),
        (0, 0, 2, UNDECIDED),
        # Nine versions are too many whatever they are.
        (1, 7, 1, EXCEEDED),
        (0, 0, 9, EXCEEDED),
        (0, 0, 8, UNDECIDED),
    ],
)
def test_what_nobody_classed_leaves_it_undecided_where_it_matters(
    majors: int, intermediates: int, unclassed: int, verdict: DeliveriesVerdict
) -> None:
    assert versions(majors, intermediates, unclassed).verdict is verdict


@given(st.integers(0, 3), st.integers(0, 9), st.integers(0, 4))
def test_trying_every_class_of_the_unclassed_gives_the_same_verdict(
    majors: int, intermediates: int, unclassed: int
) -> None:
    possible = {
        versions(majors + more, intermediates + unclassed - more).verdict
        for more in range(unclassed + 1)
    }
    expected = possible.pop() if len(possible) == 1 else UNDECIDED
    assert versions(majors, intermediates, unclassed).verdict is expected


def test_a_year_with_an_evolution_asks_for_a_pilot_evaluation() -> None:
    pilot = delivery(MAJOR, pilot=True)
    assert year_of_deliveries([delivery(), pilot]).pilot_verdict is PilotVerdict.DONE
    assert year_of_deliveries([delivery(), pilot]).pilots == (pilot,)
    assert year_of_deliveries([delivery()]).pilot_verdict is PilotVerdict.MISSING
    assert year_of_deliveries([delivery(PATCH)]).pilot_verdict is PilotVerdict.NOT_DUE
    assert year_of_deliveries([]).pilot_verdict is PilotVerdict.NOT_DUE
    never = delivery(MAJOR, pilot=True, delivered_at_us=None)
    assert year_of_deliveries([never]).pilot_verdict is PilotVerdict.NOT_DUE
    # Continuous development asks for it as well.
    agreed = Continuous(Periodicity.MONTH, client_activates=True)
    assert year_of_deliveries([delivery(continuous=agreed)]).pilot_verdict is PilotVerdict.MISSING
