"""The verdicts: on the duration of a window, and the one exit code several findings make."""

from enum import StrEnum

from collector.judge.notice import NoticeVerdict
from collector.judge.terms import Window, WindowStatus
from collector.judge.window import Bounds, Regulated


class DurationVerdict(StrEnum):
    """What the figures say of the limit (rules, section 7)."""

    COMPLIANT = "compliant"
    BREACH = "breach"
    INCONCLUSIVE = "inconclusive"
    PENDING = "pending"


def duration_verdict(bounds: Bounds, limit_us: int) -> DurationVerdict:
    """Return the verdict on bounds; exactly the limit is compliant."""
    if bounds.upper_us <= limit_us:
        return DurationVerdict.COMPLIANT
    if bounds.lower_us > limit_us:
        return DurationVerdict.BREACH
    return DurationVerdict.INCONCLUSIVE


def is_settled(window: Window, regulated: Regulated) -> bool:
    """Return whether the window is closed and nothing can still join its last outage."""
    if window.status is not WindowStatus.CLOSED:
        return False
    known_until = window.horizon.end if window.as_of_us is None else window.as_of_us
    last = regulated.outages.hull
    return last is None or known_until >= last.end + window.contract.return_hold_us


def exit_code(duration: DurationVerdict, notice: NoticeVerdict) -> int:
    """Return 3 for a breach of duration or notice, else 4 while undecided, else 0."""
    if duration is DurationVerdict.BREACH or notice is not NoticeVerdict.RESPECTED:
        return 3
    return 0 if duration is DurationVerdict.COMPLIANT else 4
