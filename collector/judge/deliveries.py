"""How many versions of a product a client got in a year, and which of them count (rules, 11).

At most one major and seven intermediate versions a civil year. Left out are what was never put into
production, what §4.1.7 excludes, patches, versions of a product in continuous development, and a
version that the client got already: one version over several windows is one delivery. What nobody
classed could be either, so it makes the verdict undecided where it matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from collector.judge.operation import Exclusion, VersionKind
from collector.judge.terms import Periodicity

MOST_MAJOR: Final = 1
MOST_INTERMEDIATE: Final = 7


class Continuous(NamedTuple):
    """What was agreed on continuous development: both are needed for an exemption (§4.1.7)."""

    periodicity: Periodicity | None
    client_activates: bool

    @property
    def is_exempt(self) -> bool:
        """Whether the limit on versions does not apply."""
        return self.periodicity is not None and self.client_activates


@dataclass(frozen=True, slots=True)
class Delivery:
    """One window as far as deliveries ask; None for what was not said.

    `delivered_at_us` is when its version was put into production, None when it never was.
    `continuous` is what was agreed before the window opened. `operation` is an id that it shares
    with other windows of the same delivery.
    """

    window: str
    service: str
    delivered_at_us: int | None
    version_from: str | None = None
    version_to: str | None = None
    kind: VersionKind | None = None
    exclusion: Exclusion | None = None
    pilot: bool = False
    continuous: Continuous | None = None
    operation: str | None = None


class Counting(StrEnum):
    """Whether a delivery counts, and if not, why."""

    COUNTED = "counted"
    UNCLASSED = "unclassed"
    NOT_DELIVERED = "not_delivered"
    EXCLUDED = "excluded"
    CONTINUOUS = "continuous"
    PATCH = "patch"
    REPEATED = "repeated"


class DeliveriesVerdict(StrEnum):
    """What the count says of the limit; undecided as long as versions that matter are unclassed."""

    WITHIN = "within"
    EXCEEDED = "exceeded"
    UNDECIDED = "undecided"


class PilotVerdict(StrEnum):
    """Whether the year's evaluation at a pilot site is in these windows (§4.1.4).

    `missing` says that none is among them: it may have been at another client's.
    """

    DONE = "done"
    MISSING = "missing"
    NOT_DUE = "not_due"


class Counted(NamedTuple):
    """A delivery and what became of it in the count."""

    delivery: Delivery
    counting: Counting


@dataclass(frozen=True, slots=True)
class YearOfDeliveries:
    """The deliveries of a product to a client in a year, in order, and what they come to."""

    counted: tuple[Counted, ...]

    @property
    def majors(self) -> int:
        """How many major versions count."""
        return self._count(VersionKind.MAJOR)

    @property
    def intermediates(self) -> int:
        """How many intermediate versions count."""
        return self._count(VersionKind.INTERMEDIATE)

    @property
    def unclassed(self) -> int:
        """How many versions would count if it were known what they are."""
        return sum(each.counting is Counting.UNCLASSED for each in self.counted)

    @property
    def verdict(self) -> DeliveriesVerdict:
        """What the count says of the limit."""
        if self.majors > MOST_MAJOR or self.intermediates > MOST_INTERMEDIATE:
            return DeliveriesVerdict.EXCEEDED
        room = MOST_MAJOR - self.majors, MOST_INTERMEDIATE - self.intermediates
        if self.unclassed > sum(room):
            return DeliveriesVerdict.EXCEEDED
        if self.unclassed > min(room):
            return DeliveriesVerdict.UNDECIDED
        return DeliveriesVerdict.WITHIN

    @property
    def pilots(self) -> tuple[Delivery, ...]:
        """The deliveries that were evaluations at a pilot site."""
        return tuple(delivery for delivery in self._delivered() if delivery.pilot)

    @property
    def pilot_verdict(self) -> PilotVerdict:
        """Whether an evaluation was due, which any version but a patch makes it, and is there."""
        if self.pilots:
            return PilotVerdict.DONE
        evolved = any(delivery.kind is not VersionKind.PATCH for delivery in self._delivered())
        return PilotVerdict.MISSING if evolved else PilotVerdict.NOT_DUE

    def _delivered(self) -> Iterable[Delivery]:
        return (each.delivery for each in self.counted
                if each.counting is not Counting.NOT_DELIVERED)  # fmt: skip

    def _count(self, kind: VersionKind) -> int:
        return sum(
            each.counting is Counting.COUNTED and each.delivery.kind is kind
            for each in self.counted
        )


def year_of_deliveries(
    deliveries: Sequence[Delivery], earlier: Sequence[Delivery] = ()
) -> YearOfDeliveries:
    """Return what the deliveries of a year come to, in the order they were put into production.

    `earlier` are those of the years before: a version that came then does not come again. What was
    never put into production stands last.
    """
    seen = {_version(delivery) for delivery in earlier if delivery.delivered_at_us is not None}
    counted: list[Counted] = []
    for delivery in sorted(deliveries, key=_order):
        counted.append(Counted(delivery, _counting(delivery, seen)))
        if delivery.delivered_at_us is not None:
            seen.add(_version(delivery))
    return YearOfDeliveries(tuple(counted))


def _order(delivery: Delivery) -> tuple[bool, int, str]:
    at_us = delivery.delivered_at_us
    return (at_us is None, at_us or 0, delivery.window)


def _version(delivery: Delivery) -> tuple[str, str]:
    """Return what makes a delivery the same as another: its version, else its operation."""
    if delivery.version_to is not None:
        return ("version", delivery.version_to)
    if delivery.operation is not None:
        return ("operation", delivery.operation)
    return ("window", delivery.window)


def _counting(delivery: Delivery, seen: set[tuple[str, str]]) -> Counting:
    if delivery.delivered_at_us is None:
        return Counting.NOT_DELIVERED
    if delivery.exclusion is not None:
        return Counting.EXCLUDED
    if delivery.continuous is not None and delivery.continuous.is_exempt:
        return Counting.CONTINUOUS
    if delivery.kind is VersionKind.PATCH:
        return Counting.PATCH
    if _version(delivery) in seen:
        return Counting.REPEATED
    return Counting.UNCLASSED if delivery.kind is None else Counting.COUNTED
