"""The life of a window: announced, in progress, closed or cancelled.

A step is one log entry, and a window is nothing but its steps in order. A new step is checked
against the window as the steps before it made it (`collector.register.legality`). The instant a
step was taken is the collector's clock at sealing, never a typed date.

`start` and `finish` register when the operation itself ran (an intervention, rules section 7), and
so does a person's intervention that names the window (`collector.record.interventions`). `close`
says that nothing more is to come, and is what lets a verdict fall. What was stated wrong is
corrected by one more step, which keeps the old beside the new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from collector.judge.operation import UNDESCRIBED, Correction, Instance, Operation
from collector.judge.terms import Revision, WindowStatus
from collector.record.interventions import (
    InterventionKind,
    NamedIntervention,
    correction_of,
    intervention_after,
)
from probes.model.interval import Interval


class StoredStep(NamedTuple):
    """One step: its place in the log, its kind, when it was sealed and by whom, its body."""

    entry: int
    kind: str
    at_us: int
    author: str
    body: dict[str, Any]


class StepKind(StrEnum):
    """The kinds of log entries a window is made of."""

    ANNOUNCED = "window.announced"
    RESCHEDULED = "window.rescheduled"
    EXTENDED = "window.extended"
    AUTHORISED = "window.authorised"
    INFORMED = "window.informed"
    STARTED = "window.started"
    FINISHED = "window.finished"
    CLOSED = "window.closed"
    CANCELLED = "window.cancelled"
    CORRECTED = "window.corrected"
    PERSON_STARTED = InterventionKind.STARTED.value
    PERSON_ENDED = InterventionKind.ENDED.value
    PERSON_CORRECTED = InterventionKind.CORRECTED.value


@dataclass(frozen=True, slots=True)
class Intervention:
    """When the operation ran, in microseconds UTC; `end_us` is None while it runs."""

    start_us: int
    end_us: int | None


class Clearance(NamedTuple):
    """The client's authorisation of a hot correction, or its information of one (§4.1.5).

    It counts from when it was sealed. `by` is the commitment of the person who gave or took it,
    `reference` names a document; both are empty when they were not said.
    """

    kind: StepKind
    at_us: int
    by: str
    reference: str


@dataclass(frozen=True, slots=True)
class RegisteredWindow:
    """A window as its steps made it; `entries` are their places in the hospital's log.

    `named` are the interventions of persons registered for it. `first_started_us` is the earliest
    start ever stated of any intervention, corrected since or not.
    """

    hospital: str
    id: str
    service: str
    status: WindowStatus
    plan: Interval
    revisions: tuple[Revision, ...]
    interventions: tuple[Intervention, ...]
    announced_at_us: int
    closed_at_us: int | None
    entries: tuple[int, ...]
    operation: Operation = UNDESCRIBED
    first_started_us: int | None = None
    clearances: tuple[Clearance, ...] = ()
    corrections: tuple[Correction, ...] = ()
    named: tuple[NamedIntervention, ...] = ()

    @property
    def running(self) -> Intervention | None:
        """The intervention that is not finished yet."""
        last = self.interventions[-1] if self.interventions else None
        return last if last is not None and last.end_us is None else None

    @property
    def worked(self) -> tuple[Intervention, ...]:
        """When anybody worked on it: its own interventions, then those of persons."""
        of_persons = (Intervention(each.start_us, each.end_us) for each in self.named)
        return (*self.interventions, *of_persons)

    @property
    def fixed_at_us(self) -> int:
        """When panel and terms were fixed: as it opened, or as it was announced if that is later.

        A window announced after the fact can only be judged by what was agreed by then. A start
        that is corrected to a later one does not let in what was agreed meanwhile.
        """
        started = self.plan.start if self.first_started_us is None else self.first_started_us
        return max(min(self.plan.start, started), self.announced_at_us)

    @property
    def cleared_at_us(self) -> int | None:
        """When what a hot correction asks for was registered first; None when it never was.

        On an instance of the client's own that is its authorisation; where clients share one, its
        information, and an authorisation says as much.
        """
        asked = {StepKind.AUTHORISED}
        if self.operation.instance is Instance.SAAS:
            asked.add(StepKind.INFORMED)
        return min((each.at_us for each in self.clearances if each.kind in asked), default=None)


def window_of(hospital: str, steps: Iterable[StoredStep]) -> RegisteredWindow | None:
    """Return the window its steps make; None without any. `ValueError` for an impossible one."""
    window: RegisteredWindow | None = None
    for step in steps:
        window = _announced(hospital, step) if window is None else _after(window, step)
    return window


def _announced(hospital: str, step: StoredStep) -> RegisteredWindow:
    if step.kind != StepKind.ANNOUNCED:
        raise ValueError(f"entry {step.entry}: a window begins with its announcement")
    plan = Interval(step.body["start_us"], step.body["end_us"])
    return RegisteredWindow(
        hospital=hospital,
        id=step.body["window"],
        service=step.body["service"],
        status=WindowStatus.ANNOUNCED,
        plan=plan,
        # What was declared once it had begun is no notice at all (rules, section 8).
        revisions=(Revision(plan, step.at_us if step.at_us < plan.start else None),),
        interventions=(),
        announced_at_us=step.at_us,
        closed_at_us=None,
        entries=(step.entry,),
        operation=Operation.from_json(step.body.get("operation", {})),
    )


def _after(  # noqa: PLR0911 - a case for each kind of step
    window: RegisteredWindow, step: StoredStep
) -> RegisteredWindow:
    window = replace(window, entries=(*window.entries, step.entry))
    match StepKind(step.kind):
        case StepKind.ANNOUNCED:
            raise ValueError(f"entry {step.entry}: {window.id} was announced before")
        case StepKind.RESCHEDULED | StepKind.EXTENDED:
            plan = Interval(step.body["start_us"], step.body["end_us"])
            revisions = (*window.revisions, Revision(plan, step.at_us))
            return replace(window, plan=plan, revisions=revisions)
        case StepKind.STARTED:
            ran = Intervention(step.body["start_us"], None)
            status = WindowStatus.IN_PROGRESS
            started = (*window.interventions, ran)
            return _started(replace(window, status=status, interventions=started))
        case StepKind.FINISHED:
            *before, running = window.interventions
            ran = Intervention(running.start_us, step.body["end_us"])
            return replace(window, interventions=(*before, ran))
        case StepKind.CLOSED | StepKind.CANCELLED as kind:
            return replace(window, status=_ENDS[kind], closed_at_us=step.at_us)
        case StepKind.AUTHORISED | StepKind.INFORMED as kind:
            by, reference = step.body.get("by", ""), step.body.get("reference", "")
            given = Clearance(kind, step.at_us, by, reference)
            return replace(window, clearances=(*window.clearances, given))
        case StepKind.CORRECTED:
            return _corrected(window, step)
        case StepKind.PERSON_STARTED | StepKind.PERSON_ENDED:
            return _started(_with_named(window, step))
        case StepKind.PERSON_CORRECTED:
            return _started(_with_named(_noting(window, step), step))


_ENDS: Final = {
    StepKind.CLOSED: WindowStatus.CLOSED,
    StepKind.CANCELLED: WindowStatus.CANCELLED,
}


def _corrected(window: RegisteredWindow, step: StoredStep) -> RegisteredWindow:
    made = correction_of(step)
    window = replace(window, corrections=(*window.corrections, made))
    return _started(with_fields(window, {change.field: change.new for change in made.changes}))


def _with_named(window: RegisteredWindow, step: StoredStep) -> RegisteredWindow:
    """Return a window once something was stated of a person's intervention."""
    named = {each.id: each for each in window.named}
    name = step.body["intervention"]
    named[name] = intervention_after(named.get(name), step, step.entry)
    return replace(window, named=tuple(named.values()))


