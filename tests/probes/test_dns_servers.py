"""dns probes of real name servers: unbound, and bind9's named."""

from collections.abc import Iterator
from typing import Any

import pytest

from probes.model.dns_target import DnsSpec, RecordType, Transport
from probes.model.failure import Failure
from probes.model.measurement import Outcome
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.name_servers import LONG, named, unbound

pytestmark = pytest.mark.servers
DNS = kinds()["dns"]


@pytest.fixture(params=[unbound, named], ids=lambda server: server.__name__, scope="module")
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with request.param(tmp_path_factory.mktemp("names")) as listening:
        yield listening


def _spec(port: int, name: str, kind: RecordType, *expect: str, **options: Any) -> DnsSpec:  # noqa: ANN401
    server = f"127.0.0.1:{port}"
    return DnsSpec(f"{name}.example", kind, server, expect=expect, **options)


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize(
    ("name", "kind", "expect"),
    [
        ("dpi.ch", RecordType.A, ["10.1.2.3"]),
        ("dpi.ch", RecordType.AAAA, ["2001:db8::3"]),
        ("www.ch", RecordType.CNAME, ["dpi.ch.example"]),
        ("ch", RecordType.MX, ["10 dpi.ch.example"]),
        ("_sip._tcp.ch", RecordType.SRV, ["0 5 5060 dpi.ch.example"]),
        ("txt.ch", RecordType.TXT, ["v=spf1 -all"]),
        ("long.ch", RecordType.TXT, LONG),
    ],
)
async def test_a_record_of_its_zone_is_up(
    port: int, name: str, kind: RecordType, expect: list[str], transport: Transport
) -> None:
    seen = await run(DNS, _spec(port, name, kind, *expect, transport=transport))

    assert (seen.outcome, seen.failure) == (Outcome.UP, None)


async def test_a_long_record_needs_tcp(port: int) -> None:
    by_udp = await run(DNS, _spec(port, "dpi.ch", RecordType.A, "10.1.2.3"))
    by_tcp = await run(DNS, _spec(port, "long.ch", RecordType.TXT, *LONG))

    assert by_udp.phases.transfer_us is None
    assert by_tcp.phases.transfer_us is not None


async def test_a_slow_answer_is_degraded(port: int) -> None:
    spec = _spec(port, "dpi.ch", RecordType.A, "10.1.2.3", degraded_after_ms=5)
    seen = await DNS.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED


@pytest.mark.parametrize(
    ("name", "kind", "failure"),
    [
        ("absent.ch", RecordType.A, Failure.NAME_NOT_FOUND),
        ("txt.ch", RecordType.A, Failure.NAME_NOT_FOUND),
        ("dpi.ch", RecordType.A, Failure.UNEXPECTED_VALUE),
        ("dpi.broken", RecordType.A, Failure.RESOLUTION_FAILED),
    ],
)
async def test_what_it_does_not_hold_is_down(
    port: int, name: str, kind: RecordType, failure: Failure
) -> None:
    seen = await run(DNS, _spec(port, name, kind, "10.9.9.9"))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, failure)


async def test_a_name_without_such_a_record_is_told_from_one_that_does_not_exist(
    port: int,
) -> None:
    empty = await run(DNS, _spec(port, "txt.ch", RecordType.A, "10.1.2.3"))
    absent = await run(DNS, _spec(port, "absent.ch", RecordType.A, "10.1.2.3"))

    assert empty.detail.startswith("the name exists, without such a record")
    assert absent.detail.startswith("NXDOMAIN")


async def test_the_code_of_a_refusal_is_told(port: int, request: pytest.FixtureRequest) -> None:
    seen = await run(DNS, _spec(port, "dpi.broken", RecordType.A, "10.1.2.3"))

    # unbound never got that zone; named answers for nobody else's.
    code = "SERVFAIL" if "unbound" in request.node.name else "REFUSED"
    assert seen.detail == f"{code} from 127.0.0.1:{port}"
