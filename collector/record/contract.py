"""What vendor and hospital agree on, as it is written in the catalogue."""

from typing import Annotated, Final

import msgspec

from collector.configuration import Duration, Share
from collector.judge.terms import (
    DowntimeRule,
    NoticeCounting,
    NoticeUnit,
    Periodicity,
    ServiceClass,
)
from collector.record.product import WeeklyHours
from probes.model.instant import MINUTE
from probes.model.measurement import VantageKind

DEFAULT_RETURN_HOLD: Final = Duration(5 * MINUTE)


class Notice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How long before an operation the hospital must be told (rules, section 8)."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    unit: NoticeUnit
    counting: NoticeCounting = NoticeCounting.CLEAR_DAYS


class Availability(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The availability rate that was agreed, and over which periods it is looked at."""

    target: Share
    period: Periodicity = Periodicity.MONTH
    hours: Annotated[
        WeeklyHours | None, msgspec.Meta(description="Service hours; always if left out.")
    ] = None


class Contract(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What vendor and hospital agreed for a service (rules, sections 5 to 8)."""

    max_downtime: Annotated[
        dict[ServiceClass, Duration],
        msgspec.Meta(description="Limit by class; strategic is never above PT4H."),
    ]
    notice: Notice
    downtime_rule: DowntimeRule = DowntimeRule.CUMULATIVE
    return_hold: Duration = msgspec.field(default_factory=lambda: DEFAULT_RETURN_HOLD)
    quorum: Annotated[int, msgspec.Meta(ge=1)] = 1
    panel_kind: VantageKind = VantageKind.WORKSTATION
    availability: Availability | None = None
    penalties: Annotated[
        bool | None, msgspec.Meta(description="Whether the contract has penalties.")
    ] = None
