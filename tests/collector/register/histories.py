"""A hospital's register driven by random commands, and what its verdicts were along the way."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.assess import record_verdict, report_on
from collector.errors import ConstatError
from collector.evidence.names import Person
from collector.judge.notice import NoticeVerdict
from collector.judge.operation import Operation
from collector.judge.terms import WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.record.catalogue import read_catalogue
from collector.record.documents import AttachmentKind, Means
from collector.record.interventions import Mode
from collector.record.steps import RegisteredWindow, StepKind
from collector.register.applying import apply
from collector.register.attaching import Document, attach
from collector.register.attendance import Attendance
from collector.register.clearing import clear
from collector.register.correcting import correct
from collector.register.given import register_notice
from collector.register.importing import Source, import_measurements
from collector.register.intervening import (
    Registered,
    correct_intervention,
    end_intervention,
    start_intervention,
)
from collector.register.names import erase_person, list_persons
from collector.register.planning import (
    Announcement,
    Where,
    announce,
    cancel,
    close,
    extend,
    finish,
    reschedule,
    start,
)
from collector.register.reserving import reserve
from collector.register.sealing import Sealer
from collector.report.value import Report
from collector.store.interventions import list_interventions
from collector.store.log import read_head
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.canonical import JsonValue
from probes.model.instant import HOUR, MINUTE, SECOND, parse_instant
from probes.model.interval import Interval
from probes.model.measurement import Measurement, Outcome, VantageKind
from tests.collector.conftest import Clock

EVENING: Final = parse_instant("2026-11-14T20:00:00Z")
FAR_US: Final = EVENING + 60 * 24 * HOUR  # when every measurement of the night has long been known
NIGHT_MIN: Final = 12 * 60

Severity = tuple[int, int, int]
Acting = Callable[[RegisteredWindow, Where], Awaitable[object]]

_DURATIONS: Final = (
    DurationVerdict.COMPLIANT, DurationVerdict.INCONCLUSIVE, DurationVerdict.BREACH,
)  # fmt: skip
_NOTICES: Final = (NoticeVerdict.RESPECTED, NoticeVerdict.SHORT, NoticeVerdict.NONE)

_CATALOGUE: Final = """\
products:
  dpi: {{name: Dossier patient, instance: {instance}}}
