"""Why somebody is written to."""

from enum import StrEnum


class Occasion(StrEnum):
    """A plan, what became of it, an outage that nobody had planned, or a silence."""

    ANNOUNCED = "announced"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    OUTAGE = "outage"
    RETURN = "return"
    SILENCE = "silence"
    HEARD = "heard"
