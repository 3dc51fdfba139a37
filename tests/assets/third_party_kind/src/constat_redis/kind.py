"""The redis probe: says PING, as any client may before it logs in, and expects PONG.

A server that still loads its data answers, and is degraded; one that wants a password is down.
"""

from dataclasses import dataclass, field
from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.kind import Kind, host_and_port
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.target import Target, Timeouts, require_threshold

PRODUCES: Final = transport.PRODUCES | {Failure.AUTHENTICATION_FAILED, Failure.PROTOCOL_ERROR}
_LONGEST_ANSWER: Final = 512


@dataclass(frozen=True, slots=True)
class RedisSpec:
    """Says PING to a Redis or Valkey and expects PONG."""

    host: str
    port: int = 6379
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled."""
        Target(self.host, self.port)
        require_threshold("degraded_after_ms", self.degraded_after_ms)


async def probe(spec: RedisSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a server once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            answer = await _ping(spec, attempt)
            why = _judged(answer)
    except ProbeError as error:
        return attempt.failed(error)
    why = why or slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if why else Outcome.UP
    return Observation(outcome, detail=why, phases=attempt.phases)


async def _ping(spec: RedisSpec, attempt: Attempt) -> bytes:
    connection = await transport.dial(Target(spec.host, spec.port), None, attempt)
    try:
        attempt.begin(Operation.SEND)
        await connection.send(b"PING\r\n")
        attempt.begin(Operation.FIRST_BYTE)
        answer = b""
        while not answer.endswith(b"\r\n") and len(answer) < _LONGEST_ANSWER:
            data = await connection.receive()
            if not data:
                raise ProbeError(Failure.CONNECTION_CLOSED, "closed without a whole answer")
            answer += data
        return answer
    finally:
        connection.close()


def _judged(answer: bytes) -> str:
    """Return why an answer is only that of a degraded server; nothing for a good one."""
    if answer == b"+PONG\r\n":
        return ""
    if answer.startswith(b"-LOADING "):
        return "it still loads its data"
    if answer.startswith((b"-NOAUTH ", b"-DENIED ")):
        raise ProbeError(Failure.AUTHENTICATION_FAILED, "it wants a password", Operation.ASSERT)
    raise ProbeError(Failure.PROTOCOL_ERROR, "this is no PONG", Operation.ASSERT)


KIND: Final = Kind(
    "redis", RedisSpec, probe, PRODUCES, host_and_port(6379), example="cache.example:6379"
)
