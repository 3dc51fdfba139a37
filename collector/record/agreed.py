"""What was agreed for a service at an instant: its site, its class, its contract, its checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from collector.errors import NotFoundError
from collector.judge.calendar import public_holidays
from collector.judge.operation import Instance
from collector.judge.terms import ContractTerms, NoticeTerms, Window, WindowStatus
from collector.judge.windowfile import DEFAULT_MAX_GAP_INTERVALS
from collector.record.catalogue import (
    Hospital,
    ItemKind,
    Service,
    Site,
    StoredItem,
    hospital_of,
    product_of,
    service_of,
    site_of,
)
from collector.record.contract import Contract
from collector.record.product import Product
from collector.record.steps import RegisteredWindow
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
    product: Product | None = None
    product_entry: int | None = None

    @property
    def product_name(self) -> str:
        """The name of the product: that of its description, or what the service calls it."""
        return self.service.product if self.product is None else self.product.name

    @property
    def instance(self) -> Instance | None:
        """Whose instance of the product it is; None when nobody said."""
        return None if self.product is None else self.product.instance

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


def agreed_of(stored: Iterable[StoredItem], tenant: str, service: str) -> Agreed:
    """Return what the items in force say of a service; `NotFoundError` when there is none."""
    items = {(item.kind, item.name): item for item in stored}
    found = items.get((ItemKind.SERVICE, service))
    if found is None:
        known = ", ".join(sorted(name for kind, name in items if kind == ItemKind.SERVICE))
        raise NotFoundError(f"{tenant} has no service {service!r}; it has: {known or 'none'}")
    value = service_of(found.value)
    site = items[ItemKind.SITE, value.site or ""]
    hospital = items[ItemKind.HOSPITAL, tenant]
    product = items.get((ItemKind.PRODUCT, value.product))
    return Agreed(
        hospital_of(hospital.value),
        site_of(site.value),
        value,
        hospital.entry,
        site.entry,
        found.entry,
        product_of(product.value) if product else None,
        product.entry if product else None,
    )


def judged_window(
    window: RegisteredWindow, agreed: Agreed, panel: tuple[str, ...], as_of_us: int
) -> Window:
    """Return a window in the terms of the judge, as it is known at an instant.

    An operation that still runs counts up to that instant. After its own interventions come those
    of persons, in the same order.
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
            for ran in window.worked
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
    limits = {name: int(limit) for name, limit in contract.max_downtime.items()}
    if window.operation.limit_us is not None:
        limits[agreed.service.service_class] = window.operation.limit_us
    return ContractTerms(
        max_downtime_us=limits,
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
    return edited(public, agreed.site)


def edited(public: frozenset[date], site: Site) -> frozenset[date]:
    """Return public holidays as a site's calendar has them: with its own, without some."""
    return (public | frozenset(site.holidays.add)) - frozenset(site.holidays.remove)
