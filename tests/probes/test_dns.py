"""What a dns probe takes for an answer, and whose answer."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import probes.dns
from probes.attempt import ProbeError
from probes.dns_question import Question
from probes.model.dns_target import DnsSpec, RecordType, Transport, parse_server
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.target import Target, Timeouts
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.listening import nobody
from tests.servers.names import answering, framed, ignoring, naming, reply

DNS = kinds()["dns"]


def _spec(port: int, **options: object) -> DnsSpec:
    given: dict[str, Any] = {"server": f"127.0.0.1:{port}"} | options
    if not {"expect", "contains", "any_record"} & given.keys():
        given["expect"] = ("10.1.2.3",)
    return DnsSpec("dpi.example", **given)


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        (RecordType.A, "10.1.2.3", "10.1.2.3"),
        (RecordType.AAAA, "2001:DB8:0::1", "2001:db8::1"),
        (RecordType.CNAME, "Front.Example.", "front.example"),
        (RecordType.MX, "10 Mail.Example.", "10  mail.example"),
        (RecordType.PTR, "dpi.example.", "DPI.example."),
        (RecordType.SRV, "0 5 5060 sip.example.", "0 5 5060 sip.example"),
        (RecordType.TXT, '"v=spf1 " "-all"', "v=spf1 -all"),
        (RecordType.TXT, '"h\\195\\180pital"', "hôpital"),
    ],
)
@pytest.mark.parametrize("transport", Transport)
async def test_a_record_is_what_it_says_however_it_is_written(
    kind: RecordType, record: str, expected: str, transport: Transport
) -> None:
    async with naming(answering(record)) as port:
        seen = await run(DNS, _spec(port, type=kind, transport=transport, expect=(expected,)))

    assert seen.outcome is Outcome.UP
    assert seen.detail == f"1 of type {kind} from 127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("options", "outcome", "reason"),
    [
        ({"expect": ("10.1.2.4", "10.1.2.3")}, Outcome.UP, ""),
        ({"expect": ("10.1.2.3",)}, Outcome.DOWN, ": 1 of them not expected"),
        ({"expect": ("10.1.2.3", "10.1.2.5")}, Outcome.DOWN, ": without '10.1.2.5'"),
        ({"contains": ("10.1.2.3",)}, Outcome.UP, ""),
        ({"contains": ("10.1.2.3", "10.1.2.5")}, Outcome.DOWN, ": without '10.1.2.5'"),
        ({"any_record": True}, Outcome.UP, ""),
    ],
)
async def test_records_are_compared_as_a_set(
    options: dict[str, object], outcome: Outcome, reason: str
) -> None:
    async with naming(answering("10.1.2.3", "10.1.2.4")) as port:
        seen = await run(DNS, _spec(port, **options))

    assert seen.outcome is outcome
    assert seen.detail == f"2 of type A from 127.0.0.1:{port}{reason}"


async def test_an_alias_is_followed_in_the_answer() -> None:
    async with naming(lambda query: [reply(query, "10.1.2.3", alias="front.example.")]) as port:
        assert (await run(DNS, _spec(port))).outcome is Outcome.UP


async def test_the_name_of_an_address_is_asked_for_in_the_reverse_tree() -> None:
    asked = []

    def script(query: bytes) -> Iterable[bytes]:
        asked.append(query[13:34])
        return [reply(query, "dpi.example.")]

    async with naming(script) as port:
        spec = DnsSpec("10.1.2.3", RecordType.PTR, f"127.0.0.1:{port}", expect=("dpi.example",))
        seen = await run(DNS, spec)

    assert seen.outcome is Outcome.UP
    assert asked == [b"3\x012\x011\x0210\x07in-addr\x04arpa"]


async def test_a_long_answer_is_fetched_by_tcp() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for byte in framed(reply(query, "10.1.2.3")):  # however small the pieces
            writer.write(bytes([byte]))
            await writer.drain()

    async with naming(lambda query: [reply(query, cut=True)], talk) as port:
        seen = await run(DNS, _spec(port))

    assert seen.outcome is Outcome.UP
    assert seen.phases.transfer_us is not None


async def test_a_forged_reply_is_passed_over() -> None:
    def forge(query: bytes) -> Iterable[bytes]:
        other_id = bytes([query[0] ^ 1]) + query[1:]
        other_name = query.replace(b"\x03dpi", b"\x03dpj")
        for forged in (other_id, other_name):
            yield reply(forged, "6.6.6.6")
        yield query  # an echo is no reply
        yield b""
        yield reply(query, "10.1.2.3")

    async with naming(forge) as port:
        assert (await run(DNS, _spec(port))).outcome is Outcome.UP


async def test_a_reply_from_elsewhere_is_never_heard() -> None:
    """Right in all but its source: the system keeps it from a connected socket."""
    async with naming(answering("10.1.2.3"), forged=answering("6.6.6.6")) as port:
        seen = await run(DNS, _spec(port))

    assert seen.outcome is Outcome.UP


async def test_one_lost_datagram_is_no_outage_and_is_told() -> None:
    asked: list[bytes] = []

    def script(query: bytes) -> Iterable[bytes]:
        asked.append(query)
        return [reply(query, "10.1.2.3")] if len(asked) > 1 else []

    async with naming(script) as port:
        seen = await run(DNS, _spec(port, timeouts=Timeouts(first_byte_ms=1_000)))

    assert seen.outcome is Outcome.UP
    assert seen.detail.endswith(f"; 127.0.0.1:{port} was asked again")
    assert asked[0] == asked[1]


async def test_a_slow_answer_is_degraded() -> None:
    async with naming(answering("10.1.2.3")) as port:
        spec = _spec(port, degraded_after_ms=5)
        seen = await DNS.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR"])
async def test_what_a_server_says_it_cannot_do_is_named(rcode: str) -> None:
    async with naming(answering(rcode=rcode)) as port:
        seen = await run(DNS, _spec(port))

    assert (seen.failure, seen.operation) == (Failure.RESOLUTION_FAILED, Operation.ASSERT)
    assert seen.detail == f"{rcode} from 127.0.0.1:{port}"


async def test_a_name_without_such_a_record_is_told_from_one_that_does_not_exist() -> None:
    async with naming(answering()) as port:
        empty = await run(DNS, _spec(port))
    async with naming(answering(rcode="NXDOMAIN")) as other:
        absent = await run(DNS, _spec(other))

    assert empty.failure is absent.failure is Failure.NAME_NOT_FOUND
    assert empty.detail.startswith("the name exists, without such a record: 0 of type A from ")
    assert absent.detail.startswith("NXDOMAIN: 0 of type A from ")


def _system(monkeypatch: pytest.MonkeyPatch, folder: Path, port: int, *servers: str) -> None:
    """Make a file the system's configuration, for servers on a port that needs no privilege."""
    path = folder / "resolv.conf"
    path.write_text("".join(f"nameserver {each}\n" for each in servers))
    monkeypatch.setattr(probes.dns, "_RESOLV_CONF", str(path))
    monkeypatch.setattr(probes.dns, "_PORT", port)


