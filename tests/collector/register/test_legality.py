"""What is asked of an extension, of a clearance and of a correction."""

import pytest

from collector.errors import RefusedError
from collector.judge.operation import Change, Correction, Instance, VersionKind
from collector.record.steps import (
    RegisteredWindow,
    StepKind,
    StoredStep,
    fields_of,
    window_of,
)
from collector.register.legality import check_clearance, check_correct, check_extend
from probes.model.interval import Interval
from tests.collector.record.test_steps import (
    ANNOUNCED,
    CANCELLED,
    CLOSED,
    FINISHED,
    STARTED,
    Made,
)

NOW = 1_000
EXTENDED: Made = ("extended", {"start_us": 100, "end_us": 250})
AUTHORISED: Made = ("authorised", {"by": "c0ffee", "reference": "BT 118"})
INFORMED: Made = ("informed", {})
RAN = (STARTED, FINISHED)


def _announced(**operation: object) -> Made:
    return "announced", {**ANNOUNCED[1], "operation": operation}


def _corrected(*changes: dict[str, object]) -> Made:
    return "corrected", {"reason": "typed wrong", "changes": list(changes)}


def _window(*made: Made) -> RegisteredWindow:
    steps = [
        StoredStep(index, f"window.{kind}", 10 * index, "me", {"window": "MAJ-1", **body})
        for index, (kind, body) in enumerate(made, start=1)
    ]
    window = window_of("CH", steps)
    assert window is not None
    return window


def test_an_extension_is_a_revision_of_its_own() -> None:
    window = _window(ANNOUNCED, STARTED, EXTENDED)
    assert window.plan == Interval(100, 250)
    assert [revision.notified_at_us for revision in window.revisions] == [10, 30]


def test_an_extension_only_ever_goes_later() -> None:
    check_extend(_window(ANNOUNCED, STARTED), 201)
    with pytest.raises(RefusedError, match="to shorten it, constat window reschedule MAJ-1"):
        check_extend(_window(ANNOUNCED), 200)
    with pytest.raises(RefusedError, match="is closed: it cannot be extended"):
        check_extend(_window(ANNOUNCED, *RAN, CLOSED), 300)


def test_on_an_instance_of_its_own_only_the_clients_authorisation_counts() -> None:
    dedicated = _announced(hot=True, instance="dedicated")
    assert _window(dedicated).cleared_at_us is None
    assert _window(dedicated, AUTHORISED, AUTHORISED).cleared_at_us == 20
    assert _window(dedicated, INFORMED).cleared_at_us is None
    check_clearance(_window(dedicated), StepKind.AUTHORISED)
    with pytest.raises(RefusedError, match="must authorise it: constat window authorise MAJ-1"):
        check_clearance(_window(dedicated), StepKind.INFORMED)


def test_on_a_shared_instance_the_clients_information_counts_and_so_does_more() -> None:
    shared = _announced(hot=True, instance="saas")
    assert _window(shared, INFORMED).cleared_at_us == 20
    assert _window(shared, AUTHORISED, INFORMED).cleared_at_us == 20
    check_clearance(_window(shared), StepKind.INFORMED)


def test_a_clearance_after_the_end_is_refused() -> None:
    closed = _window(_announced(hot=True, instance="saas"), *RAN, CLOSED)
    with pytest.raises(RefusedError, match="is closed"):
        check_clearance(closed, StepKind.AUTHORISED)


def test_a_correction_keeps_the_old_beside_the_new() -> None:
    change: dict[str, object] = {"field": "version_to", "old": "9.0", "new": "9.0.1"}
    kind: dict[str, object] = {"field": "version_kind", "old": "major", "new": ""}
    window = _window(
        _announced(version_to="9.0", version_kind="major", instance="saas"),
        _corrected(change, kind),
    )
    assert window.operation.version_to == "9.0.1"
    assert window.operation.version_kind is None
    assert window.operation.instance is Instance.SAAS
    assert window.corrections == (
        Correction(
            20,
            "me",
            "typed wrong",
            (Change("version_to", "9.0", "9.0.1"), Change("version_kind", "major", "")),
        ),
    )


def test_when_the_operation_ran_can_be_corrected_and_terms_stay_fixed_all_the_same() -> None:
    later: dict[str, object] = {"field": "intervention.1.start_us", "old": 60, "new": 140}
    early: Made = ("started", {"start_us": 60})
    window = _window(ANNOUNCED, early, FINISHED, _corrected(later))
    assert fields_of(window) == {"intervention.1.start_us": 140, "intervention.1.end_us": 150}
    assert window.fixed_at_us == 60


@pytest.mark.parametrize(
    ("made", "new", "reason"),
    [
        ((_announced(pilot=True),), {"pilot": True}, "says so already: nothing to correct"),
        ((ANNOUNCED,), {"version_to": ""}, "says so already"),
        ((ANNOUNCED, CANCELLED), {"version_to": "9"}, "is cancelled"),
        ((ANNOUNCED,), {"limit_us": 5}, "has opened: what was agreed before it holds"),
        ((ANNOUNCED,), {"intervention.1.start_us": 5}, "has no intervention.1.start to correct"),
        ((ANNOUNCED, STARTED), {"intervention.1.end_us": 5}, "has no intervention.1.end"),
        ((ANNOUNCED, *RAN), {"intervention.1.end_us": 110}, "finishes after it started"),
        ((ANNOUNCED, *RAN), {"intervention.1.end_us": 2_000}, "still to come"),
        (
            (ANNOUNCED, *RAN, ("started", {"start_us": 160})),
            {"intervention.2.start_us": 149},
            "the operation before finished later than that",
        ),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_the_reason(
    made: tuple[Made, ...], new: dict[str, object], reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        check_correct(_window(*made), new, NOW)
    assert reason in str(refused.value)


def test_a_closed_window_can_be_corrected_and_an_agreed_limit_before_it_opens() -> None:
    check_correct(_window(ANNOUNCED, *RAN, CLOSED), {"version_kind": VersionKind.PATCH}, NOW)
    check_correct(_window(ANNOUNCED), {"limit_us": 5}, 99)
