"""What was agreed for a service at an instant: its site, its class, its contract, its checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from collector.errors import NotFoundError
from collector.judge.calendar import public_holidays
from collector.judge.terms import ContractTerms, NoticeTerms, Window, WindowStatus
from collector.judge.windowfile import DEFAULT_MAX_GAP_INTERVALS
from collector.register.catalogue import (
    Contract,
    Hospital,
    ItemKind,
    Service,
    Site,
    hospital_of,
    service_of,
    site_of,
)
from collector.register.steps import RegisteredWindow
from collector.store.catalogue import StoredItem, items_in_force
from collector.store.pool import Connection
from collector.store.tenants import TenantId, tenant_named
from probes.model.instant import local_date
from probes.model.interval import Interval


@dataclass(frozen=True, slots=True)
class Agreed:
    """The items in force for a service, and the entries of the log that gave them."""

    hospital: Hospital
    site: Site
    service: Service
    hospital_entry: int
    site_entry: int
    service_entry: int

    @property
    def contract(self) -> Contract:
        """The contract of the service, or else of its hospital."""
        contract = self.service.contract or self.hospital.contract
        if contract is None:
            raise ValueError("a service without a contract")
        return contract

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the site."""
        return ZoneInfo(self.site.timezone)


async def agreed_for(
    connection: Connection,
    tenant_id: TenantId,
    tenant: str,
    service: str,
    *,
    by_us: int | None = None,
) -> Agreed:
    """Return what was last agreed for a service, or last by an instant."""
    stored = await items_in_force(connection, tenant_id, by_us=by_us)
    return _agreed(stored, tenant, service)


async def zone_of(connection: Connection, hospital: str, service: str) -> ZoneInfo:
    """Return the zone in which local times of a service are read."""
    tenant_id = await tenant_named(connection, hospital)
    return (await agreed_for(connection, tenant_id, hospital, service)).zone


def _agreed(stored: Iterable[StoredItem], tenant: str, service: str) -> Agreed:
    items = {(item.kind, item.name): item for item in stored}
    found = items.get((ItemKind.SERVICE, service))
    if found is None:
        known = ", ".join(sorted(name for kind, name in items if kind == ItemKind.SERVICE))
        raise NotFoundError(f"{tenant} has no service {service!r}; it has: {known or 'none'}")
    value = service_of(found.value)
    site = items[ItemKind.SITE, value.site or ""]
    hospital = items[ItemKind.HOSPITAL, tenant]
    return Agreed(
        hospital_of(hospital.value),
        site_of(site.value),
        value,
        hospital.entry,
        site.entry,
        found.entry,
    )


def judged_window(
    window: RegisteredWindow, agreed: Agreed, panel: tuple[str, ...], as_of_us: int
) -> Window:
    """Return a window in the terms of the judge, as it is known at an instant.

    An operation that still runs counts up to that instant.
    """
    return Window(
        id=window.id,
        service=window.service,
        site=agreed.service.site or "",
        zone=agreed.zone,
        service_class=agreed.service.service_class,
        status=WindowStatus(window.status),
        plan=window.plan,
        revisions=window.revisions,
        interventions=tuple(
            Interval(
                ran.start_us, max(ran.start_us + 1, as_of_us if ran.end_us is None else ran.end_us)
            )
            for ran in window.interventions
        ),
        panel=panel,
        contract=_terms(agreed, window),
        max_gaps_us={
            name: check.max_gap or DEFAULT_MAX_GAP_INTERVALS * check.interval
            for name, check in agreed.service.checks.items()
        },
        as_of_us=as_of_us,
    )


def _terms(agreed: Agreed, window: RegisteredWindow) -> ContractTerms:
    contract = agreed.contract
    return ContractTerms(
        max_downtime_us={name: int(limit) for name, limit in contract.max_downtime.items()},
        notice=NoticeTerms(contract.notice.amount, contract.notice.unit, contract.notice.counting),
        downtime_rule=contract.downtime_rule,
        return_hold_us=int(contract.return_hold),
        quorum=contract.quorum,
        panel_kind=contract.panel_kind,
        holidays=closed_days(agreed, window),
        calendar=agreed.site.calendar,
    )


def closed_days(agreed: Agreed, window: RegisteredWindow) -> frozenset[date]:
    """Return the site's holidays from the first notice of a window, or long before, to its end."""
    instants = [window.announced_at_us, *window.plan]
    instants += [bound for revision in window.revisions for bound in revision.plan]
    years = [local_date(instant, agreed.zone).year for instant in instants]
    before = 1 + agreed.contract.notice.amount // 200
    public = public_holidays(agreed.site.calendar, range(min(years) - before, max(years) + 2))
    edited = agreed.site.holidays
    return (public | frozenset(edited.add)) - frozenset(edited.remove)