async def test_the_system_name_servers_are_asked_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with naming(answering("10.1.2.3")) as port:
        _system(monkeypatch, tmp_path, port, "127.0.0.1")
        seen = await run(DNS, _spec(0, server=""))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"1 of type A from 127.0.0.1:{port}")


async def test_the_next_name_server_is_asked_when_one_cannot_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with (
        naming(answering("10.1.2.3")) as port,
        naming(answering(rcode="SERVFAIL"), host="127.0.0.2", port=port),
        naming(ignoring, host="127.0.0.3", port=port),
    ):
        _system(monkeypatch, tmp_path, port, "127.0.0.4", "127.0.0.2", "127.0.0.3", "127.0.0.1")
        limits = Timeouts(first_byte_ms=800)
        seen = await run(DNS, _spec(0, server="", timeouts=limits))

    assert seen.outcome is Outcome.UP
    assert seen.detail == (
        f"1 of type A from 127.0.0.1:{port}; 127.0.0.4:{port} connection refused;"
        f" 127.0.0.2:{port} SERVFAIL from 127.0.0.2:{port};"
        f" 127.0.0.3:{port} was asked again; 127.0.0.3:{port} timed out"
    )


async def test_a_name_that_does_not_exist_is_the_answer_of_the_first_name_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with (
        naming(answering(rcode="NXDOMAIN")) as port,
        naming(answering("10.1.2.3"), host="127.0.0.2", port=port),
    ):
        _system(monkeypatch, tmp_path, port, "127.0.0.1", "127.0.0.2")
        seen = await run(DNS, _spec(0, server=""))

    assert seen.failure is Failure.NAME_NOT_FOUND


