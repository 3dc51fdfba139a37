"""What a report says beside the verdict: from what was registered and agreed, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from collector.judge.assessment import Assessment
from collector.judge.conduct import Circumstances, judge_conduct
from collector.record.agreed import Agreed
from collector.record.documents import Documents, announced_before
from collector.record.panel import Standing
from collector.record.steps import RegisteredWindow
from collector.report.value import (
    NOTHING_FILED,
    Filed,
    FiledNotice,
    HeldKey,
    Provenance,
    Roster,
    Surroundings,
)


class Seen(NamedTuple):
    """Beside the measurements: versions before and after, the head, what was filed, the keys."""

    before: Sequence[str]
    after: Sequence[str]
    log_size: int
    log_root: bytes
    filed: Filed = NOTHING_FILED
    keys: Sequence[HeldKey] = ()


def surroundings_of(
    registered: RegisteredWindow,
    agreed: Agreed,
    standings: Sequence[Standing],
    assessment: Assessment,
    seen: Seen,
) -> Surroundings:
    """Return the surroundings of an assessment."""
    window = assessment.window
    return Surroundings(
        hospital=registered.hospital,
        hospital_name=agreed.hospital.name,
        product=agreed.product_name,
        fixed_at_us=registered.fixed_at_us,
        announced_at_us=registered.announced_at_us,
        as_of_us=window.known_until_us,
        roster=Roster(
            {standing.vantage: standing.kind for standing in standings},
            frozenset(standing.vantage for standing in standings if standing.imported),
        ),
        versions_before=tuple(seen.before),
        versions_after=tuple(seen.after),
        provenance=Provenance(
            registered.entries,
            agreed.hospital_entry,
            agreed.site_entry,
            agreed.service_entry,
        ),
        log_size=seen.log_size,
        log_root=seen.log_root.hex(),
        operation=registered.operation,
        conduct=judge_conduct(registered.operation, _circumstances(registered, agreed), assessment),
        corrections=registered.corrections,
        named=registered.named,
        filed=seen.filed,
        finess=agreed.hospital.finess,
        site_name=agreed.site.name,
        vendor="" if agreed.product is None else agreed.product.vendor,
        penalties=agreed.contract.penalties,
        keys=tuple(seen.keys),
    )


def filed_of(known: Documents, registered: RegisteredWindow, names: Mapping[str, str]) -> Filed:
    """Return what was stated of a window beside its steps, with the names of those who said it."""
    said_by = {standing for each in known.reservations for standing in each.by}
    return Filed(
        known.attachments,
        known.reservations,
        tuple(FiledNotice(each, announced_before(each, registered)) for each in known.notices),
        {standing: names[standing] for standing in said_by & names.keys()},
    )


def _circumstances(registered: RegisteredWindow, agreed: Agreed) -> Circumstances:
    opening, product = agreed.site.opening_hours, agreed.product
    slots = None if product is None else product.slots
    return Circumstances(
        cleared_at_us=registered.cleared_at_us,
        opening_hours=None if opening is None else opening.week,
        slots=None if slots is None else slots.week,
    )
