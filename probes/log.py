"""The log probe: what the software itself wrote of its starts and stops, and when.

This is the "system log" evidence: it tells the instants, and no more. A service that died wrote no
stop; so a log check stands beside one that asks the service something. At its first probe an agent
reads the log backwards to know how things stand; from then on every event is told, also several
between two probes. No line is kept: only which pattern it holds, its instant, and the version.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from probes import command
from probes.aside import aside
from probes.attempt import Attempt, Clock, ProbeError
from probes.journal import Journal
from probes.kind import Kind
from probes.line_time import written_at
from probes.log_file import LogFile
from probes.memory import Memory
from probes.model.failure import Failure, Operation
from probes.model.instant import format_instant
from probes.model.log_target import LogSpec
from probes.model.measurement import Observation, Outcome
from probes.model.target import Timeouts
from probes.pattern import found, version_in

PRODUCES: Final = command.PRODUCES | {
    Failure.NOT_RUNNING,
    Failure.NOTHING_LOGGED,
    Failure.STALL,
}


async def probe(spec: LogSpec, deadline: int, clock: Clock) -> Observation:
    """Read what is new; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(Timeouts(), deadline, clock)
    story = _STORIES.of(spec)
    try:
        async with attempt:
            attempt.begin(Operation.RUN)
            behind_bytes = await (_journal if spec.unit else _file)(spec, story, attempt)
            _require_all_read(behind_bytes)
    except ProbeError as error:
        return attempt.failed(_of_instrument(error, spec))
    return story.told()


class _What(StrEnum):
    START = "start"
    STOP = "stop"
    DEGRADED = "degraded"
    VERSION = "version"


class _Event(NamedTuple):
    """What a line told, and the instant; `source` is what says that it was then."""

    what: _What
    at_us: int
    source: str
    version: str = ""

    def __str__(self) -> str:
        named = f"version {self.version}" if self.version else self.what
        return f"{named} at {format_instant(self.at_us)} {self.source}"


@dataclass(slots=True)
class _Story:
    """What a log told so far."""

    file: LogFile | None = None
    journal: Journal | None = None
    turn: _Event | None = None
    worse: _Event | None = None
    version: str | None = None
    begun: bool = False
    busy: bool = False
    news: list[_Event] = field(default_factory=list)

    def note(self, events: Iterable[_Event]) -> None:
        """Take in what happened, in order."""
        for event in events:
            if self._takes(event) and self.begun:
                self.news.append(event)

    def _takes(self, event: _Event) -> bool:
        """Take in one event; return whether it says something new."""
        if event.what is _What.VERSION:
            known, self.version = self.version, event.version
            return known != self.version
        if event.what is _What.DEGRADED:
            known_worse, self.worse = self.worse, self.worse or event
            return known_worse is None
        self.turn, self.worse = event, None
        return True

    def told(self) -> Observation:
        """Return what the log says of its software, with what is new."""
        if self.turn is None:
            detail = "neither start nor stop is in what was read of the log"
            return Observation.failed(Failure.NOTHING_LOGGED, Operation.ASSERT, detail)
        news, self.news = self.news, []
        now = [self.turn] if self.worse is None else [self.turn, self.worse]
        detail = _listed(news or now)
        if self.turn.what is _What.STOP:
            outcome, failure, operation = Outcome.DOWN, Failure.NOT_RUNNING, Operation.ASSERT
            return Observation(outcome, failure, operation, detail, self.version, event=bool(news))
        outcome = Outcome.UP if self.worse is None else Outcome.DEGRADED
        return Observation(outcome, detail=detail, version=self.version, event=bool(news))


def _require_all_read(behind_bytes: int) -> None:
    if behind_bytes:
        detail = f"more is written than can be read: {behind_bytes} bytes or more behind"
        raise ProbeError(Failure.OUT_OF_RESOURCES, detail)


def _listed(events: list[_Event]) -> str:
    """Return events in words, the last of them when they are many."""
    shown = ", ".join(map(str, events[-_MOST_EVENTS:]))
    left = len(events) - _MOST_EVENTS
    return f"{left} events before, {shown}" if left > 0 else shown


async def _file(spec: LogSpec, story: _Story, _: Attempt) -> int:
    if story.busy:
        raise ProbeError(Failure.STALL, "the reading before is not over", Operation.RUN)
    story.busy = True
    try:
        return await aside(lambda: _follow(spec, story), "read a log")
    except ProbeError:
        story.busy = False  # it may be the thread that there was no room for
        raise


def _follow(spec: LogSpec, story: _Story) -> int:
    """Read what is new in a file, and return how much was left for later."""
    try:
        story.file = story.file or LogFile(spec.path)
        if story.file.is_open:
            for line in story.file.new_lines():
                story.note(_events(spec, line, time.time_ns() // 1_000))
        else:
            # Whatever is in a file that was not there before is new.
            story.note(_last_events(spec, story.file))
        return story.file.behind_bytes
    finally:
        story.begun = True
        story.busy = False


def _last_events(spec: LogSpec, file: LogFile) -> list[_Event]:
    """Return the events of the end of a file: as far back as it takes to know how things stand."""
    events: list[_Event] = []
    now_us = time.time_ns() // 1_000
    for lines in file.blocks():
        block = [event for line in lines for event in _events(spec, line, now_us)]
        events = block + events
        seen = {event.what for event in events}
        if seen & {_What.START, _What.STOP} and (spec.version is None or _What.VERSION in seen):
            break
    return events


async def _journal(spec: LogSpec, story: _Story, attempt: Attempt) -> int:
    story.journal = story.journal or Journal(spec.unit)
    for entry in await story.journal.new_entries(attempt):
        story.note(_events(spec, entry.message, entry.at_us, "by the journal"))
    story.begun = True
    return story.journal.behind_bytes


def _events(spec: LogSpec, line: str, at_us: int, source: str = "") -> list[_Event]:
    """Return what a line tells; one that tells of both a start and a stop tells of a stop."""
    told: list[tuple[_What, str]] = []
    version = version_in(line, spec.version)
    if version:
        told.append((_What.VERSION, version))
    if found(spec.stop, line):
        told.append((_What.STOP, ""))
    elif found(spec.start, line):
        told.append((_What.START, ""))
    if spec.degraded is not None and found(spec.degraded, line):
        told.append((_What.DEGRADED, ""))
    if not told:
        return []
    if not source:
        at_us, source = _time_of(spec, line, at_us)
    return [_Event(what, at_us, source, shown) for what, shown in told]


def _time_of(spec: LogSpec, line: str, now_us: int) -> tuple[int, str]:
    written_us = written_at(line, spec.line_time, now_us) if spec.line_time else None
    return (now_us, "when read") if written_us is None else (written_us, "by the line")


def _of_instrument(error: ProbeError, spec: LogSpec) -> ProbeError:
    """Return an error as it is; a timeout as that of this host, which was slow to answer."""
    if error.failure is Failure.TIMEOUT and not spec.unit:
        return ProbeError(Failure.STALL, f"the reading was {error.detail}", Operation.RUN)
    return command.outlived(error, "journalctl")


def _path_or_unit(target: str) -> dict[str, Any]:
    """Read a target that is the path of a file, or the name of a unit."""
    return {"path" if "/" in target else "unit": target}


_STORIES: Final = Memory(_Story)
_MOST_EVENTS: Final = 20

KIND: Final = Kind(
    "log",
    LogSpec,
    probe,
    PRODUCES,
    _path_or_unit,
    "/var/log/dpi/server.log -o 'start=Server started' -o 'stop=Server stopped'",
)
