"""The grpc probe: asks a server whether it serves, by the health protocol every client knows.

A port that accepts and a server that speaks HTTP/2 say nothing of the services behind: during an
upgrade they are there before what they stand for is. Only `SERVING`, in a whole answer that ended
well, is up. Of an answer only codes are told.
"""

from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.grpc_call import GrpcCall, GrpcStatus, Reply, Request
from probes.health_message import NoStatusError, ServingStatus, question, status_in
from probes.kind import Kind, host_and_port, package
from probes.model.failure import Failure, Operation
from probes.model.grpc_target import GrpcSpec
from probes.model.measurement import Observation, Outcome
from probes.model.target import ascii_host
from probes.transport import Connection, dial, secure, trusting

PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.RESPONSE_TOO_LARGE,
    Failure.UNEXPECTED_STATUS,
    Failure.AUTHENTICATION_FAILED,
    Failure.NOT_SERVING,
    Failure.QUERY_FAILED,
}


async def probe(spec: GrpcSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a server once; `deadline` is the latest instant of `clock` it may end at."""
    call = GrpcCall()
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            peer, reply = await _check(spec, call, attempt)
        _require_serving(peer, reply)
    except ProbeError as error:
        return attempt.failed(error)
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"SERVING from {peer}" + (f": {slow}" if slow else "")
    return Observation(outcome, detail=detail, phases=attempt.phases)


async def _check(spec: GrpcSpec, call: GrpcCall, attempt: Attempt) -> tuple[str, Reply]:
    """Return the address that answered, and what."""
    scheme = "http" if spec.tls is None else "https"
    request = Request(scheme, _authority(spec), _METHOD, question(spec.service))
    connection = await _reach(spec, attempt)
    try:
        return connection.peer, await call.ask(request, connection, attempt)
    finally:
        connection.close()


async def _reach(spec: GrpcSpec, attempt: Attempt) -> Connection:
    """Connect, and agree on HTTP/2 where there is TLS to do it in."""
    if spec.tls is None:
        return await dial(spec.target, None, attempt)
    context = trusting(spec.tls, _PROTOCOL)
    connection = await dial(spec.target, None, attempt)
    secured = await secure(connection, context, spec.tls.server_name or spec.host, attempt)
    if secured.protocol != _PROTOCOL:
        secured.close()
        detail = f"{secured.peer} agreed on no protocol, {_PROTOCOL} was offered"
        raise ProbeError(Failure.PROTOCOL_ERROR, detail)
    return secured


def _authority(spec: GrpcSpec) -> str:
    named = spec.tls.server_name if spec.tls else ""
    host = ascii_host(named or spec.host)
    return f"[{host}]:{spec.port}" if ":" in host else f"{host}:{spec.port}"


def _require_serving(peer: str, reply: Reply) -> None:
    if reply.status is not GrpcStatus.OK:
        failure = _MEANINGS.get(reply.status, Failure.QUERY_FAILED)
        detail = f"from {peer}: the call ended with {reply.status} {reply.status.name}"
        raise ProbeError(failure, detail, Operation.ASSERT)
    try:
        status = status_in(reply.message)
    except NoStatusError as error:
        detail = f"from {peer}: the message is no answer to a health check: {error}"
        raise ProbeError(Failure.PROTOCOL_ERROR, detail, Operation.ASSERT) from None
    if status is not ServingStatus.SERVING:
        detail = f"from {peer}: it answered {status.name}"
        raise ProbeError(Failure.NOT_SERVING, detail, Operation.ASSERT)


_METHOD: Final = "/grpc.health.v1.Health/Check"
_PROTOCOL: Final = "h2"
# Any other is of the question, which the server did not answer: UNIMPLEMENTED is one that has no
# health service, and may serve all the same.
_MEANINGS: Final = {
    GrpcStatus.NOT_FOUND: Failure.NOT_SERVING,  # it does not know the service
    GrpcStatus.RESOURCE_EXHAUSTED: Failure.NOT_SERVING,
    GrpcStatus.UNAVAILABLE: Failure.NOT_SERVING,
    GrpcStatus.PERMISSION_DENIED: Failure.AUTHENTICATION_FAILED,
    GrpcStatus.UNAUTHENTICATED: Failure.AUTHENTICATION_FAILED,
}

KIND: Final = Kind(
    "grpc",
    GrpcSpec,
    probe,
    PRODUCES,
    host_and_port(),
    "dpi.example:50051 -o service=dossier.v1.Patients",
    package("h2", "grpc"),
)
