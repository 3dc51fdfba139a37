"""What a grpc probe takes for a server whose services serve."""

import asyncio
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    SettingsAcknowledged,
    StreamEnded,
    WindowUpdated,
)
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model.failure import Failure
from probes.model.grpc_target import GrpcSpec
from probes.model.measurement import Observation, Outcome
from probes.model.target import Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.certificates import authority
from tests.servers.grpc import (
    ENDED_WELL,
    HEAD,
    NOT_SERVING,
    SERVING,
    SETTINGS,
    UP,
    WHOLE,
    answer_bytes,
    answering,
    frame,
    goaway,
    grpcio,
    prefixed,
    replying,
    saying,
)
from tests.servers.listening import Talk, nobody, serving
from tests.servers.web import PATIENT

GRPC = kinds()["grpc"]


async def _asked_of(talk: Talk) -> Observation:
    async with serving(talk) as port:
        return await run(GRPC, GrpcSpec("127.0.0.1", port))


@pytest.mark.parametrize(
    "kind",
    ["application/grpc", "application/grpc+proto", "Application/gRPC;charset=utf-8"],
)
async def test_a_server_that_serves_is_up_however_it_names_its_content(kind: str) -> None:
    head = ((":status", "200"), ("content-type", kind))
    seen = await _asked_of(answering(replying(prefixed(UP), ENDED_WELL, head)))

    assert seen.outcome is Outcome.UP
    assert seen.detail.startswith("SERVING from 127.0.0.1:")


async def test_an_answer_is_whole_even_when_the_server_leaves_and_closes_behind_it() -> None:
    leaving = frame(SETTINGS) + goaway((1 << 31) - 1, 0) + goaway(1, 0)
    seen = await _asked_of(saying(leaving + answer_bytes(WHOLE), stay=False))

    assert seen.outcome is Outcome.UP


async def test_letters_in_the_place_of_a_code_are_not_told() -> None:
    code = int.from_bytes(PATIENT[:4].encode(), "big")
    seen = await _asked_of(saying(frame(SETTINGS), goaway(0, code)))

    assert seen.detail == "it broke off: GOAWAY with a code that is none"


