"""The tls probe: shakes hands, verifies, and says until when the certificates are valid.

A certificate that has expired is told, with the instant it did, from a port that is dead and from
one that speaks no TLS. The validity that counts is the shortest of the chain: an authority that
ends before the target's own certificate ends it too.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.certificate import Validity, first_to_end, shown
from probes.kind import Kind, host_and_port
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.tls_target import TlsSpec, TlsVersion
from probes.transport import TlsConnection, dial, secure, trusting

PRODUCES: Final = transport.PRODUCES | {Failure.UNEXPECTED_VERSION, Failure.UNEXPECTED_VALUE}


async def probe(spec: TlsSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a port once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            summary, validity = await _shake_hands(spec, attempt)
    except ProbeError as error:
        return attempt.failed(error)
    expiry, warning = _expiry(validity, spec.degraded_before_days, datetime.now(UTC))
    reason = warning or slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if reason else Outcome.UP
    detail = f"{summary}, {expiry}" + (f": {reason}" if reason else "")
    return Observation(outcome, detail=detail, phases=attempt.phases)


async def _shake_hands(spec: TlsSpec, attempt: Attempt) -> tuple[str, Validity | None]:
    """Return what was agreed with whom, and the validity that ends first."""
    context = trusting(spec.tls, spec.alpn)
    connection = await dial(spec.target, None, attempt)
    name = spec.tls.server_name or spec.host
    secured = await secure(connection, context, name, attempt)
    try:
        _require_version(secured, spec.min_version)
        _require_protocol(secured, spec.alpn)
        return f"{secured.version} with {secured.peer}", first_to_end(secured.chain())
    finally:
        secured.close()


def _require_version(secured: TlsConnection, oldest: TlsVersion) -> None:
    order = list(TlsVersion)
    if order.index(TlsVersion(secured.version)) < order.index(oldest):
        detail = f"{secured.peer} agreed on {secured.version}, older than {oldest}"
        raise ProbeError(Failure.UNEXPECTED_VERSION, detail, Operation.ASSERT)


def _require_protocol(secured: TlsConnection, offered: str) -> None:
    if offered and secured.protocol != offered:
        detail = f"{secured.peer} agreed on no protocol, {offered} was offered"
        raise ProbeError(Failure.UNEXPECTED_VALUE, detail, Operation.ASSERT)


def _expiry(validity: Validity | None, warned_days: int, now: datetime) -> tuple[str, str]:
    """Return when the certificates end and how many days are left, and why that is too soon."""
    if validity is None:
        return "certificate of a form whose dates cannot be read", ""
    left = validity.until - now
    whose = "certificate" if validity.of_target else "certificate of its authority"
    days = max(left // timedelta(days=1), 0)
    left_days = "1 day left" if days == 1 else f"{days} days left"
    expiry = f"{whose} valid until {shown(validity.until)}, {left_days}"
    return expiry, f"fewer than {warned_days}" if left < timedelta(days=warned_days) else ""


KIND: Final = Kind("tls", TlsSpec, probe, PRODUCES, host_and_port(443), "dpi.example:443")
