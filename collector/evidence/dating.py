"""Which time stamps count for a window, and what they say of its steps.

Each step that wants one has the earliest stamp over it, and the log has its last. The tokens are in
the entries of the register; a bundle has the checkpoints they are of.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from collector.evidence.account import Stated
from collector.evidence.stamp import Stamp
from collector.record.stamped import (
    CHECKPOINT_STAMPED,
    LATE_AFTER_US,
    WANTED,
    first_over,
    stamped_of,
)


class Dated(NamedTuple):
    """How many steps of a window want a time stamp, have one that is late, or have none."""

    wanted: int
    late: int
    undated: int


def tokens_for(window_id: str, stated: Sequence[Stated]) -> dict[int, bytes]:
    """Return the tokens that count for a window, by the size of the checkpoint they are of."""
    stamps = [
        stamped_of(each.entry.body) for each in stated if each.entry.kind == CHECKPOINT_STAMPED
    ]
    over = first_over((each.place for each in _wanting(window_id, stated)), stamps)
    return {stamp.size: stamp.token for stamp in (*stamps[-1:], *over.values())}


def dated(window_id: str, stated: Sequence[Stated], shown: Mapping[int, Stamp]) -> Dated:
    """Return what verified stamps, by the size of their checkpoint, show of a window's steps."""
    wanting = _wanting(window_id, stated)
    late = undated = 0
    for step in wanting:
        at_us = min(
            (stamp.at_us for size, stamp in shown.items() if size > step.place), default=None
        )
        if at_us is None:
            undated += 1
        elif at_us - step.entry.at_us > LATE_AFTER_US:
            late += 1
    return Dated(len(wanting), late, undated)


def _wanting(window_id: str, stated: Sequence[Stated]) -> list[Stated]:
    return [
        each
        for each in stated
        if each.entry.kind in WANTED and each.entry.body["window"] == window_id
    ]
