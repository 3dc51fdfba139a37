"""One report on one window: the assessment, and what the register knows beside it.

Pure: built once from an assessment, rendered as text, JSON or CSV. The JSON form is the object of
`constat.assessment/1` with more fields, so a reader of the one reads the other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

from collector.judge.assessment import Assessment, CheckSpans
from collector.judge.conduct import Conduct
from collector.judge.operation import UNDESCRIBED, Correction, Operation
from collector.judge.timeline import Piece, Timeline, check_timeline, vantage_timeline
from collector.judge.verdict import exit_code
from collector.judge.window import Bounds
from collector.record.documents import Attachment, GivenNotice, Reservation
from collector.record.interventions import NamedIntervention
from collector.report.interventions import Identity
from probes.model.batch import UNESTIMATED_ERROR_US
from probes.model.interval import Interval
from probes.model.measurement import VantageKind


class Vantage(NamedTuple):
    """What the register knows of a vantage point; `counts` says whether it is of the panel."""

    name: str
    kind: VantageKind
    counts: bool
    imported: bool


class Roster(NamedTuple):
    """All vantage points of a hospital, and the names of those that only imports speak of."""

    kinds: Mapping[str, VantageKind]
    imported: frozenset[str]


class Sight(NamedTuple):
    """How much a vantage point measured in the horizon, and the worst of its clock errors."""

    measured: int
    worst_error_us: int


class KeyHolder(StrEnum):
    """In whose hands a key is that speaks for the evidence."""

    AGENT = "agent"
    LOG = "log"
    WITNESS = "witness"
    AUTHORITY = "authority"


class HeldKey(NamedTuple):
    """A key that signed something the report rests on: whose, called what, from which entry on.

    For witnesses and authorities `since` is how many entries the first checkpoint had that they
    signed.
    """

    holder: KeyHolder
    name: str
    key_id: str
    since: int


class Provenance(NamedTuple):
    """The entries of the hospital's log that decided: where they are, one by one."""

    window: tuple[int, ...]
    hospital: int
    site: int
    service: int


class FiledNotice(NamedTuple):
    """A notice given by other means, and when its plan was announced; None once it had begun."""

    given: GivenNotice
    announced_us: int | None


