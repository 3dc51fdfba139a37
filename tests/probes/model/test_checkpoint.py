"""Checkpoints: one form, strictly read; signatures of logs and of witnesses."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model.checkpoint import (
    LARGEST_NOTE,
    Checkpoint,
    CheckpointError,
    Note,
    cosign,
    origin_of,
    read_checkpoint,
    read_cosignature,
    read_verifier_key,
    sign_checkpoint,
    tenant_of,
    verifier_key,
)
from probes.model.keys import SigningKey, VerifyingKey

KEY = SigningKey.from_seed(bytes(31) + b"\x01")
WITNESS = SigningKey.from_seed(bytes(31) + b"\x02")
ORIGIN = origin_of("CH de l'Étang", KEY.verifying_key.key_id)
CHECKPOINT = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, KEY)
# The example note and key of the Go package golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

# A checkpoint that a public log of certificates published, with lines of its own and of witnesses.
PUBLIC_ORIGIN = "arche2025h1.staging.ct.transparency.dev"
PUBLIC_KEY = f"{PUBLIC_ORIGIN}+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
PUBLIC_NOTE = f"""{PUBLIC_ORIGIN}
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

\u2014 {PUBLIC_ORIGIN} ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
\u2014 witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
\u2014 remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""  # noqa: E501 - as it was published


def test_a_checkpoint_of_a_public_log_and_its_witness_is_read_as_they_signed_it() -> None:
    note = read_checkpoint(PUBLIC_NOTE.encode())
    name, key, _ = read_verifier_key(PUBLIC_KEY)
    assert note.verified(name, key).size == 1_432_088_532
    witness_name, witness_key, witness = read_verifier_key(PUBLIC_WITNESS)
    assert witness
    # 0x6a122120, the eight bytes before the signature
    assert note.cosigned_at(witness_name, witness_key) == 0x6A122120
    assert note.cosigned_at("witness1.smartit.nu/witness1", witness_key) is None
    smaller = Note(replace(note.checkpoint, size=42), note.signatures)
    with pytest.raises(CheckpointError, match="does not hold"):
        smaller.cosigned_at(witness_name, witness_key)


def test_a_note_says_what_was_signed() -> None:
    text = NOTE.text()
    assert text.startswith(
        f"{ORIGIN}\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\u2014 {ORIGIN} "
    )
    assert read_checkpoint(text.encode()) == NOTE
    assert NOTE.verified(ORIGIN, KEY.verifying_key) == CHECKPOINT
    assert " " not in ORIGIN


def test_keys_and_signatures_are_those_of_other_programs() -> None:
    name, key, witness = read_verifier_key(PETER)
    assert (name, witness) == ("PeterNeumann", False)
    assert verifier_key(name, key) == PETER
    signature = base64.b64decode(PETER_SIGNATURE)
    assert signature[:4].hex() == "c74f20a3"
    assert key.verifies(signature[4:], PETER_TEXT.encode())


def test_a_witness_adds_a_line_that_says_when() -> None:
    note = NOTE.with_lines([cosign(CHECKPOINT, "temoin.example", WITNESS, 1_800_000_000)])
    again = read_checkpoint(note.text().encode())
    assert again.cosigned_at("temoin.example", WITNESS.verifying_key) == 1_800_000_000
    assert again.cosigned_at("autre.example", WITNESS.verifying_key) is None
    assert again.verified(ORIGIN, KEY.verifying_key) == CHECKPOINT
    assert note.with_lines(each.line() for each in note.signatures) == note


def test_a_cosignature_that_does_not_hold_is_no_absence() -> None:
    other = Checkpoint(ORIGIN, 43, bytes(32))
    note = NOTE.with_lines([cosign(other, "temoin.example", WITNESS, 1_800_000_000)])
    with pytest.raises(CheckpointError, match=r"cosignature of temoin\.example does not hold"):
        note.cosigned_at("temoin.example", WITNESS.verifying_key)


