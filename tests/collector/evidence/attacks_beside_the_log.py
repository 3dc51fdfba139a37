"""Attacks on what stands beside the log: older checkpoints, witnesses, time stamps, names."""

from dataclasses import replace
from typing import Any

from collector.evidence.bundle import (
    CHECKPOINTS,
    CONSISTENCY,
    KEYS,
    NAMES,
    TIMESTAMPS,
    sized,
)
from collector.evidence.names import Person, commitment
from collector.evidence.verification import Code
from collector.evidence.writing import names_bytes
from collector.record.entry import RegisterEntry
from probes.model.canonical import decode_object
from probes.model.checkpoint import Checkpoint, cosign, sign_checkpoint
from probes.model.instant import DAY
from tests.collector.evidence.attacking import (
    ORIGIN,
    OTHER_KEY,
    Bundle,
    begun,
    changed,
    ended,
    fails,
    note_over,
    opened,
    resealed,
    retold,
    sealed,
)
from tests.collector.evidence.dated import (
    OTHER_AUTHORITY,
    SIZE,
    STAMPED_AT,
    dated,
    pinning_authority,
    token_over,
)
from tests.collector.evidence.witnessing import OLD, WITNESS, WITNESS_KEY, cosigned, pinning_witness
from tests.collector.evidence.worlds import World, note_of, parts_of
from tests.collector.store.agents import LOG_KEY

_PERSON = Person("Camille Martin", "dsi@ch-exemple.example")
_SALT = bytes(range(32))


def _proofs(bundle: bytes) -> list[dict[str, Any]]:
    proofs: list[dict[str, Any]] = decode_object(opened(bundle)[CONSISTENCY])["proofs"]  # type: ignore[assignment]
    return proofs


def _with_proofs(*proofs: object) -> bytes:
    bundle = cosigned()
    return resealed(CONSISTENCY, changed(opened(bundle)[CONSISTENCY], proofs=[*proofs]), bundle)


@fails(Code.CONSISTENCY)
def the_proof_of_an_older_checkpoint_is_missing() -> bytes:
    return _with_proofs()


@fails(Code.CONSISTENCY)
def the_proof_of_an_older_checkpoint_is_wrong() -> bytes:
    [held] = _proofs(cosigned())
    _, *rest = held["hashes"]
    return _with_proofs({**held, "hashes": ["A" * 43 + "=", *rest]})


@fails(Code.CONSISTENCY)
def the_proof_of_an_older_checkpoint_is_too_long() -> bytes:
    [held] = _proofs(cosigned())
    return _with_proofs({**held, "hashes": [*held["hashes"], held["hashes"][0]]})


@fails(Code.CONSISTENCY)
def there_is_a_proof_of_a_checkpoint_that_is_not_there() -> bytes:
    [held] = _proofs(cosigned())
    return _with_proofs({**held, "from": OLD - 1}, held)


@fails(Code.CONSISTENCY)
def there_are_two_proofs_of_one_checkpoint() -> bytes:
    [held] = _proofs(cosigned())
    return _with_proofs({"from": OLD, "hashes": []}, held)


def _with_older(text: str, size: int = OLD) -> bytes:
    bundle = cosigned()
    return resealed(sized(CHECKPOINTS, size, ".txt"), text.encode(), bundle)


@fails(Code.CONSISTENCY)
def an_older_checkpoint_is_of_another_history() -> bytes:
    log = ended(begun()).log[:OLD]
    return _with_older(note_over([*log[1:], log[0]]).text())


@fails(Code.CONSISTENCY)
def an_older_checkpoint_is_signed_by_somebody_else() -> bytes:
    return _with_older(note_over(ended(begun()).log[:OLD], OTHER_KEY).text())


@fails(Code.CONSISTENCY)
def a_checkpoint_of_nothing_has_a_root() -> bytes:
    bundle = cosigned()
    [held] = _proofs(bundle)
    members = opened(bundle)
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), LOG_KEY)
    members[sized(CHECKPOINTS, 0, ".txt")] = empty.text().encode()
    members[CONSISTENCY] = changed(members[CONSISTENCY], proofs=[{"from": 0, "hashes": []}, held])
    return sealed(members)


def _forked(remade: World, true: World | None = None, size: int = OLD) -> Bundle:
    """The bundle of a history made anew, with the checkpoint a witness cosigned of the true one."""
    note = note_of(true or ended(begun()), size)
    line = cosign(note.checkpoint, "temoin", WITNESS, 1_800_000_000)
    bundle = parts_of(remade, older={size: ()}).sealed()
    text = note.with_lines([line]).text()
    return Bundle(
        resealed(sized(CHECKPOINTS, size, ".txt"), text.encode(), bundle), pinning_witness()
    )


def earlier_notice(entry: RegisterEntry) -> RegisterEntry:
    """An announcement as if it had been sealed a day before, and all before it, too."""
    before = entry.kind in {"window.announced", "catalogue.set"}
    return replace(entry, at_us=entry.at_us - DAY) if before else entry


def longer_limit(entry: RegisterEntry) -> RegisterEntry:
    """What was agreed as if it had always been a day."""
    value = entry.body.get("value", {})
    if "max_downtime" not in value.get("contract", {}):
        return entry
    contract = {**value["contract"], "max_downtime": {"strategic": "PT24H", "standard": "PT24H"}}
    return replace(entry, body={**entry.body, "value": {**value, "contract": contract}})


@fails(Code.CONSISTENCY)
def the_notice_is_back_dated_after_a_witness_saw_it() -> Bundle:
    return _forked(retold(ended(begun()), earlier_notice))


