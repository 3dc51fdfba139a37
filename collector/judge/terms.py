"""What was agreed and announced: the contract's terms, the window, its revisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from probes.model.instant import DAY, HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.measurement import VantageKind

STRATEGIC_LIMIT_US = 4 * HOUR
HORIZON_MARGIN_US = DAY
DEFAULT_CALENDAR: Final = "FR"


class ServiceClass(StrEnum):
    """The three classes of the QHN referential, section 4.2.4."""

    STRATEGIC = "strategic"
    STANDARD = "standard"
    LOW = "low"


class DowntimeRule(StrEnum):
    """Which figure of a window is judged (rules, section 7)."""

    CUMULATIVE = "cumulative"
    LONGEST = "longest"
    SPAN = "span"


class WindowStatus(StrEnum):
    """How far a window has come."""

    ANNOUNCED = "announced"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class NoticeUnit(StrEnum):
    """What the amount of a notice counts (rules, section 8)."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    WORKING_DAYS = "working_days"


class NoticeCounting(StrEnum):
    """How days of notice are counted (rules, section 8)."""

    CLEAR_DAYS = "clear_days"
    ELAPSED = "elapsed"


class Periodicity(StrEnum):
    """How often something is looked at or delivered, in periods of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """The notice a contract asks for; `counting` says nothing for hours."""

    amount: int
    unit: NoticeUnit
    counting: NoticeCounting


@dataclass(frozen=True, slots=True)
class ContractTerms:
    """What vendor and hospital agreed. Durations in microseconds.

    `holidays` are the days that count; `calendar` is the one they were taken from, for their names.
    """

    max_downtime_us: Mapping[ServiceClass, int]
    notice: NoticeTerms
    downtime_rule: DowntimeRule = DowntimeRule.CUMULATIVE
    return_hold_us: int = 5 * MINUTE
    quorum: int = 1
    panel_kind: VantageKind = VantageKind.WORKSTATION
    holidays: frozenset[date] = frozenset()
    calendar: str = DEFAULT_CALENDAR

    def limit_us(self, service_class: ServiceClass) -> int:
        """Return the limit of a class; a strategic one is never above four hours (§4.2.4)."""
        agreed = self.max_downtime_us[service_class]
        if service_class is ServiceClass.STRATEGIC:
            return min(agreed, STRATEGIC_LIMIT_US)
        return agreed


@dataclass(frozen=True, slots=True)
class Revision:
    """One announced plan and the instant it was notified; None when it never was."""

    plan: Interval
    notified_at_us: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """A planned operation on one service at one site, as it is known when it is judged.

    `panel` is the roster of vantage points that count, None for every one of the contract's kind.
    `max_gaps_us` holds the mandatory checks, each with its `max_gap`. `as_of_us` is the instant up
    to which things are known, None for the end of the horizon.
    """

    id: str
    service: str
    site: str
    zone: ZoneInfo
    service_class: ServiceClass
    status: WindowStatus
    plan: Interval
    revisions: tuple[Revision, ...]
    interventions: tuple[Interval, ...]
    panel: tuple[str, ...] | None
    contract: ContractTerms
    max_gaps_us: Mapping[str, int]
    as_of_us: int | None = None

    @property
    def hull(self) -> Interval:
        """The window: from the first start to the last end of its plan and its interventions."""
        bounds = (self.plan, *self.interventions)
        return Interval(min(b.start for b in bounds), max(b.end for b in bounds))

    @property
    def horizon(self) -> Interval:
        """The interval data are read from, empty when `as_of` precedes it (rules, section 7)."""
        hull = self.hull
        start, end = hull.start - HORIZON_MARGIN_US, hull.end + HORIZON_MARGIN_US
        return Interval(start, end if self.as_of_us is None else min(end, self.as_of_us))

    @property
    def known_until_us(self) -> int:
        """The instant up to which things are known."""
        return self.horizon.end if self.as_of_us is None else self.as_of_us

    @property
    def limit_us(self) -> int:
        """The limit that applies, in microseconds."""
        return self.contract.limit_us(self.service_class)
