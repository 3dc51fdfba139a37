"""The deliveries of a product to a hospital in a civil year, as one value."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from collector.judge.deliveries import Continuous, YearOfDeliveries


@dataclass(frozen=True, slots=True)
class DeliveriesReport:
    """The count of a year, on the clocks of the product's site; `continuous` as last agreed."""

    hospital: str
    hospital_name: str
    product: str
    product_name: str
    year: int
    zone: ZoneInfo
    continuous: Continuous | None
    found: YearOfDeliveries
