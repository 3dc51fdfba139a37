"""The http probe: asks for a page, and judges it by what a user needs to find there.

Nothing of a body is kept: the detail of an observation is status, size, address and, in the words
of the check, what was missing.
"""

from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError
from probes.exchange import fetch
from probes.expectation import judge
from probes.kind import Kind
from probes.model.failure import Failure
from probes.model.http_target import HttpSpec
from probes.model.measurement import Observation

PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.RESPONSE_TOO_LARGE,
    Failure.UNEXPECTED_STATUS,
    Failure.UNEXPECTED_SIZE,
    Failure.UNEXPECTED_HEADER,
    Failure.UNEXPECTED_VALUE,
    Failure.UNEXPECTED_VERSION,
    Failure.MARKER_MISSING,
    Failure.MAINTENANCE_PAGE,
    Failure.ERROR_PAGE,
    Failure.STALE_ANSWER,
    Failure.VANTAGE_OFFLINE,
    Failure.REDIRECT_REFUSED,
    Failure.TOO_MANY_REDIRECTS,
}


async def probe(spec: HttpSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a page once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            page = await fetch(spec, attempt)
    except ProbeError as error:
        return attempt.failed(error)
    return judge(spec, page, attempt.phases, attempt.elapsed_us)


KIND: Final = Kind(
    "http", HttpSpec, probe, PRODUCES, example="https://dpi.example/login --marker Identifiant"
)
