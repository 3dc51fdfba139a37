"""Who intervened on a client's system, when, why and how (QHN §4.1.5, §4.5.1).

An intervention is stated by the entries that start, end and correct it. The person is a commitment:
name and company are kept beside the log, where they can be erased. One that names a window is a
step of that window too, and widens it (rules, section 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Protocol

from collector.judge.operation import Change, Correction
from probes.model.instant import DAY

INTERVENTIONS_EXPORTED: Final = "interventions.exported"
LONGEST_OPEN_US: Final = DAY


class InterventionKind(StrEnum):
    """The kinds of log entries an intervention is made of."""

    STARTED = "intervention.started"
    ENDED = "intervention.ended"
    CORRECTED = "intervention.corrected"


class Mode(StrEnum):
    """From where somebody intervened."""

    REMOTE = "remote"
    ON_SITE = "on_site"


class Statement(Protocol):
    """An entry, wherever it was read: what it states, when it was sealed, and by whom."""

    @property
    def kind(self) -> str:
        """The kind of the entry."""

    @property
    def at_us(self) -> int:
        """When it was sealed."""

    @property
    def author(self) -> str:
        """Who stated it."""

    @property
    def body(self) -> dict[str, Any]:
        """What is stated."""


@dataclass(frozen=True, slots=True)
class NamedIntervention:
    """A person's intervention; instants in microseconds UTC, `end_us` None while it lasts.

    `entry` and `registered_us` are the place and the instant of its first entry, `person` is the
    commitment that stands for who it was. What was not said is empty, None for the mode.
    """

    id: str
    entry: int
    registered_us: int
    author: str
    person: str
    purpose: str
    site: str
    start_us: int
    end_us: int | None = None
    mode: Mode | None = None
    confidentiality: str = ""
    window: str = ""
    corrections: tuple[Correction, ...] = ()

    def is_overdue(self, now_us: int) -> bool:
        """Return whether it has been open for so long that nobody seems to have ended it."""
        return self.end_us is None and now_us - self.start_us > LONGEST_OPEN_US


def intervention_after(
    known: NamedIntervention | None, statement: Statement, entry: int
) -> NamedIntervention:
    """Return an intervention once an entry at a place of the log was stated of it.

    `known` is what it was before, None when the entry starts it. `ValueError` for an entry that
    cannot follow.
    """
    kind = InterventionKind(statement.kind)
    if (known is None) != (kind is InterventionKind.STARTED):
        raise ValueError(f"entry {entry}: an intervention starts once, before anything else")
    if known is None:
        return _started(statement, entry)
    match kind:
        case InterventionKind.ENDED:
            return replace(known, end_us=statement.body["end_us"])
        case _:
            return _corrected(known, statement)


def fields_of(intervention: NamedIntervention) -> dict[str, str | int]:
    """Return what a correction can put right, by field; what was not said is left out."""
    fields: dict[str, str | int] = {
        "start_us": intervention.start_us,
        "end_us": intervention.end_us or 0,
        "purpose": intervention.purpose,
        "mode": intervention.mode.value if intervention.mode else "",
        "confidentiality": intervention.confidentiality,
    }
    return {name: value for name, value in fields.items() if value}


def with_fields(intervention: NamedIntervention, new: Mapping[str, str | int]) -> NamedIntervention:
    """Return an intervention with some of its fields put right; an empty value takes one away."""
    fields: dict[str, Any] = {**fields_of(intervention), **new}
    mode = fields.get("mode")
    return replace(
        intervention,
        start_us=fields["start_us"],
        end_us=fields.get("end_us") or None,
        purpose=fields["purpose"],
        mode=Mode(mode) if mode else None,
        confidentiality=fields.get("confidentiality", ""),
    )


def correction_of(statement: Statement) -> Correction:
    """Return what an entry put right."""
    made = tuple(Change(**change) for change in statement.body["changes"])
    return Correction(statement.at_us, statement.author, statement.body["reason"], made)


def _started(statement: Statement, entry: int) -> NamedIntervention:
    body = statement.body
    mode = body.get("mode")
    return NamedIntervention(
        id=body["intervention"],
        entry=entry,
        registered_us=statement.at_us,
        author=statement.author,
        person=body["person"],
        purpose=body["purpose"],
        site=body["site"],
        start_us=body["start_us"],
        mode=Mode(mode) if mode else None,
        confidentiality=body.get("confidentiality", ""),
        window=body["window"],
    )


def _corrected(known: NamedIntervention, statement: Statement) -> NamedIntervention:
    correction = correction_of(statement)
    right = with_fields(known, {change.field: change.new for change in correction.changes})  # type: ignore[misc]
    return replace(right, corrections=(*known.corrections, correction))