class Filed(NamedTuple):
    """What was stated of a window beside its steps.

    `names` are those behind the commitments in the réserves, without those that were erased.
    """

    attachments: tuple[Attachment, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    notices: tuple[FiledNotice, ...] = ()
    names: Mapping[str, str] = {}


NOTHING_FILED: Final = Filed()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything a report says that the rules do not compute.

    `fixed_at_us` is when panel and terms were fixed; `log_size` and `log_root` the head of the
    hospital's log the report was read from. `named` are the interventions of persons, and the last
    of the window's; `identities` are those kept of them by commitment, None where nobody looked.
    `penalties` is None when the contract does not say.
    """

    hospital: str
    hospital_name: str
    product: str
    fixed_at_us: int
    announced_at_us: int
    as_of_us: int
    roster: Roster
    versions_before: tuple[str, ...]
    versions_after: tuple[str, ...]
    provenance: Provenance
    log_size: int
    log_root: str
    operation: Operation = UNDESCRIBED
    conduct: Conduct | None = None
    corrections: tuple[Correction, ...] = ()
    filed: Filed = NOTHING_FILED
    finess: str = ""
    site_name: str = ""
    vendor: str = ""
    penalties: bool | None = None
    keys: tuple[HeldKey, ...] = ()
    named: tuple[NamedIntervention, ...] = ()
    identities: Mapping[str, Identity] | None = None


class Loss(NamedTuple):
    """When one vantage point was last proven up before an interval, and first after it."""

    vantage: Vantage
    sight: Sight
    last_up_us: int | None
    first_up_us: int | None
    down_us: int


class Turn(NamedTuple):
    """Who lost the service last and who got it back first, for one raw outage."""

    outage: Interval
    lost_last: tuple[str, ...]
    back_first: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """An assessment, its surroundings, and the spans behind both."""

    assessment: Assessment
    surroundings: Surroundings
    checks: Sequence[CheckSpans]

    @property
    def exit_code(self) -> int:
        """3 for a breach of duration or notice, 4 while undecided, else 0.

        What must precede a hot correction is a notice too (rules, section 8).
        """
        conduct = self.surroundings.conduct
        if conduct is not None and conduct.precedence and conduct.precedence.is_breached:
            return _BREACH
        return exit_code(self.assessment.verdict, self.assessment.notice.verdict)

    def with_keys(self, keys: Iterable[HeldKey]) -> "Report":
        """Return the report with the keys that signed what it rests on."""
        return replace(self, surroundings=replace(self.surroundings, keys=tuple(keys)))

    @property
    def margin(self) -> Bounds:
        """The least and the greatest the limit leaves; negative when it is passed."""
        limit, judged = self.assessment.window.limit_us, self.assessment.judged
        return Bounds(limit - judged.upper_us, limit - judged.lower_us)

    @cached_property
    def main_outage(self) -> Interval | None:
        """The longest regulated outage of the window."""
        return max(self.assessment.regulated.outages, key=lambda piece: piece.length, default=None)

    @property
    def operated(self) -> tuple[Interval, ...]:
        """When the operation itself ran."""
        worked = self.assessment.window.interventions
        return worked[: len(worked) - len(self.surroundings.named)]

    @property
    def attended(self) -> tuple[tuple[NamedIntervention, Interval], ...]:
        """The interventions of persons, each with when it counts, one that is open until now."""
        worked = self.assessment.window.interventions[len(self.operated) :]
        return tuple(zip(self.surroundings.named, worked, strict=True))

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        """Who lost it last and got it back first, for each raw outage in order."""
        losers: dict[int, list[str]] = {o.span.start: [] for o in self.assessment.timeline.outages}
        winners: dict[int, list[str]] = {o.span.end: [] for o in self.assessment.timeline.outages}
        for name, timeline in self.assessment.vantages.items():
            for start, end in timeline.available:
                if end in losers:
                    losers[end].append(name)
                if start in winners:
                    winners[start].append(name)
        return tuple(
            Turn(span, tuple(sorted(losers[span.start])), tuple(sorted(winners[span.end])))
            for span in (outage.span for outage in self.assessment.timeline.outages)
        )

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """What each vantage point saw of the main outage, the last to lose it first."""
        timelines = self.assessment.vantages
        losses = [self._loss(vantage, timelines) for vantage in self._vantages()]
        return tuple(sorted(losses, key=_by_loss))

    def _vantages(self) -> Iterator[Vantage]:
        kinds, imported = self.surroundings.roster
        panel = frozenset(self.assessment.panel)
        for name, kind in kinds.items():
            yield Vantage(name, kind, counts=name in panel, imported=name in imported)
        for name in panel - kinds.keys():  # listed in the catalogue, never enrolled
            kind = self.assessment.window.contract.panel_kind
            yield Vantage(name, kind, counts=True, imported=False)

    def _loss(self, vantage: Vantage, timelines: Mapping[str, Timeline]) -> Loss:
        timeline = timelines.get(vantage.name)
        sight = self.sights.get(vantage.name, _UNSEEN)
        if timeline is None:
            return Loss(vantage, sight, None, None, 0)
        hull = self.assessment.window.hull
        down_us = sum(Interval(*piece).clip(hull).length for piece in timeline.down)
        if self.main_outage is None:
            return Loss(vantage, sight, None, None, down_us)
        last_up = _end_before(timeline.available, self.main_outage.start)
        first_up = _start_after(timeline.available, self.main_outage.end)
        return Loss(vantage, sight, last_up, first_up, down_us)

    @cached_property
    def sights(self) -> dict[str, Sight]:
        """What each vantage point measured of the window's checks, by name."""
        sights: dict[str, Sight] = {}
        for vantage, _, spans in self.checks:
            measured, worst = sights.get(vantage, _UNSEEN)
            measured += sum(span[1] for span in spans)
            worst = max(worst, *(max(span[4], span[7]) for span in spans))
            sights[vantage] = Sight(measured, worst)
        return sights

    def timeline_of(self, vantage: str) -> Timeline:
        """Return the timeline of a vantage point, of the panel or beside it; empty when silent."""
        found = self.assessment.vantages.get(vantage)
        if found is not None:
            return found
        max_gaps_us = self.assessment.window.max_gaps_us
        return vantage_timeline(
            [
                check_timeline(spans, max_gaps_us[check])
                for name, check, spans in self.checks
                if name == vantage and check in max_gaps_us
            ]
        )

    @property
    def worst_error_us(self) -> int:
        """The greatest clock error bound of any measurement of the panel."""
        return max((sight.worst_error_us for sight in self._of_panel()), default=0)

    @property
    def unestimated(self) -> int:
        """How many vantage points of the panel once had no estimate of their clock."""
        return sum(sight.worst_error_us >= UNESTIMATED_ERROR_US for sight in self._of_panel())

    def _of_panel(self) -> Iterator[Sight]:
        panel = frozenset(self.assessment.panel)
        return (sight for name, sight in self.sights.items() if name in panel)


_BREACH: Final = 3
_UNSEEN: Final = Sight(0, 0)


def _by_loss(loss: Loss) -> tuple[bool, bool, int, str]:
    last_up = loss.last_up_us
    return (not loss.vantage.counts, last_up is None, -(last_up or 0), loss.vantage.name)


def _end_before(available: Sequence[Piece], instant: int) -> int | None:
    """Return the last end of a piece at or before an instant; pieces are in order."""
    index = bisect_right(available, instant, key=lambda piece: piece[1])
    return available[index - 1][1] if index else None


def _start_after(available: Sequence[Piece], instant: int) -> int | None:
    """Return the first start of a piece at or after an instant; pieces are in order."""
    index = bisect_left(available, instant, key=lambda piece: piece[0])
    return available[index][0] if index < len(available) else None
