"""Why somebody is written to."""

from enum import StrEnum


class Occasion(StrEnum):
    """A plan, what became of it, or an outage that nobody had planned."""

    ANNOUNCED = "announced"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    OUTAGE = "outage"
    RETURN = "return"
