"""The process probe: is a process or a service of this host there, since when, does it listen.

It looks at the vantage point's own host, so it proves less than a probe that asks the service
something, and tells more of why: the instant a process was started anew is an event, recorded even
where the outcome stays the same. Restarts are those seen since the agent began.
"""

from dataclasses import dataclass
from typing import Any, Final

from probes import command
from probes.aside import aside
from probes.attempt import Attempt, Clock, ProbeError
from probes.kind import Kind, package
from probes.memory import Memory
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND, format_instant
from probes.model.measurement import Observation, Outcome
from probes.model.process_target import ProcessSpec
from probes.model.target import Timeouts
from probes.processes import Census, census, family, listens
from probes.services import Service, State, service_named

PRODUCES: Final = command.PRODUCES | {
    Failure.NOT_RUNNING,
    Failure.NOT_LISTENING,
    Failure.STALL,
}


async def probe(spec: ProcessSpec, deadline: int, clock: Clock) -> Observation:
    """Look once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(Timeouts(), deadline, clock)
    try:
        async with attempt:
            attempt.begin(Operation.RUN)
            sighting = await (_service if spec.service else _processes)(spec, attempt)
            if spec.listens_on is not None:
                await _require_listening(sighting.pids, spec.listens_on)
    except ProbeError as error:
        return attempt.failed(_of_instrument(error, spec))
    news = _PASTS.of(spec).compare(sighting.identity)
    detail = f"{sighting.words}; {news.words}" if news.words else sighting.words
    outcome = Outcome.DEGRADED if sighting.degraded else Outcome.UP
    return Observation(outcome, detail=detail, event=news.event)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What was found where something was: in words, and by whom it is told from another."""

    words: str
    pids: list[int]
    identity: object
    degraded: bool


@dataclass(frozen=True, slots=True)
class _News:
    words: str
    event: bool


@dataclass(slots=True)
class _Past:
    """Which process the probe before saw, and how often it was another since the agent began."""

    identity: object = None
    restarts: int = 0

    def compare(self, identity: object) -> _News:
        """Return what has changed, and remember."""
        restarted = self.identity not in (None, identity)
        self.identity = identity
        self.restarts += restarted
        times = "once" if self.restarts == 1 else f"{self.restarts} times"
        words = f"started anew {times} since we look" if self.restarts else ""
        return _News(words, event=restarted)


async def _processes(spec: ProcessSpec, _: Attempt) -> _Sighting:
    seen = await aside(lambda: census(spec), "look at processes")
    count = len(seen.running)
    if count < spec.at_least:
        raise _too_few(spec, seen)
    oldest = seen.running[0]
    since = f"pid {oldest.pid} since {_second(oldest.started_us)}"
    words = since if count == 1 else f"{count} run, the oldest is {since}"
    too_many = spec.at_most is not None and count > spec.at_most
    words += f"; at most {spec.at_most} expected" if too_many else ""
    words += f"; {seen.stopped} stopped" if seen.stopped else ""
    pids = [each.pid for each in seen.running]
    return _Sighting(words, pids, (oldest.pid, oldest.identity), too_many)


def _too_few(spec: ProcessSpec, seen: Census) -> ProbeError:
    found = f"{len(seen.running)} run, at least {spec.at_least} expected"
    if seen.blind:
        detail = f"{found}, but the system hides the processes of other users from us"
        return ProbeError(Failure.PERMISSION_DENIED, detail)
    if seen.hidden:
        detail = f"{found}, but {seen.hidden} more are not ours to look at"
        return ProbeError(Failure.PERMISSION_DENIED, detail)
    detail = f"{found}; {seen.stopped} stopped" if seen.stopped else found
    return ProbeError(Failure.NOT_RUNNING, detail)


async def _service(spec: ProcessSpec, attempt: Attempt) -> _Sighting:
    found = await service_named(spec.service, attempt)
    if found.state is State.STOPPED:
        raise ProbeError(Failure.NOT_RUNNING, found.words)
    pids = await aside(lambda: family(found.pid), "look at processes") if found.pid else []
    return _Sighting(_told(found), pids, found.identity, found.state is State.CHANGING)


def _told(service: Service) -> str:
    words = service.words
    if service.pid:
        words += f", pid {service.pid}"
    if service.started_us is not None:
        words += f" since {_second(service.started_us)}"
    return words


async def _require_listening(pids: list[int], port: int) -> None:
    found = await aside(lambda: listens(pids, port), "look at sockets")
    if found is None:
        detail = f"port {port} is listened on, but whose it is only root or its own user may see"
        raise ProbeError(Failure.PERMISSION_DENIED, detail)
    if not found:
        raise ProbeError(Failure.NOT_LISTENING, f"it runs, and does not listen on port {port}")


def _of_instrument(error: ProbeError, spec: ProcessSpec) -> ProbeError:
    """Return an error as it is; a timeout as that of this host, which was slow to answer."""
    if error.failure is Failure.TIMEOUT and not spec.service:
        return ProbeError(Failure.STALL, f"the processes were {error.detail}", Operation.RUN)
    return command.outlived(error, "systemctl")


def _second(instant_us: int) -> str:
    return format_instant(instant_us // SECOND * SECOND)


def _process_or_unit(target: str) -> dict[str, Any]:
    """Read a target that is the name of a process, or of a service where it ends in `.service`."""
    return {"service" if target.endswith(".service") else "name": target}


_PASTS: Final = Memory(_Past)

KIND: Final = Kind(
    "process",
    ProcessSpec,
    probe,
    PRODUCES,
    _process_or_unit,
    "postgres -o user=postgres -o listens_on=5432",
    package("psutil", "host"),
)
