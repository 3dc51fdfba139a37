"""Which outages that nobody announced people must be told of (§4.1.2), and which are over.

An alarm rests on proven-down time, never on silence: a panel that falls silent raises none. Outages
less than `return_hold` apart are one (rules, section 6), so a service that flaps is told once, and
its return only when it has held.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from collector.judge.outage import Outage
from probes.model.instant import MINUTE, SECOND, format_instant
from probes.model.interval import Interval, IntervalSet

# Seven failures in a row of every panel at the usual 10 s: no hiccup, and soon enough to call.
LEAST_PROVEN_US: Final = MINUTE


class Alarm(NamedTuple):
    """An outage to be told: where it may extend, when it was first proven, how long in all.

    `is_over` says that the service came back at the end of `span` and has held since.
    """

    span: Interval
    proven_start_us: int
    proven_us: int
    is_over: bool


def alarms(outages: Iterable[Outage], return_hold_us: int, now_us: int) -> list[Alarm]:
    """Return the outages, in order, that were proven for long enough to be told."""
    found = list(outages)
    proven = IntervalSet(piece for outage in found for piece in outage.proven)
    spans = IntervalSet(outage.span for outage in found).close_gaps(return_hold_us)
    return [
        Alarm(span, pieces.hull.start, pieces.length, now_us - span.end >= return_hold_us)
        for span in spans
        for pieces in [proven.clip(span)]
        if pieces.hull is not None and pieces.length >= LEAST_PROVEN_US
    ]


def alarm_name(subject: str, start_us: int) -> str:
    """Return the name of an alarm: what it is about, and the second from which it holds."""
    second = format_instant(start_us // SECOND * SECOND)
    return f"{subject}-{''.join(c for c in second if c.isalnum())}"
