"""What of a probe shows that the vantage point's network was there: how far it went, who answered.

A failure proves the network by itself when only its target can have caused it, at the instant it
was seen (`docs/vantage.md` has the table, with a reason for each line):

- a connection refused by a TCP reset (an ICMP message is `host_unreachable`: this very host's own
  firewall may have made it);
- a certificate that is out of date: trust and name were proven before the dates are looked at;
- the protocol's own answer, whole. Of HTTP no pages and redirects of another's, which a captive
  portal may have made, unless they came inside TLS whose certificate was verified;
- what was looked at on this host, without a network.

Every other failure does not: silence, and resets and ends in the middle of a connection (a network
that goes away makes them too), names not found (a resolver of this host makes them up when it is
cut off), somebody else's certificate, a marker missing from what may not be whole, and whatever a
plug-in says.
"""

from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome


class Reach(StrEnum):
    """How far the target of a check is: across the network, on this host, or it does not say."""

    NETWORK = "network"
    LOOPBACK = "loopback"
    UNKNOWN = "unknown"


def reach_of(spec: Any) -> Reach:  # noqa: ANN401 - of any kind
    """Return how far the target of a check is, from where its spec says that it is."""
    host = _host(spec)
    if not host:
        return Reach.UNKNOWN
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.LOOPBACK
    try:
        return Reach.LOOPBACK if ip_address(host).is_loopback else Reach.NETWORK
    except ValueError:
        return Reach.NETWORK


def answered(observation: Observation) -> bool | None:
    """Return whether a reference answered; None when the instrument could not tell."""
    if observation.failure is Failure.VANTAGE_OFFLINE:
        return False  # a captive portal answered in its place
    if observation.outcome is Outcome.UNKNOWN:
        return None
    return observation.outcome is not Outcome.DOWN or proves_network(observation)


def proves_network(observation: Observation) -> bool:
    """Return whether a failure shows by itself that the target was reached."""
    failure = observation.failure
    if failure is Failure.CONNECTION_REFUSED:
        return observation.operation is Operation.CONNECT
    if failure in ONLY_IN_TLS:
        return observation.phases.tls_us is not None
    return failure in ANSWERS


def _host(spec: Any) -> str:  # noqa: ANN401 - of any kind
    """Return the host a spec names, by whichever of the usual options; nothing if by none."""
    for name in _PLACES:
        place = getattr(spec, name, "")
        if isinstance(place, str) and place:
            return _host_in(place).lower().rstrip(".")
    return ""


def _host_in(place: str) -> str:
    """Return the host of a URL, of HOST:PORT, or the host itself."""
    if "://" in place:
        return urlsplit(place).hostname or ""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0] if place.count(":") == 1 else place


_PLACES: Final = ("url", "base_url", "server", "host")
ANSWERS: Final = frozenset(
    {
        Failure.CERTIFICATE_EXPIRED,
        Failure.CERTIFICATE_NOT_YET_VALID,
        Failure.TLS_NOT_OFFERED,
        Failure.MAINTENANCE_PAGE,
        Failure.UNEXPECTED_STATUS,
        Failure.MISMATCHED_REPLY,
        Failure.AUTHENTICATION_FAILED,
        Failure.ASSOCIATION_REJECTED,
        Failure.NOT_SERVING,
        Failure.QUERY_FAILED,
        Failure.APPLICATION_ERROR,
        Failure.APPLICATION_REJECT,
        Failure.NOT_RUNNING,
        Failure.NOT_LISTENING,
    }
)
ONLY_IN_TLS: Final = frozenset(
    {
        Failure.UNEXPECTED_HEADER,
        Failure.UNEXPECTED_SIZE,
        Failure.UNEXPECTED_VALUE,
        Failure.UNEXPECTED_VERSION,
        Failure.ERROR_PAGE,
        Failure.STALE_ANSWER,
        Failure.REDIRECT_REFUSED,
        Failure.TOO_MANY_REDIRECTS,
        Failure.RESPONSE_TOO_LARGE,
    }
)
