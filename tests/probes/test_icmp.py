"""What a ping proves, and whose answers count."""

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

import probes.icmp
from probes.echo import summed
from probes.model.failure import Failure, Operation
from probes.model.icmp_target import IcmpSpec
from probes.model.measurement import Outcome
from probes.model.target import Timeouts
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.namespaces import (
    NOBODY,
    NOBODY_V6,
    Beyond,
    Network,
    allow_unprivileged_pings,
    echoing,
    inside,
    network,
)

ICMP = kinds()["icmp"]
# An echo dials no port: before it there are the resolver and the descriptors.
BEFORE = [
    each
    for each in SITUATIONS
    if each.operation is Operation.RESOLVE or each.name == "no_descriptor_is_left"
]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def _reply(request: bytes) -> bytes:
    """Return the answer to an echo request."""
    unsummed = b"\0\0\0\0" + request[4:]
    return unsummed[:2] + summed(unsummed).to_bytes(2) + unsummed[4:]


def _changed(request: bytes, place: int) -> bytes:
    """Return the answer to a request that differs in one byte."""
    changed = bytearray(request)
    changed[place] ^= 1
    return _reply(bytes(changed))


def _number(request: bytes) -> int:
    return int.from_bytes(request[6:8])


@pytest.fixture
def net() -> Iterator[Network]:
    """A network of this test alone: a router remembers whom it told of errors a moment ago."""
    with network() as names:
        yield names


