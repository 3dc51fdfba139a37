"""A service's availability over periods, as one value: what was agreed, and what was measured."""

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collector.judge.availability import Availability
from collector.judge.periods import Period
from collector.judge.terms import Periodicity, ServiceClass


class Guarantee(NamedTuple):
    """What the contract says of the indicator; None for what it does not say (HDS, EXI 21)."""

    level_ppm: int | None
    periodicity: Periodicity | None
    penalties: bool | None
    has_hours: bool


class MeasuredPeriod(NamedTuple):
    """A period and what was found of it, as far as it has passed; None without service hours."""

    period: Period
    found: Availability | None

    @property
    def is_over(self) -> bool:
        """Whether all of the period was measured; the rest is still to come otherwise."""
        return self.found is None or self.found.period.end == self.period.interval.end


@dataclass(frozen=True, slots=True)
class AvailabilityReport:
    """The availability of one service over periods, in order, as known at an instant."""

    hospital: str
    hospital_name: str
    site: str
    zone: ZoneInfo
    service: str
    service_class: ServiceClass
    product: str
    guarantee: Guarantee
    panel: tuple[str, ...]
    measured: tuple[MeasuredPeriod, ...]
    known_until_us: int
