"""What a window file and its measurements say, read plainly; nothing of the product is used."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US

DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class Interval(NamedTuple):
    """Half-open, in microseconds."""

    start: int
    end: int


class Measurement(NamedTuple):
    vantage: str
    kind: str
    check: str
    start: int
    end: int
    outcome: str
    error: int


class Revision(NamedTuple):
    notified_at: int
    plan: Interval


class Notice(NamedTuple):
    amount: int
    unit: str
    counting: str


class Window(NamedTuple):
    ident: str
    timezone: str
    status: str
    as_of: int | None
    plan: Interval
    revisions: list[Revision]
    interventions: list[Interval]
    panel: list[str] | None
    limit: int
    rule: str
    return_hold: int
    quorum: int
    panel_kind: str
    notice: Notice
    holidays: set[dt.date]
    max_gaps: dict[str, int]


def instant(value: str | dt.datetime) -> int:
    """Microseconds since 1970, of an RFC 3339 string or of what YAML made of one."""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment - EPOCH) // MICROSECOND


def duration(text: str) -> int:
    """Microseconds of an ISO 8601 duration in days and smaller units."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    parts = {unit: Decimal(amount or 0) for unit, amount in found.groupdict().items()}
    minutes = (parts["days"] * 24 + parts["hours"]) * 60 + parts["minutes"]
    return int((minutes * 60 + parts["seconds"]) * SECOND_US)


def day(value: str | dt.date) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def interval(item: Mapping[str, Any]) -> Interval:
    return Interval(instant(item["start"]), instant(item["end"]))


def limit(window: Mapping[str, Any]) -> int:
    """The limit of the service's class (§7): never above four hours for a strategic one."""
    agreed = duration(window["contract"]["max_downtime"][window["service_class"]])
    if window["service_class"] == "strategic":
        return min(agreed, duration("PT4H"))
    return agreed


def max_gap(check: Mapping[str, Any]) -> int:
    return duration(check["max_gap"]) if "max_gap" in check else 3 * duration(check["interval"])


def read_window(window: Mapping[str, Any]) -> Window:
    contract = window["contract"]
    notice = contract["notice"]
    as_of = window.get("as_of")
    return Window(
        ident=window["id"],
        timezone=window["timezone"],
        status=window["status"],
        as_of=None if as_of is None else instant(as_of),
        plan=interval(window["plan"]),
        revisions=[
            Revision(instant(item["notified_at"]), interval(item))
            for item in window.get("revisions", [])
        ],
        interventions=[interval(item) for item in window.get("interventions", [])],
        panel=window.get("panel"),
        limit=limit(window),
        rule=contract.get("downtime_rule", "cumulative"),
        return_hold=duration(contract.get("return_hold", "PT5M")),
        quorum=contract.get("quorum", 1),
        panel_kind=contract.get("panel_kind", "workstation"),
        notice=Notice(notice["amount"], notice["unit"], notice.get("counting", "clear_days")),
        holidays={day(item) for item in contract.get("holidays", [])},
        max_gaps={name: max_gap(check) for name, check in window["checks"].items()},
    )


def read_measurements(lines: Iterable[Mapping[str, Any]]) -> list[Measurement]:
    return [
        Measurement(
            vantage=line["vantage"],
            kind=line.get("kind", "workstation"),
            check=line["check"],
            start=line["start_us"],
            end=line["start_us"] + line["duration_us"],
            outcome=line["outcome"],
            error=line.get("clock_error_us", 0),
        )
        for line in lines
    ]
