"""Attacks on the container, the keys and the seal of a bundle."""

import base64
import io
import stat
import zipfile
from dataclasses import replace
from hashlib import sha256
from typing import Final

from collector.evidence.bundle import (
    KEYS,
    MEASUREMENTS,
    README,
    REPORT,
    SEAL,
    STATEMENT_TYPE,
    VERIFIER,
    Keys,
)
from collector.evidence.verification import Code
from probes.model.canonical import encode
from probes.model.checkpoint import origin_of, verifier_key
from probes.model.envelope import ENTRY_TYPE, Envelope, Signature
from tests.collector.evidence.attacking import (
    ORIGIN,
    OTHER_KEY,
    PINNED,
    Bundle,
    changed,
    fails,
    honest,
    opened,
    packed,
    resealed,
    sealed,
)
from tests.collector.evidence.forged_zip import Ending, forge, part
from tests.collector.store.agents import LOG_KEY

_SCRIPT: Final = b"#!/bin/sh\nexit 0\n"
# RFC 8032, section 5.1: the order of the base point.
_GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493


@fails(Code.ARCHIVE)
def a_bit_of_a_measurement_is_flipped() -> bytes:
    data = bytearray(honest())
    data[data.index(b'"vantage":"poste-01"') + 12] ^= 1
    return bytes(data)


@fails(Code.ARCHIVE)
def the_last_byte_is_cut() -> bytes:
    return honest()[:-1]


