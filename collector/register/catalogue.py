"""The catalogue: hospitals, their sites and services, and what was agreed for each.

It is written as a YAML document and kept as items, each sealed in the log in its document form with
the defaults filled in; a change of an item is a new entry, and a window is judged by the items in
force before it opened.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from collector.configuration import (
    CalendarName,
    Duration,
    Name,
    ZoneName,
    json_schema,
    plain,
    read_file,
    read_value,
)
from collector.errors import ConfigurationError
from collector.judge.terms import DowntimeRule, NoticeCounting, NoticeUnit, ServiceClass
from collector.judge.windowfile import DEFAULT_MAX_GAP_INTERVALS
from probes.model.instant import MINUTE
from probes.model.measurement import VantageKind

DEFAULT_RETURN_HOLD: Final = Duration(5 * MINUTE)

_FINESS_LENGTH: Final = 9


class Notice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How long before an operation the hospital must be told (rules, section 8)."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    unit: NoticeUnit
    counting: NoticeCounting = NoticeCounting.CLEAR_DAYS


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


class Check(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A mandatory check of a service; `max_gap` is three intervals unless said otherwise."""

    interval: Duration
    max_gap: Duration | None = None


class Holidays(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the site's calendar has beyond, or without, the public holidays of its name."""

    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()


class Site(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A place within a hospital, with its clocks and its calendar."""

    timezone: ZoneName
    name: str = ""
    calendar: CalendarName = msgspec.field(default_factory=lambda: CalendarName("FR"))
    holidays: Holidays = Holidays()


class Service(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A product as used at a site. Without a contract of its own, the hospital's holds."""

    service_class: ServiceClass = msgspec.field(name="class")
    checks: Annotated[dict[Name, Check], msgspec.Meta(min_length=1)]
    site: Annotated[
        Name | None, msgspec.Meta(description="May be left out when the hospital has one site.")
    ] = None
    product: str = ""
    contract: Contract | None = None
    panel: Annotated[
        tuple[str, ...] | None,
        msgspec.Meta(description="Vantage points that count; all of the panel kind if left out."),
    ] = None


class Hospital(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A hospital, the tenant of everything measured in it."""

    name: str
    finess: str = ""
    contract: Contract | None = None


class HospitalEntry(Hospital, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A hospital as it is written, with its sites and services."""

    sites: Annotated[dict[Name, Site], msgspec.Meta(min_length=1)]
    services: dict[Name, Service] = {}


class Catalogue(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The document."""

    hospitals: dict[Name, HospitalEntry]


class ItemKind(StrEnum):
    """What an item of the catalogue is."""

    HOSPITAL = "hospital"
    SITE = "site"
    SERVICE = "service"


class ItemKey(NamedTuple):
    """The name of an item within its tenant; a hospital's own item is named like the tenant."""

    kind: ItemKind
    name: str


Value = dict[str, Any]
Items = Mapping[ItemKey, Value]

_FORMS: Final[dict[ItemKind, type[Hospital | Site | Service]]] = {
    ItemKind.HOSPITAL: Hospital,
    ItemKind.SITE: Site,
    ItemKind.SERVICE: Service,
}


def read_catalogue(file: Path) -> dict[str, dict[ItemKey, Value]]:
    """Return the items of a catalogue file by tenant; `ConfigurationError` names what is wrong."""
    catalogue = read_file(file, Catalogue)
    try:
        return {
            tenant: dict(_items(tenant, hospital))
            for tenant, hospital in catalogue.hospitals.items()
        }
    except ConfigurationError as error:
        raise ConfigurationError(f"cannot read {file}: {error}") from None


def catalogue_schema() -> dict[str, Any]:
    """Return the JSON Schema of a catalogue file."""
    return json_schema(Catalogue, "Catalogue of Constat")


def finess_fault(finess: str) -> str | None:
    """Return what is odd about a FINESS number: a reason to warn, never to refuse."""
    if not finess:
        return None
    if len(finess) != _FINESS_LENGTH or not finess.isascii() or not finess.isalnum():
        return f"{finess!r} is not a FINESS number of 9 characters"
    digits = [int(character, 36) for character in finess]
    if not all(digit < 10 for digit in digits):  # noqa: PLR2004 - Corsica writes 2A, 2B
        return None
    # The ninth digit is a Luhn check digit over the first eight.
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    if (sum(doubled) + sum(digits[-1::-2])) % 10:
        return f"{finess!r} has a wrong check digit for a FINESS number"
    return None


def hospital_of(value: Value) -> Hospital:
    """Return a hospital from its sealed value."""
    return read_value(value, Hospital)


def site_of(value: Value) -> Site:
    """Return a site from its sealed value."""
    return read_value(value, Site)


def service_of(value: Value) -> Service:
    """Return a service from its sealed value."""
    return read_value(value, Service)


def _items(tenant: str, hospital: HospitalEntry) -> Iterator[tuple[ItemKey, Value]]:
    place = f"hospitals.{tenant}"
    own = Hospital(hospital.name, hospital.finess, hospital.contract)
    yield ItemKey(ItemKind.HOSPITAL, tenant), _sealed(own)
    for name, site in hospital.sites.items():
        yield ItemKey(ItemKind.SITE, name), _sealed(site)
    for name, service in hospital.services.items():
        yield (
            ItemKey(ItemKind.SERVICE, name),
            _sealed(_completed(service, hospital, f"{place}.services.{name}")),
        )


def _completed(service: Service, hospital: HospitalEntry, place: str) -> Service:
    """Return a service with its site filled in; refuse what its contract cannot judge."""
    site = service.site
    if site is None and len(hospital.sites) == 1:
        site = next(iter(hospital.sites))
    if site is None:
        raise ConfigurationError(f"{place}.site: is missing, and the hospital has several sites")
    if site not in hospital.sites:
        raise ConfigurationError(f"{place}.site: there is no site {site}")
    contract = service.contract or hospital.contract
    if contract is None:
        raise ConfigurationError(f"{place}.contract: is missing, and the hospital has none either")
    if service.service_class not in contract.max_downtime:
        raise ConfigurationError(
            f"{place}.class: the contract has no max_downtime for {service.service_class}"
        )
    checks = {
        name: _gapped(check, f"{place}.checks.{name}") for name, check in service.checks.items()
    }
    return msgspec.structs.replace(service, site=site, checks=checks)


def _gapped(check: Check, place: str) -> Check:
    """Return a check with its default gap filled in (rules, section 3)."""
    if check.interval == 0:
        raise ConfigurationError(f"{place}.interval: must be longer than nothing")
    gap = check.max_gap or Duration(DEFAULT_MAX_GAP_INTERVALS * check.interval)
    if gap < check.interval:
        raise ConfigurationError(f"{place}.max_gap: is shorter than the interval")
    return Check(check.interval, gap)


def _sealed(item: Hospital | Site | Service) -> Value:
    value: Value = _without_none(plain(item))
    return value


def _without_none(value: Any) -> Any:  # noqa: ANN401 - a tree of builtins
    """Leave out what is None: it has no canonical form, and its absence says the same."""
    if isinstance(value, dict):
        return {key: _without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, tuple | list):
        return [_without_none(member) for member in value]
    return value
