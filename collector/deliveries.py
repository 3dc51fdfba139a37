"""Load, judge, report: which versions each hospital got in a year, product by product.

A delivery belongs to the year in which its last intervention ended, on the site's clocks; a window
without one, to the year it was planned for. What was agreed of a product is taken as it stood when
the window opened.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collector.errors import NotFoundError
from collector.judge.deliveries import Continuous, Delivery, year_of_deliveries
from collector.judge.terms import WindowStatus
from collector.record.agreed import Agreed
from collector.record.catalogue import ItemKind
from collector.record.steps import RegisteredWindow, window_of
from collector.register.agreements import agreed_for
from collector.report.deliveries import DeliveriesReport
from collector.store.catalogue import items_in_force
from collector.store.pool import Connection, Pool, connected
from collector.store.tenants import TenantId, tenant_named, tenant_names
from collector.store.windows import list_windows, steps_of
from probes.model.instant import local_date


async def deliveries_of(
    pool: Pool, hospital: str | None, product: str | None, year: int, now_us: int
) -> list[DeliveriesReport]:
    """Return the reports on a year: of a hospital or of all, of a product or of all.

    `product` is its key in the catalogue or its name. `NotFoundError` when no hospital has it.
    """
    reports: list[DeliveriesReport] = []
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        for name in await tenant_names(connection) if hospital is None else [hospital]:
            tenant_id = await tenant_named(connection, name)
            reports += await _of_hospital(connection, tenant_id, name, year, now_us)
    asked = [each for each in reports if product in {None, each.product, each.product_name}]
    if product is not None and not asked:
        known = ", ".join(sorted({each.product for each in reports})) or "none"
        raise NotFoundError(f"there is no product {product!r}; there are: {known}")
    return asked


class _Placed(NamedTuple):
    """A delivery and the year it belongs to."""

    year: int
    delivery: Delivery


async def _of_hospital(
    connection: Connection, tenant_id: TenantId, hospital: str, year: int, now_us: int
) -> list[DeliveriesReport]:
    placed: dict[str, list[_Placed]] = defaultdict(list)
    for row in await list_windows(connection, tenant=hospital):
        window = window_of(hospital, await steps_of(connection, tenant_id, row.id))
        assert window is not None  # noqa: S101 - it has a row, so it has steps
        fixed_us = min(window.fixed_at_us, now_us)
        agreed = await agreed_for(connection, tenant_id, hospital, window.service, by_us=fixed_us)
        placed[_product(agreed, window.service)].append(_place(window, agreed))
    latest: dict[str, Agreed] = {}
    for item in await items_in_force(connection, tenant_id):
        if item.kind == ItemKind.SERVICE:
            agreed = await agreed_for(connection, tenant_id, hospital, item.name)
            latest.setdefault(_product(agreed, item.name), agreed)
    return [
        _report(hospital, product, agreed, placed[product], year)
        for product, agreed in sorted(latest.items())
    ]


def _product(agreed: Agreed, service: str) -> str:
    """Return the key of a service's product; a service of no product is its own."""
    return agreed.service.product or service


def _place(window: RegisteredWindow, agreed: Agreed) -> _Placed:
    delivered_us = _delivered_at(window)
    at_us = window.plan.start if delivered_us is None else delivered_us
    operation = window.operation
    return _Placed(
        local_date(at_us, agreed.zone).year,
        Delivery(
            window=window.id,
            service=window.service,
            delivered_at_us=delivered_us,
            version_from=operation.version_from,
            version_to=operation.version_to,
            kind=operation.version_kind,
            exclusion=operation.exclusion,
            pilot=operation.pilot,
            continuous=_continuous(agreed),
            operation=operation.id,
        ),
    )


def _delivered_at(window: RegisteredWindow) -> int | None:
    """Return when the last intervention ended; None while one runs, and when there was none."""
    if window.status is WindowStatus.CANCELLED or not window.interventions:
        return None
    return window.interventions[-1].end_us


def _continuous(agreed: Agreed) -> Continuous | None:
    described = None if agreed.product is None else agreed.product.continuous
    if described is None:
        return None
    return Continuous(described.periodicity, described.client_activates)


def _report(
    hospital: str, product: str, agreed: Agreed, placed: Sequence[_Placed], year: int
) -> DeliveriesReport:
    this_year = [each.delivery for each in placed if each.year == year]
    earlier = [each.delivery for each in placed if each.year < year]
    return DeliveriesReport(
        hospital=hospital,
        hospital_name=agreed.hospital.name,
        product=product,
        product_name=agreed.product_name or product,
        year=year,
        zone=ZoneInfo(agreed.site.timezone),
        continuous=_continuous(agreed),
        found=year_of_deliveries(this_year, earlier),
    )
