"""The window file: from `window.json` or `window.yaml`, already decoded, to a `Window`.

Instants are RFC 3339 with an offset, or local in the file's own `timezone` and then refused when
ambiguous or non-existent; durations are ISO 8601. What cannot be read is named by its key.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final, TypeVar

import msgspec

from collector.judge.calendar import public_holidays
from collector.judge.terms import (
    DEFAULT_CALENDAR,
    ContractTerms,
    DowntimeRule,
    NoticeCounting,
    NoticeTerms,
    NoticeUnit,
    Revision,
    ServiceClass,
    Window,
    WindowStatus,
)
from probes.model.complaint import shortened
from probes.model.instant import (
    MICROSECOND,
    local_date,
    parse_duration,
    parse_instant,
    parse_local,
    to_datetime,
    zone_named,
)
from probes.model.interval import Interval
from probes.model.measurement import VantageKind

DEFAULT_MAX_GAP_INTERVALS: Final = 3
LONGEST_NOTICE: Final = 1_000
MOST_HOLIDAYS: Final = 120  # of one year: with week-ends between, never a whole year of them
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999

_HAS_OFFSET: Final = re.compile(r"([Zz]|[+-]\d{2}:\d{2})$")
_Read = TypeVar("_Read")


class WindowFileError(ValueError):
    """A window file does not say what it must; the text begins with the key at fault."""

    def __init__(self, complaint: str) -> None:
        super().__init__(shortened(complaint))


class _Plan(msgspec.Struct):
    start: str
    end: str


class _Revision(msgspec.Struct):
    start: str
    end: str
    notified_at: str | None = None


class _Notice(msgspec.Struct):
    amount: int
    unit: NoticeUnit
    counting: NoticeCounting | None = None


class _Contract(msgspec.Struct):
    max_downtime: dict[ServiceClass, str]
    notice: _Notice
    downtime_rule: DowntimeRule = DowntimeRule.CUMULATIVE
    return_hold: str = "PT5M"
    quorum: int = 1
    panel_kind: VantageKind = VantageKind.WORKSTATION
    holidays: list[date] | None = None


class _Check(msgspec.Struct):
    interval: str
    max_gap: str | None = None


class _File(msgspec.Struct):
    id: str
    service: str
    timezone: str
    service_class: ServiceClass
    status: WindowStatus
    plan: _Plan
    contract: _Contract
    checks: dict[str, _Check]
    site: str = ""
    as_of: str | None = None
    revisions: list[_Revision] = []
    interventions: list[_Plan] | None = None
    panel: list[str] | None = None
    calendar: str = DEFAULT_CALENDAR


def read_window(document: object) -> Window:
    """Return the window a decoded file describes; `WindowFileError` names the key at fault."""
    try:
        file = msgspec.convert(document, _File)
    except msgspec.ValidationError as error:
        raise WindowFileError(_located(str(error))) from None
    return _window(file)


def unknown_keys(document: object) -> list[str]:
    """Return the keys of a decoded window file that mean nothing here, by their full path."""
    return list(_strangers(document, _File, ""))


def _window(file: _File) -> Window:
    zone = _at("timezone", zone_named, file.timezone)

    def instant(key: str, text: str) -> int:
        if _HAS_OFFSET.search(text):
            found = _at(key, parse_instant, text)
        else:
            found = _at(key, lambda local: parse_local(local, zone), text)
        # A notice is counted in days around it: they too must be in the calendar.
        if not FIRST_YEAR <= to_datetime(found).year <= LAST_YEAR:
            raise WindowFileError(f"{key}: {text} is not of the years {FIRST_YEAR} to {LAST_YEAR}")
        return found

    def interval(key: str, plan: _Plan | _Revision) -> Interval:
        found = Interval(instant(f"{key}.start", plan.start), instant(f"{key}.end", plan.end))
        if found.start >= found.end:
            raise WindowFileError(f"{key}: ends at {plan.end}, not after it starts")
        return found

    plan = interval("plan", file.plan)
    return Window(
        id=file.id,
        service=file.service,
        site=file.site,
        zone=zone,
        service_class=file.service_class,
        status=file.status,
        plan=plan,
        revisions=tuple(
            Revision(
                interval(f"revisions[{index}]", revision),
                instant(f"revisions[{index}].notified_at", revision.notified_at)
                if revision.notified_at is not None
                else None,
            )
            for index, revision in enumerate(file.revisions)
        ),
        interventions=tuple(
            interval(f"interventions[{index}]", intervention)
            for index, intervention in enumerate(file.interventions or [])
        ),
        panel=None if file.panel is None else tuple(file.panel),
        contract=_contract(file, {local_date(moment, zone).year for moment in plan}),
        max_gaps_us={name: _max_gap(name, check) for name, check in file.checks.items()},
        as_of_us=None if file.as_of is None else instant("as_of", file.as_of),
    )


def _contract(file: _File, years: set[int]) -> ContractTerms:
    contract = file.contract
    if file.service_class not in contract.max_downtime:
        raise WindowFileError(f"contract.max_downtime: has no limit for {file.service_class}")
    if contract.quorum < 1:
        raise WindowFileError(f"contract.quorum: {contract.quorum} is less than 1")
    return ContractTerms(
        max_downtime_us={
            service_class: _duration(f"contract.max_downtime.{service_class}", text)
            for service_class, text in contract.max_downtime.items()
        },
        notice=_notice(contract.notice),
        downtime_rule=contract.downtime_rule,
        return_hold_us=_duration("contract.return_hold", contract.return_hold),
        quorum=contract.quorum,
        panel_kind=contract.panel_kind,
        holidays=_holidays(file, years),
        calendar=file.calendar,
    )


def _holidays(file: _File, years: set[int]) -> frozenset[date]:
    notice, listed = file.contract.notice, file.contract.holidays
    if listed is not None:
        of_years = Counter(day.year for day in frozenset(listed))
        if of_years and max(of_years.values()) > MOST_HOLIDAYS:
            raise WindowFileError(f"contract.holidays: more than {MOST_HOLIDAYS} of one year")
        return frozenset(listed)
    if notice.unit not in {NoticeUnit.BUSINESS_DAYS, NoticeUnit.WORKING_DAYS}:
        return frozenset()
    # A notice is given before the window: the years behind it matter as much as its own.
    span = range(min(years) - 1 - notice.amount // 200, max(years) + 2)
    return _at("calendar", lambda name: public_holidays(name, span), file.calendar)


def _notice(notice: _Notice) -> NoticeTerms:
    if notice.amount < 0:
        raise WindowFileError(f"contract.notice.amount: {notice.amount} is negative")
    if notice.amount > LONGEST_NOTICE:
        raise WindowFileError(f"contract.notice.amount: is more than {LONGEST_NOTICE}")
    return NoticeTerms(notice.amount, notice.unit, notice.counting or NoticeCounting.CLEAR_DAYS)


def _max_gap(name: str, check: _Check) -> int:
    if check.max_gap is not None:
        return _duration(f"checks.{name}.max_gap", check.max_gap, least=MICROSECOND)
    interval = _duration(f"checks.{name}.interval", check.interval, least=MICROSECOND)
    return DEFAULT_MAX_GAP_INTERVALS * interval


def _duration(key: str, text: str, least: int = 0) -> int:
    duration = _at(key, parse_duration, text)
    if duration < least:
        raise WindowFileError(f"{key}: {text} is too short")
    return duration


def _at(key: str, read: Callable[[str], _Read], text: str) -> _Read:
    try:
        return read(text)
    except ValueError as error:
        raise WindowFileError(f"{key}: {error}") from None


def _located(message: str) -> str:
    """Turn a validation message into `key: what was found`."""
    complaint, _, path = message.partition(" - at `$")
    key = path.rstrip("`").lstrip(".")
    complaint = complaint[:1].lower() + complaint[1:].replace("`", "")
    missing = re.fullmatch(r"object missing required field (\w+)", complaint)
    if missing:
        return f"{key}.{missing[1]}".lstrip(".") + ": is missing"
    return f"{key}: {complaint}" if key else complaint


def _strangers(document: object, struct: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(document, list):
        for index, member in enumerate(document):
            yield from _strangers(member, struct, f"{path}[{index}]")
        return
    if not isinstance(document, dict):
        return
    nested = {"plan": _Plan, "revisions": _Revision, "interventions": _Plan, "contract": _Contract,
              "notice": _Notice}  # fmt: skip
    known = {field.name for field in msgspec.structs.fields(struct)}
    for key, member in document.items():
        place = f"{path}.{key}".lstrip(".")
        if key not in known:
            yield place
        elif key == "checks" and isinstance(member, dict):
            for name, check in member.items():
                yield from _strangers(check, _Check, f"{place}.{name}")
        elif key in nested:
            yield from _strangers(member, nested[key], place)
