"""DSSE envelopes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib import dsse

from probes.model.canonical import MalformedError
from probes.model.envelope import (
    BATCH_TYPE,
    Envelope,
    Signature,
    pre_authentication_encoding,
)
from probes.model.keys import SigningKey

KEY = SigningKey.from_seed(b"k" * 32)
OTHER = SigningKey.from_seed(b"o" * 32)
SEALED = Envelope.seal(BATCH_TYPE, b'{"a":1}', KEY)


@given(st.text(max_size=30), st.binary(max_size=100))
def test_what_is_signed_is_what_the_reference_implementation_signs(
    payload_type: str, payload: bytes
) -> None:
    # securesystemslib counts characters where the specification counts bytes: ASCII only.
    payload_type = payload_type.encode("ascii", "ignore").decode()
    theirs = dsse.Envelope(payload, payload_type, {}).pae()
    assert pre_authentication_encoding(payload_type, payload) == theirs


def test_the_reference_implementation_reads_our_envelope() -> None:
    theirs = dsse.Envelope.from_dict(json.loads(SEALED.encode()))
    assert theirs.payload == SEALED.payload
    assert theirs.payload_type == SEALED.payload_type
    assert list(theirs.signatures) == [KEY.verifying_key.key_id]


def test_the_encoding_is_that_of_the_specification() -> None:
    # The example of the DSSE specification, version 1.
    assert (
        pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.binary(max_size=200))
def test_every_envelope_survives_its_bytes(payload: bytes) -> None:
    envelope = Envelope.seal(BATCH_TYPE, payload, KEY)
    assert Envelope.decode(envelope.encode()) == envelope


def test_only_the_key_that_signed_verifies() -> None:
    assert SEALED.signed_by(KEY.verifying_key)
    assert not SEALED.signed_by(OTHER.verifying_key)


def test_a_signature_filed_under_another_key_does_not_count() -> None:
    signature = SEALED.signatures[0].value
    renamed = Signature(OTHER.verifying_key.key_id, signature)
    forged = Envelope(BATCH_TYPE, SEALED.payload, (renamed,))
    assert not forged.signed_by(OTHER.verifying_key)
    assert not forged.signed_by(KEY.verifying_key)


def test_payload_and_type_are_both_under_the_signature() -> None:
    assert not Envelope("other/type", SEALED.payload, SEALED.signatures).signed_by(
        KEY.verifying_key
    )
    assert not Envelope(BATCH_TYPE, b'{"a":2}', SEALED.signatures).signed_by(KEY.verifying_key)


def test_one_of_several_signatures_is_enough() -> None:
    both = Envelope(
        BATCH_TYPE,
        SEALED.payload,
        (*Envelope.seal(BATCH_TYPE, SEALED.payload, OTHER).signatures, *SEALED.signatures),
    )
    assert Envelope.decode(both.encode()).signed_by(KEY.verifying_key)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda data: data.replace(b'":"', b'": "', 1), "not in its canonical form"),
        (lambda data: data + b" ", "not in its canonical form"),
        (lambda data: data.replace(b'"payload"', b'"x":1,"payload"'), "not in its canonical form"),
        (lambda data: data.replace(b'"payloadType"', b'"payloadTypo"'), "payloadType: is missing"),
        (lambda data: data.replace(b"eyJhIjoxfQ==", b"eyJhIjoxfQ"), "payload: is not base64"),
        (lambda data: data.replace(b"eyJhIjoxfQ==", b"eyJhIjoxfR=="), "not in its canonical form"),
        (lambda data: data.replace(b'"keyid":"', b'"keyid":"X'), "keyid: expected 32"),
        (lambda data: data.replace(b'"sig":"', b'"sig":"*'), "sig: is not base64"),
        (lambda data: data[: data.index(b"[")] + b"[]}", "signatures: is empty"),
        (lambda data: data[: data.index(b"[")] + b"[1]}", "signatures: expected objects"),
        (lambda _: b"[]", "expected an object"),
    ],
)
def test_an_envelope_has_one_form_and_no_other_is_read(change: object, fault: str) -> None:
    assert callable(change)
    with pytest.raises(MalformedError, match=fault):
        Envelope.decode(change(SEALED.encode()))