@pytest.fixture(autouse=True)
def pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ping faster than a check may: the networks are ours."""
    monkeypatch.setattr(probes.icmp, "_PAUSE_S", 0.01)


@pytest.fixture(params=["unprivileged", "raw"])
def client(net: Network, request: pytest.FixtureRequest) -> Iterator[None]:
    """Be in the namespace of the client, with one kind of socket or the other."""
    with inside(net.client):
        allow_unprivileged_pings(allowed=request.param == "unprivileged")
        yield


@contextmanager
def _as_nobody() -> Iterator[None]:
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@meets(Failure.HOST_UNREACHABLE, Operation.FIRST_BYTE)
async def a_router_knows_no_such_host(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.NO_HOST)


@meets(Failure.HOST_UNREACHABLE, Operation.FIRST_BYTE)
async def nobody_has_the_address(_: World) -> AsyncIterator[Place]:
    yield Place(0, NOBODY)


@meets(Failure.HOST_UNREACHABLE, Operation.FIRST_BYTE)
async def nobody_has_the_address_of_ipv6(_: World) -> AsyncIterator[Place]:
    yield Place(0, NOBODY_V6)


@meets(Failure.HOST_UNREACHABLE, Operation.FIRST_BYTE)
async def a_router_forbids_the_host(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.FORBIDDEN)


@meets(Failure.HOST_UNREACHABLE, Operation.FIRST_BYTE)
async def a_router_forbids_the_host_of_ipv6(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.FORBIDDEN_V6)


@meets(Failure.NETWORK_UNREACHABLE, Operation.FIRST_BYTE)
async def a_router_knows_no_such_network(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.NO_NETWORK)


@meets(Failure.NETWORK_UNREACHABLE, Operation.FIRST_BYTE)
async def a_router_knows_no_such_network_of_ipv6(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.NO_NETWORK_V6)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=100)
async def the_host_is_silent(_: World) -> AsyncIterator[Place]:
    yield Place(0, Beyond.SILENT)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=100)
async def only_answers_to_other_pings_come(_: World) -> AsyncIterator[Place]:
    def answers(request: bytes) -> Iterable[bytes]:
        return (_changed(request, place) for place in (5, 7, 8, 63))  # id, number, content

    async with echoing(answers):
        yield Place(0)


@meets(Failure.PERMISSION_DENIED, Operation.CONNECT)
async def the_account_may_not_ping(_: World) -> AsyncIterator[Place]:
    allow_unprivileged_pings(allowed=False)
    with _as_nobody():
        yield Place(0)


@pytest.mark.parametrize("situation", BEFORE, ids=lambda situation: situation.name)
async def test_before_the_echo_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(ICMP, IcmpSpec(place.host, timeouts=situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument


@pytest.mark.servers
@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("situation", ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(ICMP, IcmpSpec(place.host, timeouts=situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BEFORE + ANSWERS} == ICMP.produces


@pytest.mark.servers
@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", Beyond.HOST, Beyond.HOST_V6])
async def test_a_host_that_answers_is_up(host: str) -> None:
    seen = await run(ICMP, IcmpSpec(host))

    assert seen.outcome is Outcome.UP
    assert seen.detail.startswith(f"3 of 3 echoes from {host}, round trip ")
    assert seen.phases.first_byte_us is not None


@pytest.mark.servers
@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("lost", "allowed_percent", "outcome"),
    [
        ({0}, 0, Outcome.DEGRADED),
        ({3}, 0, Outcome.DEGRADED),
        ({0, 2}, 50, Outcome.UP),
        ({0, 2}, 49, Outcome.DEGRADED),
        ({0, 1, 2}, 50, Outcome.DEGRADED),
        ({0, 1, 2, 3}, 99, Outcome.DOWN),
    ],
)
async def test_what_is_lost_decides(lost: set[int], allowed_percent: int, outcome: Outcome) -> None:
    def answers(request: bytes) -> Iterable[bytes]:
        return [] if _number(request) in lost else [_reply(request)]

    limits = Timeouts(first_byte_ms=500)
    async with echoing(answers):
        spec = IcmpSpec("127.0.0.1", count=4, max_loss_percent=allowed_percent, timeouts=limits)
        seen = await run(ICMP, spec)

    assert seen.outcome is outcome
    assert seen.failure is (Failure.TIMEOUT if outcome is Outcome.DOWN else None)
    if outcome is Outcome.DEGRADED:
        assert seen.detail.startswith(f"{4 - len(lost)} of 4 echoes from 127.0.0.1, round trip ")
        assert seen.detail.endswith(f": more than {allowed_percent} % lost")


@pytest.mark.servers
@pytest.mark.usefixtures("client")
async def test_answers_count_once_and_only_ours() -> None:
    def answers(request: bytes) -> Iterable[bytes]:
        if _number(request) == 0:
            yield _reply(request)
            yield _reply(request)
        for place in (5, 7, 8, 63):
            yield _changed(request, place)

    async with echoing(answers):
        seen = await run(ICMP, IcmpSpec("127.0.0.1", timeouts=Timeouts(first_byte_ms=100)))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.startswith("1 of 3 echoes from 127.0.0.1, ")


@pytest.mark.servers
@pytest.mark.usefixtures("client")
async def test_an_answer_that_comes_too_late_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes.icmp, "_PAUSE_S", 0.2)
    held: list[bytes] = []

    def answers(request: bytes) -> Iterable[bytes]:
        """Hold the first answer until the second request, 200 ms later."""
        held.append(_reply(request))
        return held if len(held) == 2 else []

    async with echoing(answers):
        spec = IcmpSpec("127.0.0.1", count=2, timeouts=Timeouts(first_byte_ms=150))
        seen = await run(ICMP, spec)

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.startswith("1 of 2 echoes from 127.0.0.1, ")


@pytest.mark.servers
@pytest.mark.usefixtures("client")
async def test_a_slow_round_trip_is_degraded() -> None:
    spec = IcmpSpec("127.0.0.1", degraded_after_ms=5)
    seen = await ICMP.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith(" ms, more than 5")


@pytest.mark.servers
async def test_who_may_not_ping_is_told_how_to_allow_it(net: Network) -> None:
    with inside(net.client):
        allow_unprivileged_pings(allowed=False)
        with _as_nobody():
            refused = await run(ICMP, IcmpSpec("127.0.0.1"))
        allow_unprivileged_pings(allowed=True)
        with _as_nobody():
            allowed = await run(ICMP, IcmpSpec("127.0.0.1"))

    assert refused.outcome is Outcome.UNKNOWN
    assert refused.detail == (
        "this account may not ping: allow it with sysctl -w"
        " net.ipv4.ping_group_range='0 2147483647', or give the agent CAP_NET_RAW"
    )
    assert allowed.outcome is Outcome.UP


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"host": "a b"}, "host: 'a b' is not a host name"),
        ({"host": "::1", "family": "ipv4"}, "family: ::1 is no ipv4 address"),
        ({"count": 0}, "count: 0 is not 1 to 20"),
        ({"count": 21}, "count: 21 is not 1 to 20"),
        ({"max_loss_percent": 100}, "max_loss_percent: 100 is not 0 to 99"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "dpi.example"} | options, IcmpSpec)

    assert str(raised.value).startswith(fault)