hospitals:
  {hospital}:
    name: {hospital}
    contract:
      max_downtime: {{strategic: {limit}, standard: PT8H}}
      notice: {{amount: {amount}, unit: {unit}}}
      downtime_rule: {rule}
      return_hold: {hold}
    contacts:
      dsi: {{name: {person}, email: dsi@example.org}}
    sites:
      principal: {{timezone: Europe/Paris, holidays: {{add: [{holiday}]}}}}
    services:
      dpi:
        product: dpi
        class: {service_class}
        panel: [{panel}]
        checks: {{login: {{interval: PT60S}}}}
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a catalogue says; the strictest first."""

    limit: str = "PT1M"
    amount: int = 5
    unit: str = "business_days"
    rule: str = "span"
    hold: str = "PT1H"
    service_class: str = "strategic"
    panel: str = "poste-1, poste-2"
    holiday: str = "2026-11-12"
    instance: str = "dedicated"
    person: str = "Camille Martin"


@dataclass(slots=True)
class Judged:
    """A closed window: its verdict when it was closed, and all that was said of it then."""

    severity: Severity
    corrections: int
    known_us: int
    said: dict[str, JsonValue]


@dataclass
class History:
    """One hospital, the commands it was given, and the verdicts that fell."""

    pool: Pool
    sealer: Sealer
    clock: Clock
    hospital: str
    folder: Path
    windows: list[RegisteredWindow] = field(default_factory=list)
    attended: list[Registered] = field(default_factory=list)
    judged: dict[str, Judged] = field(default_factory=dict)
    refused: int = 0

    async def begin(self, outages: Sequence[tuple[int, int, int]]) -> None:
        """Agree on the strictest terms, and measure a night with some outages in it."""
        await self.agree(Agreement())
        await import_measurements(
            self.pool, self.sealer, self.hospital, _night(outages), Source("night", "0"), "agent"
        )

    async def agree(self, agreement: Agreement) -> None:
        """Apply a catalogue."""
        file = self.folder / f"{self.hospital}.yaml"
        values = {name: getattr(agreement, name) for name in Agreement.__dataclass_fields__}
        file.write_text(_CATALOGUE.format(hospital=self.hospital, **values))
        await apply(self.pool, self.sealer, read_catalogue(file), "vendor")

    async def announce(self, plan: Interval, operation: Operation) -> None:
        """Announce a window."""
        said = Announcement(self.hospital, "dpi", plan, operation=operation)
        self.windows.append(await announce(self.pool, self.sealer, said, "vendor"))

    async def reschedule(self, number: int, plan: Interval) -> None:
        """Announce another plan."""
        await self._act(number, lambda _, at: reschedule(self.pool, self.sealer, at, plan, "v"))

    async def extend(self, number: int, by_us: int) -> None:
        """Announce a later end."""
        await self._act(
            number,
            lambda window, at: extend(self.pool, self.sealer, at, window.plan.end + by_us, "v"),
        )

    async def start(self, number: int, ago_us: int) -> None:
        """Register a start."""
        at_us = self.clock.now_us - ago_us
        await self._act(number, lambda _, at: start(self.pool, self.sealer, at, at_us, "v"))

    async def finish(self, number: int, ago_us: int) -> None:
        """Register a finish."""
        at_us = self.clock.now_us - ago_us
        await self._act(number, lambda _, at: finish(self.pool, self.sealer, at, at_us, "v"))

    async def close(self, number: int) -> None:
        """Close a window."""
        await self._act(number, lambda _, at: close(self.pool, self.sealer, at, "v"))

    async def cancel(self, number: int) -> None:
        """Cancel a window."""
        await self._act(number, lambda _, at: cancel(self.pool, self.sealer, at, "v"))

    async def clear(self, number: int, kind: StepKind) -> None:
        """Register an authorisation or an information."""
        person = Person("Alix Roy")
        await self._act(
            number, lambda _, at: clear(self.pool, self.sealer, at, "client", kind, person)
        )

    async def correct(self, number: int, name: str, value: object) -> None:
        """Correct a field; an intervention's instants are given from what they were."""

        async def act(window: RegisteredWindow, at: Where) -> object:
            new = value
            if name.startswith("intervention") and isinstance(value, int) and window.interventions:
                first = window.interventions[0]
                new = value + (first.start_us if "start" in name else first.end_us or 0)
            return await correct(self.pool, self.sealer, at, "v", {name: new}, "typed wrong")

        await self._act(number, act)

    async def intervene(self, number: int | None, ago_us: int) -> None:
        """Register that a person intervenes, for a window or for none."""
        window = self.windows[number % len(self.windows)].id if number is not None else ""
        attendance = Attendance(
            self.hospital,
            Person("Sacha Legrand"),
            "version",
            Mode.REMOTE,
            window=window,
            at_us=self.clock.now_us - ago_us,
        )
        made = await start_intervention(self.pool, self.sealer, attendance, "v")
        self.attended.append(made)

    async def leave(self, number: int, ago_us: int) -> None:
        """Register that an intervention ended."""
        if self.attended:
            found = self.attended[number % len(self.attended)]
            at_us = self.clock.now_us - ago_us
            await end_intervention(self.pool, self.sealer, found, at_us, "v")

    async def leave_all(self) -> None:
        """End every intervention that is open, so that windows can be closed."""
        async with connected(self.pool) as connection:
            left = await list_interventions(connection, tenant=self.hospital, only_open=True)
        names = {row.intervention.id for row in left}
        for found in self.attended:
            if found.intervention.id in names:
                await end_intervention(self.pool, self.sealer, found, None, "v")

    async def correct_intervention(self, number: int, field: str, by_us: int) -> None:
        """Correct when an intervention was, from what was stated first."""
        if self.attended:
            found = self.attended[number % len(self.attended)]
            new = {field: found.intervention.start_us + by_us}
            await correct_intervention(self.pool, self.sealer, found, "v", new, "typed wrong")

    async def file(self, number: int, text: str) -> None:
        """Attach a document, make a réserve, and say that notice was given long before."""
        document, claimed_us = Document(f"{text}.txt", text.encode()), EVENING - 2_000 * HOUR
        person = Person("Noa Blanc")

        async def act(_: RegisteredWindow, at: Where) -> None:
            await attach(self.pool, self.sealer, at, "v", document, AttachmentKind.MINUTES)
            await reserve(self.pool, self.sealer, at, "dsi", text, [person])
            await register_notice(
                self.pool, self.sealer, at, "v", document, Means.LETTER, claimed_us
            )

        await self._act(number, act)

    async def record(self, number: int) -> None:
        """Seal a verdict."""
        await self._act(number, lambda _, at: record_verdict(self.pool, at, self.sealer, "v"))

    async def erase(self) -> None:
        """Erase a name."""
        for kept in (await list_persons(self.pool, self.hospital))[:1]:
            await erase_person(self.pool, self.sealer, self.hospital, kept.commitment, "dpo")

    async def wait(self, us: int) -> None:
        """Let time pass."""
        self.clock.advance(us)

    async def take(self, command: Callable[["History"], Awaitable[None]]) -> None:
        """Give a command; one that is refused must leave the log as it was."""
        self.clock.advance(SECOND)
        before = await self._size()
        try:
            await command(self)
        except ConstatError:
            self.refused += 1
            assert await self._size() == before
        await self._compare()

    async def operate(self, number: int, delay_us: int, lasted_us: int) -> None:
        """Carry an operation out from start to verdict, as commands of their own."""
        if self.windows:
            opens = self.windows[number % len(self.windows)].plan.start
            self.clock.now_us = max(self.clock.now_us, opens + delay_us + lasted_us)
        await self.take(lambda history: history.start(number, lasted_us))
        await self.take(lambda history: history.finish(number, 0))
        await self.take(History.leave_all)
        await self.take(lambda history: history.close(number))

    async def _act(self, number: int, act: Acting) -> None:
        if not self.windows:
            return
        place = number % len(self.windows)
        window = self.windows[place]
        made = await act(window, Where(self.hospital, window.id, "dpi"))
        if isinstance(made, RegisteredWindow):
            self.windows[place] = made

    async def _size(self) -> int:
        async with connected(self.pool) as connection:
            return (await read_head(connection, await tenant_named(connection, self.hospital))).size

    async def _compare(self) -> None:
        """Hold fallen verdicts against what they were: only a correction may lower one."""
        for window in self.windows:
            if window.status is not WindowStatus.CLOSED:
                continue
            severity, corrections = severity_of(await self._report(window, FAR_US))
            before = self.judged.get(window.id)
            if before is None or corrections > before.corrections:
                report = await self._report(window, self.clock.now_us)
                said = report.assessment.to_json()
                self.judged[window.id] = Judged(severity, corrections, self.clock.now_us, said)
                continue
            assert corrections == before.corrections
            pairs = zip(before.severity, severity, strict=True)
            assert all(then <= now for then, now in pairs), (window, before, severity)

    async def check_what_was_known(self) -> None:
        """Ask again what was known when each verdict fell: it is still the same, word for word."""
        for window in self.windows:
            if window.id in self.judged:
                before = self.judged[window.id]
                again = await self._report(window, before.known_us)
                assert again.assessment.to_json() == before.said

    async def _report(self, window: RegisteredWindow, as_of_us: int) -> Report:
        return await report_on(self.pool, Where(self.hospital, window.id, "dpi"), as_of_us)


def severity_of(report: Report) -> tuple[Severity, int]:
    """Return how bad a settled verdict is, part by part, and how many corrections it shows."""
    around = report.surroundings
    precedence = around.conduct.precedence if around.conduct else None
    return (
        _DURATIONS.index(report.assessment.verdict),
        _NOTICES.index(report.assessment.notice.verdict),
        int(precedence is not None and precedence.is_breached),
    ), len(around.corrections)


def _night(outages: Sequence[tuple[int, int, int]]) -> list[Measurement]:
    """A night probed every minute; an outage is its first minute, its length, and which posts."""
    return [
        Measurement(
            start_us=EVENING + minute * MINUTE,
            duration_us=SECOND,
            outcome=Outcome.DOWN if _is_down(outages, minute, post) else Outcome.UP,
            vantage=f"poste-{post}",
            check="login",
            kind=VantageKind.WORKSTATION,
        )
        for post in (1, 2)
        for minute in range(NIGHT_MIN)
    ]


def _is_down(outages: Sequence[tuple[int, int, int]], minute: int, post: int) -> bool:
    return any(
        first <= minute < first + length and posts & post for first, length, posts in outages
    )
