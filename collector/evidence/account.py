"""A window as the entries of a register tell it, from nothing else.

The collector makes the report of a bundle by these functions, and an auditor makes it again. What
counts is what was known at an instant: entries sealed later are not looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from collector.errors import NotFoundError
from collector.judge.assessment import Assessment, CheckSpans, assess_spans
from collector.judge.terms import Window
from collector.judge.timeline import spans_of
from collector.record.agreed import Agreed, agreed_of, judged_window
from collector.record.catalogue import ITEM_SET, StoredItem
from collector.record.documents import (
    DOCUMENT_KINDS,
    NO_DOCUMENTS,
    Documents,
    documents_of,
)
from collector.record.entry import RegisterEntry
from collector.record.import_body import columns_of_import
from collector.record.measured import SeriesKey, columns_of, measurements_of
from collector.record.panel import panel_at
from collector.record.roster import IMPORTED_KIND, Roster, roster_of
from collector.record.steps import RegisteredWindow, StepKind, StoredStep, window_of
from collector.record.summary import Columns
from collector.report.surroundings import Seen, filed_of, surroundings_of
from collector.report.value import Report
from probes.model.batch import Batch
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, Outcome, VantageKind


class Stated(NamedTuple):
    """An entry of the register and its place in the log."""

    place: int
    entry: RegisterEntry


@dataclass(frozen=True, slots=True)
class Account:
    """What was registered and agreed of a window, and in which terms it is judged."""

    registered: RegisteredWindow
    agreed: Agreed
    roster: Roster
    window: Window
    documents: Documents = NO_DOCUMENTS

    @property
    def panel(self) -> tuple[str, ...]:
        """The roster that counts."""
        return self.window.panel or ()

    @property
    def kinds(self) -> dict[str, VantageKind]:
        """The kind of every vantage point."""
        return {standing.vantage: standing.kind for standing in self.roster.standings}

    @property
    def intervals_us(self) -> dict[str, int]:
        """The interval of every check of the service."""
        return {name: int(check.interval) for name, check in self.agreed.service.checks.items()}


def account_of(stated: Sequence[Stated], hospital: str, window_id: str, as_of_us: int) -> Account:
    """Return the account of a window, from all entries of a register in order.

    Raises `NotFoundError` when they do not tell of it.
    """
    known = [each for each in stated if each.entry.at_us <= as_of_us]
    registered = window_of(hospital, _stated(known, window_id, StepKind))
    if registered is None:
        raise NotFoundError(f"there is no window {window_id} in {hospital}")
    fixed_at_us = min(registered.fixed_at_us, as_of_us)
    agreed = agreed_of(_items(known, fixed_at_us), hospital, registered.service)
    roster = roster_of(each.entry for each in stated)
    panel = panel_at(
        min(registered.fixed_at_us, as_of_us + 1),
        roster.standings,
        agreed.contract.panel_kind,
        agreed.service.panel,
    )
    window = judged_window(registered, agreed, panel, as_of_us)
    documents = documents_of(_stated(known, window_id, DOCUMENT_KINDS))
    return Account(registered, agreed, roster, window, documents)


def _stated(stated: Iterable[Stated], window_id: str, kinds: Iterable[str]) -> Iterator[StoredStep]:
    wanted = frozenset(kinds)
    for place, entry in stated:
        if entry.kind in wanted and entry.body["window"] == window_id:
            yield StoredStep(place, entry.kind, entry.at_us, entry.author, entry.body)


def _items(stated: Iterable[Stated], by_us: int) -> Iterable[StoredItem]:
    newest: dict[tuple[str, str], StoredItem] = {}
    for place, entry in stated:
        if entry.kind == ITEM_SET and entry.at_us <= by_us:
            kind, name, value = (entry.body[key] for key in ("item", "name", "value"))
            newest[kind, name] = StoredItem(kind, name, value, place, entry.at_us)
    return newest.values()


class Measured:
    """The measurements of a window's checks within its horizon, gathered entry by entry."""

    def __init__(self, account: Account) -> None:
        self._window = account.window
        self._kinds = account.kinds
        self._series: dict[SeriesKey, list[Columns]] = {}

    def add_batch(self, batch: Batch, place: int) -> None:
        """Add what a batch holds."""
        for columns in batch.checks:
            if columns.check in self._window.max_gaps_us:
                key = SeriesKey(
                    batch.vantage, self._kinds[batch.vantage], columns.check, imported=False
                )
                self._add(key, columns_of(batch, columns, place))

    def add_import(self, stated: Stated) -> None:
        """Add what an entry of imported measurements holds."""
        if stated.entry.kind != IMPORTED_KIND:
            return
        for (vantage, kind, check), columns in columns_of_import(stated.entry.body, stated.place):
            if check in self._window.max_gaps_us:
                self._add(SeriesKey(vantage, kind, check, imported=True), columns)

    def series(self) -> Iterator[tuple[SeriesKey, list[Measurement]]]:
        """Yield the measurements of each series in order, series by series."""
        horizon = self._window.horizon
        for key in sorted(self._series):
            members = [
                measurement
                for columns in self._series[key]
                for measurement in measurements_of(key, columns)
                if horizon.start <= measurement.start_us and measurement.end_us <= horizon.end
            ]
            yield key, sorted(members, key=_order)

    def _add(self, key: SeriesKey, columns: Columns) -> None:
        horizon = self._window.horizon
        if columns.starts[0] <= horizon.end and columns.starts[-1] >= horizon.start:
            self._series.setdefault(key, []).append(columns)


