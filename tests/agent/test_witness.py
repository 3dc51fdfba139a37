"""Which failures prove the network by themselves, and how far the target of a check is."""

import re
from pathlib import Path

import pytest

from agent.witness import ANSWERS, ONLY_IN_TLS, Reach, answered, proves_network, reach_of
from probes.http import probe
from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec
from probes.model.measurement import Observation, Phases
from probes.model.target import TcpSpec
from tests.agent.kinds import DEGRADED, REFUSED, TIMED_OUT, UP
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.listening import serving
from tests.servers.web import answering, page

PAGE = Path("docs/vantage.md")
NEED_A_WITNESS = {
    Failure.NAME_NOT_FOUND,
    Failure.RESOLUTION_FAILED,
    Failure.CONNECTION_RESET,
    Failure.CONNECTION_CLOSED,
    Failure.HOST_UNREACHABLE,
    Failure.NETWORK_UNREACHABLE,
    Failure.TIMEOUT,
    Failure.TLS_FAILED,
    Failure.CERTIFICATE_UNTRUSTED,
    Failure.CERTIFICATE_NAME_MISMATCH,
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.MARKER_MISSING,
    Failure.SCRIPT_CRITICAL,
}
OF_THE_TARGET = [failure for failure in Failure if not failure.of_instrument]


def failed(failure: Failure, tls_us: int | None) -> Observation:
    return Observation.failed(failure, Operation.ASSERT, phases=Phases(tls_us=tls_us))


@pytest.mark.parametrize("failure", OF_THE_TARGET)
def test_every_failure_is_on_one_side_of_the_table(failure: Failure) -> None:
    plain, in_tls = failed(failure, None), failed(failure, 1)

    assert proves_network(plain) is (failure in ANSWERS)
    assert proves_network(in_tls) is (failure in ANSWERS | ONLY_IN_TLS)
    of_connection = failure is Failure.CONNECTION_REFUSED
    assert (failure in ANSWERS | ONLY_IN_TLS or of_connection) is (failure not in NEED_A_WITNESS)


def test_the_page_has_the_table() -> None:
    rows = re.findall(r"^\| (`.+`) \| (.+) \| .+ \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    said = {name: proof for names, proof in rows for name in re.findall(r"`(\w+)`", names)}

    expected = dict.fromkeys(ANSWERS | {Failure.CONNECTION_REFUSED}, "yes")
    expected |= dict.fromkeys(ONLY_IN_TLS, "inside TLS")
    expected |= dict.fromkeys(NEED_A_WITNESS, "no")
    assert said == {failure.value: proof for failure, proof in expected.items()}


def test_a_reset_proves_the_network_and_a_refusal_later_on_does_not() -> None:
    datagram = Observation.failed(Failure.CONNECTION_REFUSED, Operation.FIRST_BYTE)

    assert proves_network(REFUSED)
    assert not proves_network(datagram)  # only an ICMP message refuses a datagram


async def test_a_status_proves_the_network_and_a_captive_portal_that_it_is_not_there() -> None:
    seen = {}
    for status in ("503 Service Unavailable", "511 Network Authentication Required"):
        async with serving(answering(page("<p>?</p>", status=status))) as port:
            spec = HttpSpec(f"http://127.0.0.1:{port}/", expect_markers=("Connexion",))
            seen[status[:3]] = await probe(spec, monotonic_us() + AMPLE_US, monotonic_us)

    assert proves_network(seen["503"])
    assert seen["511"].failure is Failure.VANTAGE_OFFLINE
    assert answered(seen["511"]) is False


@pytest.mark.parametrize(
    ("observation", "answer"),
    [
        (UP, True),
        (DEGRADED, True),
        (REFUSED, True),
        (TIMED_OUT, False),
        (Observation.failed(Failure.STALL, Operation.ASSERT), None),
        (Observation.failed(Failure.OUT_OF_RESOURCES, Operation.CONNECT), None),
    ],
)
def test_whether_a_reference_answered(observation: Observation, *, answer: bool | None) -> None:
    assert answered(observation) is answer


class Resolver:
    def __init__(self, server: str) -> None:
        self.server = server


@pytest.mark.parametrize(
    ("spec", "reach"),
    [
        (TcpSpec("127.0.0.1", 1, connect_only=True), Reach.LOOPBACK),
        (TcpSpec("127.8.9.1", 1, connect_only=True), Reach.LOOPBACK),
        (TcpSpec("::1", 1, connect_only=True), Reach.LOOPBACK),
        (TcpSpec("LOCALHOST.", 1, connect_only=True), Reach.LOOPBACK),
        (TcpSpec("dpi.localhost", 1, connect_only=True), Reach.LOOPBACK),
        (TcpSpec("localhost.example", 1, connect_only=True), Reach.NETWORK),
        (TcpSpec("10.0.0.1", 1, connect_only=True), Reach.NETWORK),
        (HttpSpec("https://[::1]:8443/", expect_markers=("a",)), Reach.LOOPBACK),
        (HttpSpec("http://dpi.example/127.0.0.1", expect_markers=("a",)), Reach.NETWORK),
        (Resolver("127.0.0.53:53"), Reach.LOOPBACK),
        (Resolver("[::1]:53"), Reach.LOOPBACK),
        (Resolver("10.0.0.53:53"), Reach.NETWORK),
        (Resolver("fd00::53"), Reach.NETWORK),
        (Resolver(""), Reach.UNKNOWN),
        (None, Reach.UNKNOWN),
    ],
)
def test_how_far_the_target_of_a_check_is(spec: object, reach: Reach) -> None:
    assert reach_of(spec) is reach