@fails(Code.CONSISTENCY)
def the_contract_is_changed_after_a_witness_saw_it() -> Bundle:
    return _forked(retold(ended(begun()), longer_limit))


@fails(Code.CONSISTENCY)
def an_entry_is_taken_out_and_all_chained_again_after_a_witness_saw_it() -> Bundle:
    def without_first_group(entry: RegisterEntry) -> RegisterEntry | None:
        return None if entry.body.get("item") == "group" else entry

    return _forked(retold(ended(begun()), without_first_group))


@fails(Code.CONSISTENCY)
def the_outage_is_measured_anew_after_a_witness_saw_it() -> Bundle:
    """Both have 13 entries and 18 batches before the window is concluded."""
    remade, true = (ended(begun(batches=9, down_minutes=minutes)) for minutes in (0, 20))
    return _forked(remade, true, 31)


@fails(Code.WITNESS)
def the_cosignature_of_a_pinned_witness_does_not_hold() -> Bundle:
    world = ended(begun())
    other = note_of(world, OLD - 1).checkpoint
    line = cosign(other, "temoin", WITNESS, 1_800_000_000)
    return Bundle(parts_of(world, older={OLD: [line]}).sealed(), pinning_witness())


@fails(Code.WITNESS)
def the_instant_of_a_cosignature_is_changed() -> Bundle:
    world = ended(begun())
    checkpoint = note_of(world, OLD).checkpoint
    lines = [cosign(checkpoint, "temoin", WITNESS, at_s) for at_s in (1, 2)]
    notes = [note_of(world, OLD).with_lines([line]).signatures[1] for line in lines]
    forged = replace(notes[0], value=notes[1].value[:8] + notes[0].value[8:])
    return Bundle(parts_of(world, older={OLD: [forged.line()]}).sealed(), pinning_witness())


@fails(Code.WITNESS)
def the_cosignature_of_a_claimed_witness_does_not_hold() -> Bundle:
    world = ended(begun())
    line = cosign(note_of(world, OLD - 1).checkpoint, "temoin", WITNESS, 1_800_000_000)
    bundle = parts_of(world, older={OLD: [line]}).sealed()
    keys = changed(opened(bundle)[KEYS], witnesses=[WITNESS_KEY])
    return Bundle(resealed(KEYS, keys, bundle), None)


@fails(Code.TIMESTAMP)
def a_time_stamp_is_not_the_one_in_the_log() -> Bundle:
    return _with_stamp(token_over(note_of(begun(), SIZE), at=b"20261102090000Z"))


@fails(Code.TIMESTAMP)
def a_time_stamp_is_left_out() -> Bundle:
    members = opened(dated())
    kept = {name: data for name, data in members.items() if not name.startswith(TIMESTAMPS)}
    return Bundle(sealed(kept), pinning_authority())


def _with_stamp(token: bytes, size: int = SIZE) -> Bundle:
    stamped = resealed(sized(TIMESTAMPS, size, ".tsr"), token, dated())
    return Bundle(stamped, pinning_authority())


@fails(Code.TIMESTAMP)
def a_time_stamp_is_of_a_size_without_a_checkpoint() -> Bundle:
    return _with_stamp(token_over(note_of(begun(), SIZE)), SIZE + 1)


@fails(Code.TIMESTAMP)
def a_time_stamp_is_added_that_the_log_does_not_have() -> Bundle:
    note = note_of(ended(begun()), OLD)
    return Bundle(
        resealed(sized(TIMESTAMPS, OLD, ".tsr"), token_over(note), cosigned()),
        pinning_authority(),
    )


@fails(Code.TIMESTAMP)
def a_time_stamp_is_over_another_checkpoint() -> Bundle:
    other = token_over(note_of(begun(), SIZE - 1))
    return Bundle(dated(other), pinning_authority())


@fails(Code.TIMESTAMP)
def a_time_stamp_is_of_an_authority_that_is_not_pinned() -> Bundle:
    return Bundle(
        dated(token_over(note_of(begun(), SIZE), by=OTHER_AUTHORITY)), pinning_authority()
    )


@fails(Code.TIMESTAMP)
def a_time_stamp_is_malformed() -> Bundle:
    return Bundle(dated(b"\x30\x03\x02\x01\x00"), pinning_authority())


@fails(Code.TIMESTAMP)
def the_instant_in_a_time_stamp_is_changed() -> Bundle:
    token = token_over(note_of(begun(), SIZE))
    assert token.count(STAMPED_AT) == 1
    return Bundle(dated(token.replace(STAMPED_AT, b"20261101120000Z")), pinning_authority())


@fails(Code.TIMESTAMP)
def the_log_has_another_digest_of_a_time_stamp() -> Bundle:
    return Bundle(dated(sha256="0" * 64), pinning_authority())


def _named(person: Person, salt: bytes) -> bytes:
    return resealed(NAMES, names_bytes([(commitment(_PERSON, _SALT), person, salt)]))


@fails(Code.NAMES)
def a_name_is_that_of_another_person() -> bytes:
    return _named(Person("Dominique Leroy", _PERSON.email), _SALT)


@fails(Code.NAMES)
def a_name_has_another_salt() -> bytes:
    return _named(_PERSON, bytes(32))


@fails(Code.NAMES)
def a_name_has_a_short_salt() -> bytes:
    return _named(_PERSON, b"")


@fails(Code.NAMES)
def the_names_are_malformed() -> bytes:
    return resealed(NAMES, b"{}")