def _noting(window: RegisteredWindow, step: StoredStep) -> RegisteredWindow:
    """Return a window beside which it is printed what was put right in an intervention."""
    made = correction_of(step)
    changes = tuple(
        change._replace(field=f"{_INTERVENTION}.{step.body['intervention']}.{change.field}")
        for change in made.changes
    )
    return replace(window, corrections=(*window.corrections, replace(made, changes=changes)))


def _started(window: RegisteredWindow) -> RegisteredWindow:
    starts = [ran.start_us for ran in window.worked]
    if window.first_started_us is not None:
        starts.append(window.first_started_us)
    return replace(window, first_started_us=min(starts, default=None))


_INTERVENTION: Final = "intervention"


def fields_of(window: RegisteredWindow) -> dict[str, Any]:
    """Return what a correction can put right, by field: the operation, and when it ran."""
    fields: dict[str, Any] = {**window.operation.to_json()}
    for number, ran in enumerate(window.interventions, start=1):
        fields[f"{_INTERVENTION}.{number}.start_us"] = ran.start_us
        if ran.end_us is not None:
            fields[f"{_INTERVENTION}.{number}.end_us"] = ran.end_us
    return fields


def with_fields(window: RegisteredWindow, new: Mapping[str, Any]) -> RegisteredWindow:
    """Return a window with some of its fields put right; an empty value takes one away."""
    fields = {**fields_of(window), **new}
    ran = tuple(
        Intervention(
            fields[f"{_INTERVENTION}.{number}.start_us"],
            fields.get(f"{_INTERVENTION}.{number}.end_us"),
        )
        for number in range(1, len(window.interventions) + 1)
    )
    operation = {key: value for key, value in fields.items() if value and "." not in key}
    return replace(window, operation=Operation.from_json(operation), interventions=ran)
