"""Worlds drawn on a time axis, so that a person can add them up.

A scenario is a folder named *world_and_expectation* that holds

- `window.yaml`, the window, in the form `constat assess` reads;
- `axis.txt`, what every check saw, one character a probe;
- `expected.yaml`, the figures that matter, worked by hand, with the sum in its comments;
- `assessment.json`, the whole answer, kept as it was and compared at every run.

In `axis.txt` a line `@ 2026-11-14T21:00:00+01:00 every PT10M` sets the first probe and the step of
the rows after it, with optional `lasting PT2S` and `clock PT1S` for the duration and the clock
error. A row is `vantage check UUDDU`, with `U` up, `G` degraded, `D` down, `X` unknown and `.` for
a probe that was never made; blanks between the letters only help the eye. A vantage point written
`name:server` is of that kind. `#` starts a comment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from probes.model.batch import OUTCOMES
from probes.model.failure import Failure, Operation
from probes.model.instant import parse_duration, parse_instant
from probes.model.measurement import Measurement, Outcome, VantageKind

FAILURES = {
    Outcome.DOWN: (Failure.CONNECTION_REFUSED, Operation.CONNECT),
    Outcome.UNKNOWN: (Failure.STALL, Operation.SCHEDULE),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """Where rows start, how far apart their probes are, and how long and how sure each is."""

    start_us: int
    step_us: int
    lasting_us: int = 0
    clock_us: int = 0


def read_axis(path: Path) -> Iterator[Measurement]:
    """Yield the measurements a drawing stands for."""
    axis: Axis | None = None
    for line in path.read_text("utf-8").splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] == "@":
            axis = _axis(words[1:])
            continue
        assert axis is not None, f"{path}: a row comes before the first @"
        vantage, check, *letters = words
        yield from _row(axis, vantage, check, "".join(letters))


def _axis(words: list[str]) -> Axis:
    start, _, step, *options = words
    axis = Axis(parse_instant(start), parse_duration(step))
    for option, value in zip(options[::2], options[1::2], strict=True):
        match option:
            case "lasting":
                axis = replace(axis, lasting_us=parse_duration(value))
            case "clock":
                axis = replace(axis, clock_us=parse_duration(value))
            case _:
                raise AssertionError(option)
    return axis


def _row(axis: Axis, vantage: str, check: str, letters: str) -> Iterator[Measurement]:
    name, _, kind = vantage.partition(":")
    for index, letter in enumerate(letters):
        if letter == ".":
            continue
        outcome = OUTCOMES[letter]
        failure, operation = FAILURES.get(outcome, (None, None))
        yield Measurement(
            start_us=axis.start_us + index * axis.step_us,
            duration_us=axis.lasting_us,
            outcome=outcome,
            vantage=name,
            check=check,
            kind=VantageKind(kind) if kind else VantageKind.WORKSTATION,
            clock_error_us=axis.clock_us,
            failure=failure,
            operation=operation,
        )