def test_the_first_probe_has_imported_what_it_needs_before_its_time_begins() -> None:
    # In a process of its own, where nothing has imported h2 yet.
    code = """
import asyncio, sys
from probes.model.grpc_target import GrpcSpec
from probes.registry import kind_named

def clock():
    assert {"h2.connection", "h2.events", "h2.exceptions", "h2.errors"} <= set(sys.modules)
    return 0

kind = kind_named("grpc")
assert "h2" not in sys.modules
print(asyncio.run(kind.probe(GrpcSpec("127.0.0.1", 1), 10**7, clock)).failure)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "connection_refused\n"


async def test_a_slow_server_is_degraded() -> None:
    async with serving(answering(WHOLE)) as port:
        spec = GrpcSpec("127.0.0.1", port, degraded_after_ms=5)
        seen = await GRPC.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("more than 5")


async def test_settings_are_acknowledged_pushes_refused_and_the_window_given_back() -> None:
    heard: list[Event] = []
    # An unknown field of 300 bytes, a byte a frame with 255 of padding: 257 x 309 bytes of window,
    # which is more than the 65 535 there are.
    body = prefixed(UP + bytes.fromhex("12 ac02") + bytes(300))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        server.initiate_connection()
        left = [bytes((byte,)) for byte in body]
        asked = False
        while data := await reader.read(65_536):
            events = server.receive_data(data)
            heard.extend(events)
            if any(isinstance(event, StreamEnded) for event in events):
                asked = True
                server.send_headers(1, list(HEAD))
            while asked and left and server.local_flow_control_window(1) >= 257:
                server.send_data(1, left.pop(0), pad_length=255)
            if asked and not left:
                server.send_headers(1, list(ENDED_WELL), end_stream=True)
                asked = False
            writer.write(server.data_to_send())
            await writer.drain()

    seen = await _asked_of(talk)

    [changed] = [event for event in heard if isinstance(event, RemoteSettingsChanged)]
    assert seen.outcome is Outcome.UP
    assert any(isinstance(event, SettingsAcknowledged) for event in heard)
    assert changed.changed_settings[SettingCodes.ENABLE_PUSH].new_value == 0
    assert {event.stream_id for event in heard if isinstance(event, WindowUpdated)} == {0, 1}


async def test_the_question_is_the_one_of_the_health_protocol() -> None:
    heard: list[Event] = []

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        heard.extend(server.receive_data(await reader.read(65_536)))

    async with serving(talk) as port:
        await run(GRPC, GrpcSpec("127.0.0.1", port, service="dossier.v1.Patients"))

    [request] = [event for event in heard if isinstance(event, RequestReceived)]
    [data] = [event for event in heard if isinstance(event, DataReceived)]
    assert dict(request.headers) | {
        b":method": b"POST",
        b":scheme": b"http",
        b":path": b"/grpc.health.v1.Health/Check",
        b":authority": b"127.0.0.1:%d" % port,
        b"te": b"trailers",
        b"content-type": b"application/grpc",
    } == dict(request.headers)
    # Not compressed, 21 bytes: field 1, text of 19 bytes.
    assert data.data == bytes.fromhex("00 00000015 0a 13") + b"dossier.v1.Patients"


async def test_the_server_of_grpc_itself_is_up_degraded_and_down() -> None:
    with grpcio({"dossier": SERVING, "archive": NOT_SERVING}) as port:
        whole, up, down, unheard_of = [
            await run(GRPC, GrpcSpec("127.0.0.1", port, service=service))
            for service in ("", "dossier", "archive", "rendez-vous")
        ]
        slow = GrpcSpec("127.0.0.1", port, degraded_after_ms=5)
        degraded = await GRPC.probe(slow, AMPLE_US, ticking_clock(step_us=10_000))
    with grpcio({}, healthy=False) as port:
        without = await run(GRPC, GrpcSpec("127.0.0.1", port))
    with nobody() as port:
        dead = await run(GRPC, GrpcSpec("127.0.0.1", port))

    assert (whole.outcome, up.outcome, degraded.outcome) == (
        Outcome.UP,
        Outcome.UP,
        Outcome.DEGRADED,
    )
    assert (down.failure, down.detail.endswith("it answered NOT_SERVING")) == (
        Failure.NOT_SERVING,
        True,
    )
    assert (unheard_of.failure, unheard_of.detail.endswith("5 NOT_FOUND")) == (
        Failure.NOT_SERVING,
        True,
    )
    assert (without.failure, without.detail.endswith("12 UNIMPLEMENTED")) == (
        Failure.QUERY_FAILED,
        True,
    )
    assert dead.failure is Failure.CONNECTION_REFUSED


async def test_the_server_of_grpc_itself_is_asked_inside_tls(tmp_path: Path) -> None:
    trusted = Tls(authority().write(tmp_path))
    authority().server(tmp_path)
    with grpcio({}, pem=tmp_path / "server.pem") as port:
        up = await run(GRPC, GrpcSpec("127.0.0.1", port, tls=trusted))
        stranger = await run(GRPC, GrpcSpec("127.0.0.1", port, tls=Tls()))
        plain = await run(GRPC, GrpcSpec("127.0.0.1", port))

    assert up.outcome is Outcome.UP
    assert up.phases.tls_us is not None
    assert stranger.failure is Failure.CERTIFICATE_UNTRUSTED
    assert plain.outcome is Outcome.DOWN


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 160), max_size=8))
def test_an_answer_is_the_same_however_its_bytes_are_cut(cuts: list[int]) -> None:
    answer = answer_bytes(WHOLE)
    places = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})
    pieces = [answer[first:last] for first, last in itertools.pairwise(places)]

    assert asyncio.run(_asked_of(saying(*pieces))).outcome is Outcome.UP


def test_no_answer_that_is_cut_is_up() -> None:
    answer = answer_bytes(WHOLE)

    async def meet() -> set[Failure | None]:
        return {
            (await _asked_of(saying(answer[:length], stay=False))).failure
            for length in range(len(answer))
        }

    assert asyncio.run(meet()) == {
        Failure.CONNECTION_CLOSED,
        Failure.RESPONSE_TRUNCATED,
    }


@st.composite
def _frames(draw: st.DrawFn) -> bytes:
    """Return frames of any kind, which say nothing well; some are of the right form."""
    pieces = [
        frame(
            draw(st.integers(0, 12)),
            draw(st.binary(max_size=24) | st.sampled_from([prefixed(UP), b"\x88", b"\0" * 8])),
            flags=draw(st.integers(0, 0xFF)),
            stream=draw(st.sampled_from([0, 1, 2, 3, 1 << 31])),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return frame(SETTINGS) + b"".join(pieces)


@settings(max_examples=300, deadline=None)
@given(answer=st.binary(max_size=200) | _frames(), data=st.data())
def test_no_garbage_is_taken_for_an_answer(answer: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(answer)))
    seen = asyncio.run(_asked_of(saying(answer[:cut], answer[cut:], stay=False)))

    assert seen.outcome is Outcome.DOWN


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 200), byte=st.integers(0, 255))
def test_an_answer_with_a_byte_changed_is_judged_and_never_breaks_the_probe(
    place: int, byte: int
) -> None:
    answer = bytearray(answer_bytes(replying(prefixed(b"\x08\x02"))))
    answer[place % len(answer)] = byte
    seen = asyncio.run(_asked_of(saying(bytes(answer), stay=False)))

    # Only the one byte that is the status makes SERVING of NOT_SERVING.
    assert seen.outcome is Outcome.DOWN or (seen.outcome is Outcome.UP and byte == 1)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"host": "a b"}, "host: 'a b' is not a host name"),
        ({"service": "a b"}, "service: 'a b' is not a name"),
        ({"service": "a\n"}, "service: 'a\\n' is not a name"),
        ({"service": "a" * 256}, "service: is longer than 255"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "dpi.example", "port": 50051} | options, GrpcSpec)

    assert str(raised.value).startswith(fault)
