"""What entries say of a person's intervention, and how it widens the window it is for."""

from pathlib import Path
from typing import Any

import pytest

from collector.judge.operation import Change, Correction
from collector.record.agreed import agreed_of, judged_window
from collector.record.catalogue import StoredItem, read_catalogue
from collector.record.interventions import (
    Mode,
    NamedIntervention,
    fields_of,
    intervention_after,
    with_fields,
)
from collector.record.steps import RegisteredWindow, StoredStep, window_of
from probes.model.instant import HOUR
from probes.model.interval import Interval

CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
PERSON = "ab" * 32


def _steps(*made: tuple[str, dict[str, Any]]) -> list[StoredStep]:
    return [
        StoredStep(index, kind, 10 * index, "me", {"window": "MAJ-1", **body})
        for index, (kind, body) in enumerate(made, start=1)
    ]


def _started(name: str, start_us: int, **more: str) -> tuple[str, dict[str, Any]]:
    said = {"person": PERSON, "purpose": "montée de version", "site": "principal", **more}
    return "intervention.started", {"intervention": name, "start_us": start_us, **said}


def _ended(name: str, end_us: int) -> tuple[str, dict[str, Any]]:
    return "intervention.ended", {"intervention": name, "end_us": end_us}


def _corrected(name: str, field: str, old: object, new: object) -> tuple[str, dict[str, Any]]:
    changes = [{"field": field, "old": old, "new": new}]
    said = {"intervention": name, "changes": changes, "reason": "typed wrong"}
    return "intervention.corrected", said


ANNOUNCED = "window.announced", {"service": "dpi", "start_us": 100, "end_us": 200}


def _intervention(*made: tuple[str, dict[str, Any]]) -> NamedIntervention:
    known: NamedIntervention | None = None
    for step in _steps(*made):
        known = intervention_after(known, step, step.entry)
    assert known is not None
    return known


def _window(*made: tuple[str, dict[str, Any]]) -> RegisteredWindow:
    window = window_of("CH", _steps(ANNOUNCED, *made))
    assert window is not None
    return window


def test_an_intervention_is_what_its_entries_say() -> None:
    made = _intervention(
        _started("INT-1", 100, mode="remote", confidentiality="ENG-1"), _ended("INT-1", 150)
    )
    assert made == NamedIntervention(
        id="INT-1",
        entry=1,
        registered_us=10,
        author="me",
        person=PERSON,
        purpose="montée de version",
        site="principal",
        start_us=100,
        end_us=150,
        mode=Mode.REMOTE,
        confidentiality="ENG-1",
        window="MAJ-1",
    )


def test_a_correction_keeps_the_old_beside_the_new() -> None:
    made = _intervention(_started("INT-1", 100), _corrected("INT-1", "purpose", "x", "y"))
    assert made.purpose == "y"
    changes = (Change("purpose", "x", "y"),)
    assert made.corrections == (Correction(20, "me", "typed wrong", changes),)


def test_what_was_stated_can_be_taken_away_and_said() -> None:
    made = _intervention(_started("INT-1", 100, mode="on_site"))
    assert fields_of(made) == {"start_us": 100, "purpose": "montée de version", "mode": "on_site"}
    assert with_fields(made, {"mode": "", "confidentiality": "ENG-2"}).mode is None
    assert with_fields(made, {"mode": "", "confidentiality": "ENG-2"}).confidentiality == "ENG-2"


@pytest.mark.parametrize(
    "made",
    [
        [_ended("INT-1", 150)],
        [_corrected("INT-1", "purpose", "x", "y")],
        [_started("INT-1", 100), _started("INT-1", 120)],
    ],
)
def test_entries_that_cannot_follow_one_another_are_refused(
    made: list[tuple[str, dict[str, Any]]],
) -> None:
    with pytest.raises(ValueError, match="an intervention starts once, before anything else"):
        _intervention(*made)


def test_it_is_overdue_once_it_has_been_open_for_more_than_a_day() -> None:
    made = _intervention(_started("INT-1", 0))
    assert not made.is_overdue(24 * HOUR)
    assert made.is_overdue(24 * HOUR + 1)
    assert not _intervention(_started("INT-1", 0), _ended("INT-1", 5)).is_overdue(48 * HOUR)


def test_several_may_be_open_at_once_and_the_window_knows_them_all() -> None:
    window = _window(
        ("window.started", {"start_us": 110}),
        _started("INT-1", 105),
        _started("INT-2", 120),
        _ended("INT-1", 230),
    )
    assert [(each.id, each.start_us, each.end_us) for each in window.named] == [
        ("INT-1", 105, 230),
        ("INT-2", 120, None),
    ]
    # Its own comes first, though it started later: the operation and its persons stay apart.
    assert [(ran.start_us, ran.end_us) for ran in window.worked] == [
        (110, None),
        (105, 230),
        (120, None),
    ]
    assert window.running is not None
    assert window.entries == (1, 2, 3, 4, 5)


def test_an_early_intervention_opens_the_window_and_correcting_it_does_not_close_it_again() -> None:
    assert _window().fixed_at_us == 100
    early = _started("INT-1", 60)
    assert _window(early).fixed_at_us == 60
    corrected = _window(early, _corrected("INT-1", "start_us", 60, 140))
    assert corrected.named[0].start_us == 140
    assert corrected.fixed_at_us == 60


def test_a_correction_of_an_intervention_is_one_of_its_window() -> None:
    window = _window(_started("INT-1", 60), _corrected("INT-1", "start_us", 60, 140))
    [correction] = window.corrections
    assert correction.changes == (Change("intervention.INT-1.start_us", 60, 140),)


def test_an_auditor_finds_the_hull_from_the_entries_alone() -> None:
    items = read_catalogue(CATALOGUE)["CH-EXEMPLE"]
    stored = [StoredItem(kind, name, value, 0, 0) for (kind, name), value in items.items()]
    agreed = agreed_of(stored, "CH-EXEMPLE", "dpi")

    def hull(*made: tuple[str, dict[str, Any]], as_of_us: int = 900) -> Interval:
        return judged_window(_window(*made), agreed, (), as_of_us).hull

    assert hull() == Interval(100, 200)
    assert hull(_started("INT-1", 60), _ended("INT-1", 250)) == Interval(60, 250)
    assert hull(_started("INT-1", 120), _ended("INT-1", 130)) == Interval(100, 200)
    assert hull(_started("INT-1", 120), as_of_us=700) == Interval(100, 700)
