"""What came of an attempt to deliver, and when the next is made."""

from typing import Final, NamedTuple

from collector.store.letters import LetterState
from probes.model.instant import DAY, HOUR, MINUTE

_DELAYS_US: Final = (1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, 1 * HOUR)
GIVES_UP_AFTER_US: Final = 5 * DAY  # RFC 5321, section 4.5.4.1: at least four or five days


class Delivery(NamedTuple):
    """The state an attempt leaves a letter in, and what the other side said."""

    state: LetterState
    answer: str


def next_attempt_us(attempts: int, first_due_us: int, now_us: int) -> int | None:
    """Return when a letter that was not taken is tried again; None when it is given up.

    `attempts` were made so far, the first of them due at `first_due_us`.
    """
    if now_us - first_due_us >= GIVES_UP_AFTER_US:
        return None
    return now_us + _DELAYS_US[min(attempts, len(_DELAYS_US)) - 1]
