"""The quick reading of a batch accepts nothing that the model refuses, and says the same."""

import json
import random

from hypothesis import example, given
from hypothesis import strategies as st

from collector.store.wire import encode_wire, read_plain
from probes.model.batch import Batch, CheckColumns
from probes.model.canonical import MalformedError
from tests.collector.store.agents import Sender, columns


def _model_reads(payload: bytes) -> Batch | None:
    try:
        return Batch.decode(payload)
    except MalformedError:
        return None


def _quickly_reads(payload: bytes) -> bool:
    plain = read_plain(payload)
    return plain is not None and encode_wire(plain[0]) == payload


@st.composite
def checks(draw: st.DrawFn) -> list[CheckColumns]:
    names = draw(st.lists(st.sampled_from(["login", "hl7", "é-dpi", "x"]), min_size=1, unique=True))
    return [
        columns(
            draw(st.text("UGDX", min_size=1, max_size=8)),
            check=name,
            first_s=draw(st.integers(-3000, 3000)),
            every_s=draw(st.sampled_from([0, 0.001, 10, 100])),
            versions=draw(st.sampled_from([(), ((0, "4.1"),)])),
        )
        for name in names
    ]


@given(checks())
@example([])
def test_a_batch_of_an_agent_is_read_quickly(checks: list[CheckColumns]) -> None:
    assert _quickly_reads(Sender().batch(*checks).encode())


def test_a_start_after_the_sealing_is_left_to_the_model() -> None:
    payload = Sender().batch(columns("UU")).encode()
    fields = json.loads(payload)
    fields["clock"]["boottime_us"] = 0
    late = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    assert not _quickly_reads(late)
    assert _model_reads(late) is not None


@given(checks(), st.randoms(use_true_random=False), st.data())
def test_what_the_model_refuses_is_not_read_quickly(
    checks: list[CheckColumns], rng: random.Random, data: st.DataObject
) -> None:
    fields = json.loads(Sender().batch(*checks).encode())
    place = rng.choice([fields, fields["clock"], fields["spool"], *fields["checks"]])
    key = rng.choice([*place, "added"])
    place[key] = data.draw(_values)
    payload = json.dumps(fields, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    encoded = payload.encode(errors="surrogatepass")
    if _quickly_reads(encoded):
        assert _model_reads(encoded) is not None


@given(checks(), st.integers(0), st.binary(min_size=1, max_size=3))
def test_a_damaged_payload_is_not_read_quickly_unless_it_is_sound(
    checks: list[CheckColumns], place: int, damage: bytes
) -> None:
    payload = bytearray(Sender().batch(*checks).encode())
    place %= len(payload)
    payload[place : place + len(damage)] = damage
    if _quickly_reads(bytes(payload)):
        assert _model_reads(bytes(payload)) is not None


_integers = st.one_of(st.integers(-5, 6000), st.sampled_from([2**32, 2**53 - 1, 2**53, -(2**53)]))
_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        _integers,
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
        st.text("UGDX", max_size=5),
        st.sampled_from(["0" * 64, "0" * 64 + "\n", "A" * 64, "x" * 201, "connect", "stall"]),
    ),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)