def test_a_cosignature_of_a_time_that_cannot_be_does_not_hold() -> None:
    for at_s, holds in ((0, True), (2**63 - 1, True), (2**63, False), (2**64 - 1, False)):
        note = NOTE.with_lines([cosign(CHECKPOINT, "temoin.example", WITNESS, at_s)])
        if holds:
            assert note.cosigned_at("temoin.example", WITNESS.verifying_key) == at_s
        else:
            with pytest.raises(CheckpointError, match="does not hold"):
                note.cosigned_at("temoin.example", WITNESS.verifying_key)


@given(st.text(max_size=64), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_the_name_of_a_log_says_whose_it_is(tenant: str, key_id: str) -> None:
    assert tenant_of(origin_of(tenant, key_id)) == tenant


@pytest.mark.parametrize("name", ["", "constat", "constat/ab/%C3%A", "constat/ab/a b", "x/ab/a"])
def test_another_name_is_not_that_of_a_log(name: str) -> None:
    with pytest.raises(CheckpointError, match="is not the log of a hospital"):
        tenant_of(name)


def test_a_cosignature_is_known_by_its_form() -> None:
    line = cosign(CHECKPOINT, "temoin.example", WITNESS, 1_800_000_000)
    assert read_cosignature(line).line() == line
    for wrong in ("", NOTE.signatures[0].line(), line.replace("temoin", "te moin"), line + line):
        with pytest.raises(CheckpointError):
            read_cosignature(wrong)


def test_a_signature_of_another_key_is_none() -> None:
    with pytest.raises(CheckpointError, match="is not signed by"):
        NOTE.verified(ORIGIN, WITNESS.verifying_key)


@given(st.integers(0, len(NOTE.text().encode()) - 1), st.integers(0, 7))
def test_no_bit_of_a_note_can_be_changed(place: int, bit: int) -> None:
    data = bytearray(NOTE.text().encode())
    data[place] ^= 1 << bit
    with pytest.raises(CheckpointError):
        read_checkpoint(bytes(data)).verified(ORIGIN, KEY.verifying_key)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "signed note"),
        (NOTE.text().replace("\n42\n", "\n042\n"), "not a number"),
        (NOTE.text().replace("\n42\n", "\n-1\n"), "not a number"),
        (NOTE.text().replace("\n42\n", "\n42\nmore\n"), "three lines"),
        (NOTE.text().replace("\n42\nAAEC", "\n42\n"), "32 bytes|base64"),
        (NOTE.text().replace("Hh8=", "Hh9="), "one form"),
        (NOTE.text() + "x\n", "no signature"),
        (NOTE.text().removesuffix("\n"), "one form"),
        (NOTE.text().partition("\n\n")[0] + "\n\n", "1 to 64"),
        (NOTE.text() + NOTE.signatures[0].line() * 64, "1 to 64"),
        (NOTE.text() + "\u2014 a+b AAAAAAA=\n", "cannot name a key"),
        (NOTE.text() + "\u2014 a AAAA\n", "too short"),
        (NOTE.text() + "\u2014 a AA*A\n", "not base64"),
        (NOTE.text() + "\u2014 a \u00e9\n", "not base64"),
        (NOTE.text().replace("\n42\n", "\r\n42\n"), "signed note"),
        ("\n42\nAAAA\n\n", "three lines|1 to 64"),
        ("x" * (LARGEST_NOTE + 1), "at most"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason):
        read_checkpoint(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(CheckpointError, match="UTF-8"):
        read_checkpoint(b"\xff")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AAAA",
        PETER.replace("c74f20a3", "c74f20a4"),
        f"a\x00{PETER}",
        f"\u202e{PETER}",
        f"\ud800{PETER}",
        f"{'a' * 9999}{PETER}",
        verifier_key("weak", VerifyingKey(bytes(32), KEY.verifying_key._key)),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_verifier_key(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 300


def test_a_witness_has_a_key_of_its_own_kind() -> None:
    text = verifier_key("temoin.example", WITNESS.verifying_key, witness=True)
    assert read_verifier_key(text) == ("temoin.example", WITNESS.verifying_key, True)
