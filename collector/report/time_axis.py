"""Where an axis of time has its marks: at round times of the site's own clocks.

Pure. Marks are instants, so an hour that the clocks show twice has two of them, each with the
abbreviation that tells which, and one that they jump over has none.
"""

from datetime import tzinfo
from typing import Final, NamedTuple

from collector.report.days import short_day_text
from collector.report.durations import Language
from probes.model.instant import DAY, HOUR, MINUTE, SECOND, to_datetime
from probes.model.interval import Interval

_MOST: Final = 10
_STEPS: Final = (
    *(seconds * SECOND for seconds in (1, 2, 5, 10, 15, 30)),
    *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * HOUR for hours in (1, 2, 3, 6, 12)),
    DAY,
)
_QUARTER: Final = 15 * MINUTE


class Tick(NamedTuple):
    """A mark: its instant, the time of day there, and the day with its zone where that is new."""

    instant: int
    clock: str
    day: str


def ticks(shown: Interval, zone: tzinfo, language: Language) -> list[Tick]:
    """Return the marks of an interval, as close as can be read, on the zone's clocks."""
    step = _step(shown)
    clock = "%H:%M:%S" if step < MINUTE else "%H:%M"
    marks: list[Tick] = []
    named = ""
    for instant in _round_instants(shown, step, zone):
        day = short_day_text(instant, zone, language)
        said = to_datetime(instant, zone).strftime(clock)
        marks.append(Tick(instant, said, "" if day == named else day))
        named = day
    return marks


def _step(shown: Interval) -> int:
    """Return how far apart marks are."""
    for step in _STEPS:
        if shown.length <= _MOST * step:
            return step
    return -(-shown.length // (_MOST * DAY)) * DAY


def _round_instants(shown: Interval, step: int, zone: tzinfo) -> list[int]:
    grain = min(step, _QUARTER)  # offsets from UTC are whole quarters of an hour
    first = -(-shown.start // grain) * grain
    return [
        instant
        for instant in range(first, shown.end + 1, grain)
        if _local(instant, zone) % step == 0
    ]


def _local(instant: int, zone: tzinfo) -> int:
    """Return what a zone's clocks show, in microseconds since their own 1970."""
    offset = to_datetime(instant, zone).utcoffset()
    return instant + (0 if offset is None else int(offset.total_seconds()) * (HOUR // 3600))