def _order(measurement: Measurement) -> tuple[int, int, str, int, str, str, str]:
    """Order the measurements of a series; what one leaves out comes before what another says."""
    return (
        measurement.start_us,
        measurement.duration_us,
        measurement.outcome.value,
        measurement.clock_error_us,
        measurement.failure or "",
        measurement.operation or "",
        measurement.version or "",
    )


def reach(batch: Batch) -> tuple[int, int]:
    """Return the first and the last instant at which a batch measured something."""
    correction_us = batch.clock.correction_us
    firsts = [columns.starts_us[0] for columns in batch.checks]
    lasts = [columns.starts_us[-1] for columns in batch.checks]
    sealed_us = batch.clock.boottime_us
    return (
        min(firsts, default=sealed_us) + correction_us,
        max(lasts, default=sealed_us) + correction_us,
    )


def assess(account: Account, measured: Measured) -> tuple[Assessment, list[CheckSpans]]:
    """Return the assessment of a window and the spans behind it (rules, sections 3 to 8)."""
    window = account.window
    checks = _spans(window, measured, IntervalSet())
    assessment = assess_spans(window, account.panel, checks)
    if undecided := assessment.timeline.undecided:
        checks = _spans(window, measured, undecided)
        assessment = assess_spans(window, account.panel, checks, isolated=True)
    return assessment, checks


def report_of(
    account: Account,
    measured: Measured,
    log_size: int,
    log_root: bytes,
    names: Mapping[str, str] | None = None,
) -> Report:
    """Return the report on a window, as its entries and measurements give it.

    `names` are those that are told; they are said where it is drawn, never in its object.
    """
    assessment, checks = assess(account, measured)
    around = assessment.regulated.outages.hull or account.window.hull
    filed = filed_of(account.documents, account.registered, names or {})
    seen = Seen(*versions_around(measured, around), log_size, log_root, filed)
    surroundings = surroundings_of(
        account.registered, account.agreed, account.roster.standings, assessment, seen
    )
    return Report(assessment, surroundings, checks)


def _spans(window: Window, measured: Measured, isolate: IntervalSet) -> list[CheckSpans]:
    return [
        CheckSpans(
            key.vantage, key.check, spans_of(members, window.max_gaps_us[key.check], isolate)
        )
        for key, members in measured.series()
        if members
    ]


def versions_around(measured: Measured, around: Interval) -> tuple[list[str], list[str]]:
    """Return the versions the service showed just before an interval, and just after it.

    Before: the last one seen by each check at each vantage point; after: the first one. A service
    whose agent tells of no change still shows the version it showed before.
    """
    before: set[str] = set()
    after: set[str] = set()
    for _, members in measured.series():
        shown: str | None = None
        last: str | None = None
        for each in members:
            if each.outcome not in _AVAILABLE:
                continue
            shown = each.version or shown
            if each.start_us <= around.start:
                last = shown
            elif each.start_us >= around.end:
                after |= {shown} if shown else set()
                break
        before |= {last} if last else set()
    return sorted(before), sorted(after)


_AVAILABLE: Final = frozenset({Outcome.UP, Outcome.DEGRADED})
