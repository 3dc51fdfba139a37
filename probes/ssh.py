"""The ssh probe: exchanges identifications, as a client does before it asks for anything.

Ours is sent first: some servers wait for it. A server that only speaks version 1 of the protocol is
none that a client of today can use. The version recorded is the server's software version, and of
the rest of its identification, which may hold anything, nothing is kept.
"""

from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.identification import Greeting, Identification
from probes.kind import Kind, host_and_port
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.release import RELEASE
from probes.model.ssh_target import SshSpec
from probes.pattern import found, quoted
from probes.transport import Connection, dial
from probes.version import shown_version

PRODUCES: Final = (
    transport.PRODUCES
    - {
        Failure.TLS_FAILED,
        Failure.CERTIFICATE_EXPIRED,
        Failure.CERTIFICATE_NOT_YET_VALID,
        Failure.CERTIFICATE_UNTRUSTED,
        Failure.CERTIFICATE_NAME_MISMATCH,
        Failure.BAD_CONFIGURATION,
    }
) | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.NOT_SERVING,
    Failure.UNEXPECTED_VERSION,
    Failure.MARKER_MISSING,
}


async def probe(spec: SshSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a server once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    greeting = Greeting()
    try:
        async with attempt:
            peer, shown = await _identify(spec, attempt, greeting)
    except ProbeError as error:
        return attempt.failed(_with_lines(error, greeting))
    version = shown_version(shown.software)
    flaw = _flaw(spec, shown)
    if flaw is not None:
        failure, reason = flaw
        detail = f"from {peer}: {reason}"
        return Observation.failed(
            failure, Operation.ASSERT, detail, version=version, phases=attempt.phases
        )
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"SSH {shown.protocol} from {peer}" + (f": {slow}" if slow else "")
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


async def _identify(
    spec: SshSpec, attempt: Attempt, greeting: Greeting
) -> tuple[str, Identification]:
    connection = await dial(spec.target, None, attempt)
    try:
        attempt.begin(Operation.SEND)
        await connection.send(_OURS)
        attempt.begin(Operation.NEGOTIATE)
        return connection.peer, await _read(connection, greeting)
    finally:
        connection.close()


async def _read(connection: Connection, greeting: Greeting) -> Identification:
    while True:
        try:
            data = await connection.receive()
        except ConnectionResetError:
            # Who closes without having read ours resets, even after a last word.
            if not greeting.lines:
                raise
            data = b""
        if not data:
            raise greeting.ended()
        shown = greeting.feed(data)
        if shown is not None:
            return shown


def _with_lines(error: ProbeError, greeting: Greeting) -> ProbeError:
    """Return an error that tells a server that fell silent from one that never spoke."""
    if error.failure is not Failure.TIMEOUT or not greeting.lines:
        return error
    return ProbeError(error.failure, f"{error.detail}; {greeting.summary()}", error.operation)


def _flaw(spec: SshSpec, shown: Identification) -> tuple[Failure, str] | None:
    if shown.protocol not in _VERSIONS:
        return Failure.UNEXPECTED_VERSION, f"it speaks version {shown.protocol} of SSH only"
    if spec.expect is not None and not found(spec.expect, shown.line):
        return Failure.MARKER_MISSING, f"an identification without {quoted(spec.expect)}"
    return None


_OURS: Final = f"SSH-2.0-Constat_{RELEASE.replace('-', '_')}\r\n".encode()
# 1.99 is a server that speaks version 2 and an older one (RFC 4253, section 5.1).
_VERSIONS: Final = frozenset({"2.0", "1.99"})

KIND: Final = Kind("ssh", SshSpec, probe, PRODUCES, host_and_port(22), "dpi.example")