async def test_when_no_name_server_answers_each_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with nobody() as port:
        _system(monkeypatch, tmp_path, port, "127.0.0.2", "127.0.0.1")
        seen = await run(DNS, _spec(0, server=""))

    assert seen.failure is Failure.CONNECTION_REFUSED
    assert seen.detail == f"connection refused; 127.0.0.2:{port} connection refused"


QUESTION = Question("dpi.example", RecordType.A)
MINE = QUESTION.wire[:2]


@given(st.binary(max_size=80), st.booleans())
def test_whatever_comes_is_a_reply_or_none_or_an_error(data: bytes, ours: bool) -> None:
    """Nothing random is ever an answer with records: that takes the whole question."""
    head = MINE + b"\x81\x80" if ours else b""
    with suppress(ProbeError):
        answer = QUESTION.reply(head + data)
        assert answer is None or not answer.records


@given(st.data())
def test_a_reply_cut_anywhere_is_no_answer(data: st.DataObject) -> None:
    whole = reply(QUESTION.wire, "10.1.2.3", "10.1.2.4", alias="front.example.")
    answer = QUESTION.reply(whole)
    assert answer is not None
    assert answer.records == {"10.1.2.3", "10.1.2.4"}
    kept = data.draw(st.integers(0, len(whole) - 1))
    with suppress(ProbeError):
        assert QUESTION.reply(whole[:kept]) is None


@given(st.data())
def test_a_reply_with_a_wrong_byte_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(reply(QUESTION.wire, "10.1.2.3", alias="front.example."))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProbeError):
        QUESTION.reply(bytes(whole))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("10.0.0.53", Target("10.0.0.53", 53)),
        ("ns.example:5353", Target("ns.example", 5353)),
        ("2001:db8::53", Target("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", Target("2001:db8::53", 5353)),
        ("[2001:db8::53]", Target("2001:db8::53", 53)),
    ],
)
def test_a_server_is_a_host_with_or_without_a_port(text: str, target: Target) -> None:
    assert parse_server(text) == target


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"name": "a b"}, "name: 'a b' is not a host name"),
        ({"name": "10.1.2.3"}, "name: 10.1.2.3 is an address; only a PTR check may name one"),
        ({"type": "ANY"}, "Invalid enum value 'ANY'"),
        ({"server": "ns:dns"}, "server: 'ns:dns' is not HOST or HOST:PORT"),
        ({"server": "ns:0"}, "server: 'ns:0': port: 0 is not a port"),
        ({"server": "10.0.0.1", "family": "ipv6"}, "server: '10.0.0.1': family: 10.0.0.1 is no"),
        ({"expect": []}, "expect: give one of expect, contains or any_record"),
        ({"any_record": True}, "expect: give one of expect, contains or any_record"),
        ({"expect": ["10.1.2"]}, "expect: '10.1.2' is not a record of type A"),
        ({"expect": [], "contains": [""]}, "contains: '' is not a record of type A"),
        ({"type": "AAAA"}, "expect: '10.1.2.3' is not a record of type AAAA"),
        ({"type": "MX", "expect": ["mail"]}, "expect: 'mail' is not a record of type MX"),
        ({"type": "SRV", "expect": ["1 2 x a"]}, "expect: '1 2 x a' is not a record of type SRV"),
        ({"type": "SRV", "expect": [""]}, "expect: '' is not a record of type SRV"),
        ({"type": "TXT", "expect": [""]}, "expect: '' is not a record of type TXT"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    check = {"name": "dpi.example", "expect": ["10.1.2.3"]}
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(check | options, DnsSpec)

    assert str(raised.value).startswith(fault)
