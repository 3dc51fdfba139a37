"""The catalogue: groups, products, hospitals, their sites and services, and what was agreed.

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
from collector.judge.terms import ServiceClass
from collector.judge.windowfile import DEFAULT_MAX_GAP_INTERVALS
from collector.record.contract import Contract
from collector.record.product import Contact, ContactEntry, Group, Product, WeeklyHours

ITEM_SET: Final = "catalogue.set"

_FINESS_LENGTH: Final = 9


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
    opening_hours: WeeklyHours | None = None


class Service(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A product as used at a site. Without a contract of its own, the hospital's holds."""

    service_class: ServiceClass = msgspec.field(name="class")
    checks: Annotated[dict[Name, Check], msgspec.Meta(min_length=1)]
    site: Annotated[
        Name | None, msgspec.Meta(description="May be left out when the hospital has one site.")
    ] = None
    product: Annotated[
        str, msgspec.Meta(description="A product of the catalogue, or only a name if it has none.")
    ] = ""
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
    group: Name | None = None


class HospitalEntry(Hospital, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A hospital as it is written, with its sites, services and contacts."""

    sites: Annotated[dict[Name, Site], msgspec.Meta(min_length=1)]
    services: dict[Name, Service] = {}
    contacts: Annotated[
        dict[Name, ContactEntry],
        msgspec.Meta(description="By a key that is no personal name, such as dsi or astreinte-2."),
    ] = {}


class Catalogue(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The document. Groups and products may be used by any of its hospitals."""

    hospitals: dict[Name, HospitalEntry]
    groups: dict[Name, Group] = {}
    products: dict[Name, Product] = {}


class ItemKind(StrEnum):
    """What an item of the catalogue is."""

    GROUP = "group"
    HOSPITAL = "hospital"
    CONTACT = "contact"
    PRODUCT = "product"
    SITE = "site"
    SERVICE = "service"


class ItemKey(NamedTuple):
    """The name of an item within its tenant; a hospital's own item is named like the tenant."""

    kind: ItemKind
    name: str


Value = dict[str, Any]
Items = Mapping[ItemKey, Value]


class StoredItem(NamedTuple):
    """A value of an item, and where in the log and when it was given."""

    kind: str
    name: str
    value: dict[str, Any]
    entry: int
    at_us: int


def read_catalogue(file: Path) -> dict[str, dict[ItemKey, Value]]:
    """Return the items of a catalogue file by tenant; `ConfigurationError` names what is wrong."""
    catalogue = read_file(file, Catalogue)
    try:
        return {
            tenant: dict(_items(tenant, hospital, catalogue))
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


def product_of(value: Value) -> Product:
    """Return a product from its sealed value."""
    return read_value(value, Product)


def contact_of(value: Value) -> Contact:
    """Return a contact from its sealed value."""
    return read_value(value, Contact)


def _items(
    tenant: str, hospital: HospitalEntry, catalogue: Catalogue
) -> Iterator[tuple[ItemKey, Value]]:
    place = f"hospitals.{tenant}"
    group = hospital.group
    if group is not None and group not in catalogue.groups:
        raise ConfigurationError(f"{place}.group: there is no group {group}")
    if group is not None:
        yield ItemKey(ItemKind.GROUP, group), _sealed(catalogue.groups[group])
    own = Hospital(hospital.name, hospital.finess, hospital.contract, group)
    yield ItemKey(ItemKind.HOSPITAL, tenant), _sealed(own)
    for name, contact in hospital.contacts.items():
        role = contact.role or name
        yield ItemKey(ItemKind.CONTACT, name), _sealed(msgspec.structs.replace(contact, role=role))
    for name in _products(hospital, catalogue, place):
        yield ItemKey(ItemKind.PRODUCT, name), _sealed(catalogue.products[name])
    for name, site in hospital.sites.items():
        yield ItemKey(ItemKind.SITE, name), _sealed(site)
    for name, service in hospital.services.items():
        yield (
            ItemKey(ItemKind.SERVICE, name),
            _sealed(_completed(service, hospital, f"{place}.services.{name}")),
        )


def _products(hospital: HospitalEntry, catalogue: Catalogue, place: str) -> list[str]:
    """Return the products a hospital uses; where any is described, every one must be."""
    used: dict[str, None] = {}
    for name, service in hospital.services.items():
        if not service.product or not catalogue.products:
            continue
        if service.product not in catalogue.products:
            known = ", ".join(catalogue.products)
            raise ConfigurationError(
                f"{place}.services.{name}.product: there is no product {service.product!r} among"
                f" those described: {known}"
            )
        used[service.product] = None
    return list(used)


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


def _sealed(item: msgspec.Struct) -> Value:
    value: Value = _without_none(plain(item))
    return value


def _without_none(value: Any) -> Any:  # noqa: ANN401 - a tree of builtins
    """Leave out what is None: it has no canonical form, and its absence says the same."""
    if isinstance(value, dict):
        return {key: _without_none(member) for key, member in value.items() if member is not None}
    if isinstance(value, tuple | list):
        return [_without_none(member) for member in value]
    return value
