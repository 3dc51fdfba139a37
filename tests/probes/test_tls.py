"""What a tls probe says of handshakes and of certificates that come to their end."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.target import Tls
from probes.model.tls_target import TlsSpec, TlsVersion
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import Authority, authority
from tests.servers.listening import fall_silent, serving
from tests.servers.nginx import nginx

TLS = kinds()["tls"]
DAY = dt.timedelta(days=1)
OTHERS: list[Situation] = []
meets = entering(OTHERS)
# Without TLS there is nothing to close, to reset or to be silent in but the handshake.
HANDSHAKES = [each for each in SITUATIONS if each.operation is not Operation.FIRST_BYTE]


def _lasting() -> Authority:
    """Return an authority that outlives the certificates it signs."""
    return authority("Lasting", 9 * DAY)


def _spec(folder: Path, port: int, **options: object) -> TlsSpec:
    ca_file = _lasting().write(folder)
    given: dict[str, Any] = {"tls": Tls(ca_file=ca_file), "degraded_before_days": 3} | options
    return TlsSpec("127.0.0.1", port, **given)


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await fall_silent(reader)


async def _meet(folder: Path, context: ssl.SSLContext, **options: object) -> Observation:
    async with serving(_silent, context) as port:
        return await run(TLS, _spec(folder, port, **options))


@meets(Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)
async def an_authority_in_between_is_missing(world: World) -> AsyncIterator[Place]:
    between = authority().below("Between")
    async with serving(_silent, between.server(world.folder, whole=False)) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.CERTIFICATE_EXPIRED, Operation.TLS)
async def an_authority_in_between_has_expired(world: World) -> AsyncIterator[Place]:
    between = authority().below("Between", -2 * DAY)
    async with serving(_silent, between.server(world.folder)) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.TLS_FAILED, Operation.TLS)
async def a_mail_server_greets_without_tls(world: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.TLS_FAILED, Operation.TLS)
async def it_speaks_an_older_tls_only(world: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(bytes.fromhex("15 0301 0002 02 46"))  # fatal, protocol_version
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port, tls=world.trusted())


@pytest.mark.parametrize("situation", HANDSHAKES + OTHERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        spec = TlsSpec(place.host, place.port, tls=place.tls or Tls(), timeouts=situation.timeouts)
        seen = await run(TLS, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    met = {situation.failure for situation in HANDSHAKES + OTHERS}
    asserted = {Failure.UNEXPECTED_VERSION, Failure.UNEXPECTED_VALUE}  # met further below
    assert met | asserted == TLS.produces


async def test_a_certificate_that_lasts_is_up_and_says_until_when(tmp_path: Path) -> None:
    seen = await _meet(tmp_path, _lasting().server(tmp_path, until=5 * DAY))

    ends = (dt.datetime.now(dt.UTC) + 5 * DAY).date()
    assert seen.outcome is Outcome.UP
    assert f", certificate valid until {ends}T" in seen.detail
    assert seen.detail.endswith("Z, 4 days left")  # five days but the time this took
    assert seen.version is None
    assert seen.phases.tls_us is not None


@pytest.mark.parametrize(
    ("days_left", "warned_before", "outcome"),
    [
        (dt.timedelta(days=3, hours=1), 3, Outcome.UP),
        (dt.timedelta(days=2, hours=23), 3, Outcome.DEGRADED),
        (dt.timedelta(hours=1), 1, Outcome.DEGRADED),
        (dt.timedelta(hours=1), 0, Outcome.UP),
    ],
)
async def test_a_certificate_near_its_end_is_degraded(
    tmp_path: Path, days_left: dt.timedelta, warned_before: int, outcome: Outcome
) -> None:
    context = _lasting().server(tmp_path, until=days_left)
    seen = await _meet(tmp_path, context, degraded_before_days=warned_before)

    assert seen.outcome is outcome
    assert f"Z, {days_left.days} days left" in seen.detail
    warning = f": fewer than {warned_before}"
    assert seen.detail.endswith(warning) == (outcome is Outcome.DEGRADED)


async def test_an_authority_that_ends_first_ends_the_chain(tmp_path: Path) -> None:
    between = _lasting().below("Between", 2 * DAY)
    seen = await _meet(tmp_path, between.server(tmp_path, until=5 * DAY))

    assert seen.outcome is Outcome.DEGRADED
    assert ", certificate of its authority valid until " in seen.detail
    assert seen.detail.endswith("Z, 1 day left: fewer than 3")


async def test_an_expired_certificate_is_down_since_when_it_expired(tmp_path: Path) -> None:
    expired = dt.datetime.now(dt.UTC) - 2 * DAY
    seen = await _meet(tmp_path, _lasting().server(tmp_path, until=-2 * DAY))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.CERTIFICATE_EXPIRED)
    assert seen.detail.startswith(
        f"certificate has expired: it was valid until {expired:%Y-%m-%dT%H}:"
    )


async def test_a_certificate_of_the_future_says_when_it_begins(tmp_path: Path) -> None:
    # Valid for the ten days before the one it ends on, that is from the day after tomorrow.
    begins = dt.datetime.now(dt.UTC) + 2 * DAY
    seen = await _meet(tmp_path, _lasting().server(tmp_path, until=12 * DAY))

    assert seen.failure is Failure.CERTIFICATE_NOT_YET_VALID
    assert seen.detail.startswith(
        f"certificate is not yet valid: it is valid from {begins:%Y-%m-%dT%H}:"
    )


async def test_a_port_without_tls_is_told_from_a_bad_handshake(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await fall_silent(reader)

    async with serving(talk) as port:
        seen = await run(TLS, _spec(tmp_path, port))

    assert (seen.failure, seen.detail) == (Failure.TLS_FAILED, "what answers speaks no TLS")


async def test_an_older_tls_than_asked_for_is_an_unexpected_version(tmp_path: Path) -> None:
    context = _lasting().server(tmp_path, until=5 * DAY)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    old = await _meet(tmp_path, context, min_version=TlsVersion.V1_3)
    new = await _meet(tmp_path, context, min_version=TlsVersion.V1_2)

    assert (old.failure, old.operation) == (Failure.UNEXPECTED_VERSION, Operation.ASSERT)
    assert old.detail.endswith(" agreed on TLSv1.2, older than TLSv1.3")
    assert new.outcome is Outcome.UP


async def test_a_protocol_that_is_not_taken_is_an_unexpected_value(tmp_path: Path) -> None:
    deaf, both = (_lasting().server(tmp_path, until=5 * DAY) for _ in range(2))
    both.set_alpn_protocols(["http/1.1", "h2"])

    refused = await _meet(tmp_path, deaf, alpn="h2")
    taken = await _meet(tmp_path, both, alpn="h2")

    assert (refused.failure, refused.operation) == (Failure.UNEXPECTED_VALUE, Operation.ASSERT)
    assert refused.detail.endswith(" agreed on no protocol, h2 was offered")
    assert taken.outcome is Outcome.UP


async def test_a_slow_handshake_is_degraded(tmp_path: Path) -> None:
    async with serving(_silent, _lasting().server(tmp_path, until=5 * DAY)) as port:
        spec = _spec(tmp_path, port, degraded_after_ms=5)
        seen = await TLS.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"host": "a b"}, "host: 'a b' is not a host name"),
        ({"min_version": "1.3"}, "Invalid enum value '1.3'"),
        ({"alpn": "h 2"}, "alpn: 'h 2' is not the name of a protocol, as h2"),
        ({"degraded_before_days": -1}, "degraded_before_days: -1 is not 0 to 3650"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "dpi.example"} | options, TlsSpec)

    assert str(raised.value).startswith(fault)


@pytest.mark.servers
async def test_nginx_is_up(tmp_path: Path) -> None:
    _lasting().below("Between", 8 * DAY).server(tmp_path, until=5 * DAY)
    with nginx(tmp_path, "ssl_protocols TLSv1.2 TLSv1.3;", "ssl http2") as port:
        seen = await run(TLS, _spec(tmp_path, port, min_version=TlsVersion.V1_3, alpn="h2"))

    assert seen.outcome is Outcome.UP
    assert seen.detail.startswith(f"TLSv1.3 with 127.0.0.1:{port}, certificate valid until ")


@pytest.mark.servers
async def test_nginx_whose_certificate_ends_tomorrow_is_degraded(tmp_path: Path) -> None:
    _lasting().server(tmp_path, until=DAY)
    with nginx(tmp_path) as port:
        seen = await run(TLS, _spec(tmp_path, port))

    assert seen.outcome is Outcome.DEGRADED


@pytest.mark.servers
@pytest.mark.parametrize("until", [-DAY, 12 * DAY, 5 * DAY])
async def test_nginx_with_a_wrong_certificate_is_down(tmp_path: Path, until: dt.timedelta) -> None:
    wrong = {
        -DAY: Failure.CERTIFICATE_EXPIRED,
        12 * DAY: Failure.CERTIFICATE_NOT_YET_VALID,
        5 * DAY: Failure.CERTIFICATE_NAME_MISMATCH,
    }
    address = "127.0.0.9" if until == 5 * DAY else "127.0.0.1"
    _lasting().server(tmp_path, until=until, address=address)
    with nginx(tmp_path) as port:
        seen = await run(TLS, _spec(tmp_path, port))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, wrong[until])


@pytest.mark.servers
async def test_nginx_without_the_authority_in_between_is_not_trusted(tmp_path: Path) -> None:
    _lasting().below("Between", 8 * DAY).server(tmp_path, until=5 * DAY, whole=False)
    with nginx(tmp_path) as port:
        seen = await run(TLS, _spec(tmp_path, port))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.CERTIFICATE_UNTRUSTED)
    assert seen.detail == "unable to get local issuer certificate"


@pytest.mark.servers
async def test_nginx_that_speaks_no_tls_on_the_port_is_told_from_a_dead_port(
    tmp_path: Path,
) -> None:
    _lasting().server(tmp_path, until=5 * DAY)
    with nginx(tmp_path, listen="") as port:
        plain = await run(TLS, _spec(tmp_path, port))
    dead = await run(TLS, _spec(tmp_path, port))

    assert (plain.failure, plain.detail) == (Failure.TLS_FAILED, "what answers speaks no TLS")
    assert (dead.failure, dead.operation) == (Failure.CONNECTION_REFUSED, Operation.CONNECT)


@pytest.mark.servers
async def test_nginx_that_speaks_an_old_tls_is_down(tmp_path: Path) -> None:
    _lasting().server(tmp_path, until=5 * DAY)
    with nginx(tmp_path, "ssl_protocols TLSv1.2;") as port:
        seen = await run(TLS, _spec(tmp_path, port, min_version=TlsVersion.V1_3))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.UNEXPECTED_VERSION)