@fails(Code.ARCHIVE)
def the_first_half_is_all_that_is_left() -> bytes:
    data = honest()
    return data[: len(data) // 2]


@fails(Code.ARCHIVE)
def nothing_is_left() -> bytes:
    return b""


@fails(Code.ARCHIVE)
def a_byte_is_appended() -> bytes:
    return honest() + b"\x00"


@fails(Code.ARCHIVE)
def a_second_archive_is_appended() -> bytes:
    return honest() + honest(batches=1)


@fails(Code.ARCHIVE)
def a_script_stands_before_the_archive() -> bytes:
    return _SCRIPT + honest()


@fails(Code.ARCHIVE)
def a_comment_follows_the_directory() -> bytes:
    return forge(*(part(*item) for item in opened(honest()).items()), comment=b"sound")


@fails(Code.ARCHIVE)
def the_members_are_compressed() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in opened(honest()).items():
            archive.writestr(name, data)
    return file.getvalue()


@fails(Code.ARCHIVE)
def a_member_says_it_unpacks_to_four_gigabytes() -> bytes:
    members = opened(honest())
    bomb = part(README, members.pop(README), size=0xFFFFFFFE, method=8)
    return forge(bomb, *(part(*item) for item in members.items()))


@fails(Code.ARCHIVE)
def a_name_leads_out_of_the_folder() -> bytes:
    return packed({**opened(honest()), "../../etc/cron.d/constat": _SCRIPT})


@fails(Code.ARCHIVE)
def a_name_is_absolute() -> bytes:
    return packed({**opened(honest()), "/etc/passwd": b""})


@fails(Code.ARCHIVE)
def two_members_have_one_name() -> bytes:
    members = opened(honest())
    twice = [(REPORT, members[REPORT]), *members.items()]
    return forge(*(part(*item) for item in sorted(twice)))


@fails(Code.ARCHIVE)
def two_names_differ_in_case_only() -> bytes:
    return packed({**opened(honest()), "REPORT.json": b"{}"})


@fails(Code.ARCHIVE)
def a_member_is_a_symbolic_link() -> bytes:
    *parts, last = (part(*item) for item in opened(honest()).items())
    link = Ending(external=(stat.S_IFLNK | 0o777) << 16)
    return forge(*parts, replace(last, ending=link))


@fails(Code.ARCHIVE)
def the_members_stand_in_another_order() -> bytes:
    first, second, *rest = (part(*item) for item in opened(honest()).items())
    return forge(second, first, *rest)


@fails(Code.ARCHIVE)
def a_member_is_dated_otherwise() -> bytes:
    first, *rest = opened(honest()).items()
    return forge(part(*first, date=34), *(part(*item) for item in rest))


@fails(Code.ARCHIVE)
def bytes_hide_between_two_members() -> bytes:
    first, *rest = (part(*item) for item in opened(honest()).items())
    return forge(replace(first, after=b"hidden"), *rest)


def _with_log_key(text: str) -> bytes:
    return resealed(KEYS, changed(opened(honest())[KEYS], log=text))


def _written(raw: bytes, kind: int = 1) -> str:
    """A key as verifiers write it, whatever its bytes are."""
    typed = bytes([kind]) + raw
    identifier = sha256(ORIGIN.encode() + b"\n" + typed).hexdigest()[:8]
    return f"{ORIGIN}+{identifier}+{base64.b64encode(typed).decode()}"


@fails(Code.KEYS)
def the_key_of_the_log_is_of_small_order() -> Bundle:
    return Bundle(_with_log_key(_written(b"\x01" + bytes(31))), None)


@fails(Code.KEYS)
def the_key_of_the_log_is_not_in_canonical_form() -> Bundle:
    # 2^255 - 19 + 3, which stands for y = 3.
    return Bundle(_with_log_key(_written((2**255 - 16).to_bytes(32, "little"))), None)


@fails(Code.KEYS)
def the_key_of_the_log_is_that_of_a_witness() -> Bundle:
    return Bundle(_with_log_key(_written(LOG_KEY.verifying_key.raw, 4)), None)


@fails(Code.KEYS)
def the_key_of_the_log_has_another_identifier() -> Bundle:
    name, _, key = PINNED.log.split("+", 2)
    return Bundle(_with_log_key(f"{name}+00000000+{key}"), None)


@fails(Code.KEYS)
def the_key_is_not_the_pinned_one() -> Bundle:
    other = verifier_key(ORIGIN, OTHER_KEY.verifying_key)
    return Bundle(honest(), Keys(other))


@fails(Code.KEYS)
def the_key_is_the_pinned_one_under_another_name() -> bytes:
    name = origin_of("CH-AUTRE", LOG_KEY.verifying_key.key_id)
    return _with_log_key(verifier_key(name, LOG_KEY.verifying_key))


@fails(Code.KEYS)
def the_key_of_a_witness_is_that_of_a_log() -> bytes:
    members = opened(honest())
    return resealed(KEYS, changed(members[KEYS], witnesses=[PINNED.log]))


@fails(Code.KEYS)
def the_keys_have_one_field_twice() -> bytes:
    twice = opened(honest())[KEYS].replace(b'"schema"', b'"log":"x","schema"')
    return resealed(KEYS, twice)


@fails(Code.KEYS)
def the_keys_are_missing() -> bytes:
    members = opened(honest())
    del members[KEYS]
    return sealed(members)


@fails(Code.SEAL)
def a_member_is_replaced_and_nothing_sealed() -> bytes:
    members = opened(honest())
    return packed(members | {REPORT: members[REPORT].replace(b'"compliant"', b'"breach"')})


@fails(Code.SEAL)
def the_seal_leaves_out_a_member() -> bytes:
    members = opened(honest())
    digests = {name: sha256(data).hexdigest() for name, data in members.items() if name != SEAL}
    del digests[REPORT]
    return sealed(members, digests=digests)


@fails(Code.SEAL)
def the_seal_has_a_member_that_is_not_there() -> bytes:
    members = opened(honest())
    measurements = sha256(members.pop(MEASUREMENTS)).hexdigest()
    digests = {name: sha256(data).hexdigest() for name, data in members.items() if name != SEAL}
    return sealed(members, digests=digests | {MEASUREMENTS: measurements})


@fails(Code.SEAL)
def a_member_of_no_known_name_is_sealed_too() -> bytes:
    return resealed("setup.sh", _SCRIPT)


@fails(Code.SEAL)
def a_member_is_added_and_not_sealed() -> bytes:
    return packed({**opened(honest()), "setup.sh": _SCRIPT})


@fails(Code.SEAL)
def the_seal_has_a_wrong_digest() -> bytes:
    members = opened(honest())
    digests = {name: "0" * 64 for name in members if name != SEAL}
    return sealed(members, digests=digests)


@fails(Code.SEAL)
def somebody_else_seals_it() -> bytes:
    return sealed(opened(honest()), OTHER_KEY)


@fails(Code.SEAL)
def there_is_no_seal() -> bytes:
    members = opened(honest())
    del members[SEAL]
    return packed(members)


def _with_statement(old: bytes, new: bytes, kind: str = STATEMENT_TYPE) -> bytes:
    members = opened(honest())
    payload = Envelope.decode(members[SEAL]).payload
    assert old in payload
    altered = Envelope.seal(kind, payload.replace(old, new, 1), LOG_KEY)
    return packed(members | {SEAL: altered.encode()})


@fails(Code.SEAL)
def the_seal_states_something_else_of_its_subjects() -> bytes:
    return _with_statement(b"urn:constat:bundle:1", b"https://slsa.dev/provenance/v1")


@fails(Code.SEAL)
def the_seal_is_of_another_version() -> bytes:
    return _with_statement(b"constat.bundle/1", b"constat.bundle/2")


@fails(Code.SEAL)
def the_seal_is_an_entry_of_the_log() -> bytes:
    return _with_statement(b"", b"", ENTRY_TYPE)


@fails(Code.SEAL)
def the_seal_has_one_subject_twice() -> bytes:
    digest = {"sha256": sha256(opened(honest())[VERIFIER]).hexdigest()}
    subject = encode({"digest": digest, "name": VERIFIER})
    return _with_statement(subject, subject + b"," + subject)


@fails(Code.SEAL)
def somebody_without_the_key_adds_a_signature_to_the_seal() -> bytes:
    members = opened(honest())
    held = Envelope.decode(members[SEAL])
    theirs = Envelope.seal(held.payload_type, held.payload, OTHER_KEY).signatures
    both = Envelope(held.payload_type, held.payload, (*held.signatures, *theirs))
    return packed(members | {SEAL: both.encode()})


@fails(Code.SEAL)
def the_signature_of_the_seal_is_written_as_its_other_number() -> bytes:
    """S plus the order of the group: the same signature to whoever does not check its range."""
    members = opened(honest())
    held = Envelope.decode(members[SEAL])
    [signature] = held.signatures
    number = int.from_bytes(signature.value[32:], "little") + _GROUP_ORDER
    value = signature.value[:32] + number.to_bytes(32, "little")
    other = Envelope(held.payload_type, held.payload, (Signature(signature.key_id, value),))
    return packed(members | {SEAL: other.encode()})


@fails(Code.SEAL)
def the_seal_names_another_hospital() -> bytes:
    return sealed(opened(honest()), hospital="CH-AUTRE")


@fails(Code.REGISTER)
def the_seal_names_another_window() -> bytes:
    return sealed(opened(honest()), window="MAJ-2026-0002")


@fails(Code.CHECKPOINT)
def the_seal_says_another_size() -> bytes:
    return sealed(opened(honest()), size=12)
