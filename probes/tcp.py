"""The tcp probe: connects, says something if told to, and reads until it finds what it expects.

Reading ends at the first match: what a target would say after it is not waited for. A target that
answered, but not what was expected before it closed, fell silent or had said too much, lacks the
marker; one that said nothing timed out or closed. What was read is not kept, but for a version the
check asked for.
"""

from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.kind import Kind, host_and_port
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.target import Pattern, Regex, TcpSpec
from probes.pattern import quoted, searched, version_in
from probes.transport import Connection, dial

PRODUCES: Final = transport.PRODUCES | {Failure.MARKER_MISSING}


async def probe(spec: TcpSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a port once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    answer = bytearray()
    try:
        async with attempt:
            peer = await _converse(spec, attempt, answer)
    except ProbeError as error:
        fell_silent = error.failure is Failure.TIMEOUT and len(answer) > 0
        return attempt.failed(_missing(spec, answer) if fell_silent else error)
    version = version_in(_as_text(answer), spec.version)
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"from {peer}: {slow}" if slow else f"from {peer}"
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


async def _converse(spec: TcpSpec, attempt: Attempt, answer: bytearray) -> str:
    """Fill `answer` until it holds what is expected; return the address that gave it."""
    connection = await dial(spec.target, spec.tls, attempt)
    try:
        greeting = bytes.fromhex(spec.send_hex) or spec.send.encode()
        if greeting:
            attempt.begin(Operation.SEND)
            await connection.send(greeting)
        if spec.expect is not None:
            attempt.begin(Operation.FIRST_BYTE)
            await _read_until(spec.expect, connection, attempt, answer)
    finally:
        connection.close()
    if spec.expect is not None and not _holds(answer, spec.expect):
        raise _missing(spec, answer)
    return connection.peer


async def _read_until(
    expected: Pattern, connection: Connection, attempt: Attempt, answer: bytearray
) -> None:
    """Read until the expected is there, the target closes, or it has said too much."""
    while not _holds(answer, expected) and len(answer) < _LONGEST_ANSWER:
        data = await connection.receive()
        if not answer:
            if not data:
                raise ProbeError(Failure.CONNECTION_CLOSED, "closed without an answer")
            attempt.begin(Operation.TRANSFER)
        if not data:
            return
        answer += data


def _holds(answer: bytearray, expected: Pattern) -> bool:
    if isinstance(expected, Regex):
        return searched(expected.regex, _as_text(answer)) is not None
    return expected.encode() in answer


def _as_text(answer: bytearray) -> str:
    """Return an answer with a character for each byte."""
    return answer[:_LONGEST_ANSWER].decode("latin-1")


def _missing(spec: TcpSpec, answer: bytearray) -> ProbeError:
    detail = f"{len(answer)} bytes came, without {quoted(spec.expect or '')}"
    return ProbeError(Failure.MARKER_MISSING, detail, Operation.ASSERT)


# Every chunk that comes is searched from the start: more would let a trickle keep the agent busy.
_LONGEST_ANSWER: Final = 8_192

KIND: Final = Kind(
    "tcp",
    TcpSpec,
    probe,
    PRODUCES,
    host_and_port(),
    """smtp.example:25 -o 'expect={regex: "^220 "}'""",
)
