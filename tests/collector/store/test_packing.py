"""Stored forms bring every envelope back byte for byte, and are small."""

import json

import pytest
from hypothesis import given

from collector.store.packing import (
    LARGEST_HEADER,
    Header,
    NotPackedError,
    header_number,
    header_text,
    pack,
    pack_batch,
    unpack,
    unpack_batch,
)
from collector.store.received import read_envelope
from collector.store.wire import read_plain
from probes.model.batch import Batch, CheckColumns
from probes.model.envelope import BATCH_TYPE, Envelope
from tests.collector.store.agents import Sender, columns
from tests.collector.store.test_wire import checks


def _packed(encoded: bytes, header: Header | None = None) -> tuple[bytes, Header]:
    envelope = read_envelope(encoded)
    plain = read_plain(envelope.payload)
    assert plain is not None
    batch, numbers = plain
    header = header or Header(7, header_text(batch))
    signature = envelope.signatures[0].value
    return pack_batch(batch, numbers, signature, header, envelope.payload), header


@given(checks())
def test_a_batch_comes_back_byte_for_byte(checks: list[CheckColumns]) -> None:
    encoded = Sender().seal(*checks)
    packed, header = _packed(encoded)
    assert header_number(packed) == 7
    assert unpack(packed, header.text).encode() == encoded


def test_a_header_serves_batches_with_other_checks() -> None:
    sender = Sender()
    _, header = _packed(sender.seal(columns(check="login")))
    second = sender.seal(columns("UDDX", check="hl7", durations_ms=(1, 300, 70_000, 10**9)))
    packed, _ = _packed(second, header)
    assert unpack(packed, header.text).encode() == second


def test_a_header_may_be_cut() -> None:
    sender = Sender()
    many = [columns("U", check=f"check-{number:03}") for number in range(300)]
    _, header = _packed(sender.seal(*many))
    cut = Header(7, header.text[-LARGEST_HEADER:])
    assert len(header.text) > LARGEST_HEADER
    second = sender.seal(*many)
    packed, _ = _packed(second, cut)
    assert unpack(packed, cut.text).encode() == second


def test_an_envelope_that_says_more_is_kept_whole() -> None:
    sender = Sender()
    fields = json.loads(sender.batch(columns()).encode()) | {"weather": "rain"}
    payload = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    envelope = Envelope.seal(BATCH_TYPE, payload, sender.key)
    plain = read_plain(payload)
    assert plain is not None
    with pytest.raises(NotPackedError):
        pack_batch(*plain, envelope.signatures[0].value, Header(1, b""), payload)
    assert header_number(pack(envelope)) == 0
    assert unpack(pack(envelope)) == envelope
    assert unpack_batch(pack(envelope)).measured == 3


def test_a_signature_of_another_length_is_kept_whole() -> None:
    plain = read_plain(Sender().batch(columns()).encode())
    assert plain is not None
    with pytest.raises(NotPackedError):
        pack_batch(*plain, b"short", Header(1, b""), Sender().batch(columns()).encode())


def test_a_batch_only_the_model_reads_is_unpacked_too() -> None:
    sender = Sender()
    fields = json.loads(sender.batch(columns()).encode())
    fields["clock"]["boottime_us"] = 0
    payload = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    assert read_plain(payload) is None
    batch = unpack_batch(pack(Envelope.seal(BATCH_TYPE, payload, sender.key)))
    assert batch.checks[0].starts[0] * 1000 == Batch.decode(payload).checks[0].starts_us[0]


def test_sixty_measurements_take_few_bytes() -> None:
    sender = Sender()
    twenty = [
        columns("UUU", check=f"dpi-{number:02}", first_s=number / 3, durations_ms=(80, 75, 91))
        for number in range(20)
    ]
    _, header = _packed(sender.seal(*twenty))
    packed, _ = _packed(sender.seal(*twenty), header)
    assert len(packed) < 330
