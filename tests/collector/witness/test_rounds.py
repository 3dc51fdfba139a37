"""What a witness cosigns, and what ends its work."""

import json
import shutil
from base64 import b64encode
from pathlib import Path

import pytest
from aiohttp import web

from collector.errors import ConfigurationError, ExitCode, RefusedError
from collector.witness.errors import ForgetfulError, ForkedError, UnusableLogError
from collector.witness.folder import alone_in
from collector.witness.opening import standing_of
from collector.witness.rounds import Cosigned, watch
from probes.model.checkpoint import Checkpoint, Note, cosign, read_checkpoint, sign_checkpoint
from probes.model.keys import SigningKey
from probes.model.merkle import MerkleError, verify_consistency
from tests.collector.witness.conftest import NAME, Hospital


def _halted(hospital: Hospital) -> dict[str, str]:
    fields = json.loads((hospital.folder / "halted.json").read_text())
    return {name: str(value) for name, value in fields.items()}


def test_a_log_that_grows_is_cosigned_as_it_grows(hospital: Hospital) -> None:
    for size in (5, 6, 21):
        hospital.log.grow(size - len(hospital.log.entries))
        cosigned = hospital.look()
        assert cosigned is not None
        assert (cosigned.size, cosigned.at_s) == (size, hospital.cosigned_at(size))


def test_what_did_not_grow_is_cosigned_once(hospital: Hospital) -> None:
    assert hospital.look(times=3) is None
    assert hospital.look() is None
    assert len(hospital.log.lines[5]) == 1


def test_an_empty_log_is_one_that_can_be_continued(hospital: Hospital) -> None:
    hospital.log.entries.clear()
    assert hospital.look() is not None
    hospital.log.grow(1)
    assert hospital.look() is not None


def test_a_cosignature_that_did_not_arrive_is_handed_over_again(hospital: Hospital) -> None:
    hospital.log.instead["POST cosignatures"] = web.Response(status=503)
    with pytest.raises(UnusableLogError, match="status 503"):
        hospital.look()
    del hospital.log.instead["POST cosignatures"]
    cosigned = hospital.look()
    assert cosigned is not None
    assert cosigned.at_s == hospital.cosigned_at(5)
    assert hospital.look() is None


def test_what_is_cosigned_is_on_the_disk_before(hospital: Hospital) -> None:
    hospital.log.instead["POST cosignatures"] = web.Response(status=503)
    with pytest.raises(UnusableLogError):
        hospital.look()
    hospital.log.entries.pop()
    with pytest.raises(ForkedError, match="shows 4 entries after 5"):
        hospital.look()


def test_entries_that_are_gone_end_the_witness(hospital: Hospital) -> None:
    hospital.look()
    before = hospital.log.note(5)
    hospital.log.entries.pop()
    with pytest.raises(ForkedError, match="shows 4 entries after 5: entries are gone") as ended:
        hospital.look()
    assert ended.value.exit_code is ExitCode.BREACH
    hospital.log.grow(9)
    with pytest.raises(ForkedError, match="shows 4 entries after 5"):
        hospital.look()
    kept = _halted(hospital)
    assert kept["reason"] == "rollback"
    assert read_checkpoint(kept["known"].encode()).checkpoint == before.checkpoint
    assert read_checkpoint(kept["shown"].encode()).checkpoint.size == 4


def test_two_logs_of_one_size_end_the_witness(hospital: Hospital) -> None:
    hospital.look()
    hospital.log.entries[2] = b"what it should have been"
    with pytest.raises(ForkedError, match="the tree of 5 is not the one of 5"):
        hospital.look()
    kept = _halted(hospital)
    key = hospital.log.key.verifying_key
    roots = set()
    for which in ("known", "shown"):
        note = read_checkpoint(kept[which].encode())
        assert note.verified(note.checkpoint.origin, key).size == 5
        roots.add(note.checkpoint.root)
    assert len(roots) == 2
    assert list(hospital.log.lines) == [5]


def test_a_log_that_does_not_continue_what_was_seen_ends_the_witness(hospital: Hospital) -> None:
    hospital.look()
    hospital.log.entries[2] = b"what it should have been"
    hospital.log.grow(4)
    with pytest.raises(ForkedError, match="the tree of 9 does not continue the one of 5"):
        hospital.look()
    fields = json.loads((hospital.folder / "halted.json").read_text())
    assert fields["reason"] == "fork"
    assert fields["consistency"] == [
        b64encode(value).decode() for value in hospital.log.hashes(5, 9)
    ]


def test_a_rollback_is_seen_when_an_older_database_was_put_back(hospital: Hospital) -> None:
    hospital.look()
    shutil.copy(hospital.folder / "witness.db", hospital.folder / "older")
    hospital.log.grow(4)
    hospital.look()
    (hospital.folder / "older").replace(hospital.folder / "witness.db")
    hospital.log.entries = hospital.log.entries[:7]
    with pytest.raises(ForkedError, match="shows 7 entries after 9"):
        hospital.look()


def test_a_database_that_was_lost_or_put_back_is_brought_up_to_the_record(
    hospital: Hospital,
) -> None:
    hospital.look(mirror=True)
    hospital.log.grow(4)
    hospital.look(mirror=True)
    (hospital.folder / "witness.db").unlink()
    hospital.log.grow(1)
    assert hospital.look(mirror=True) is not None
    standing = standing_of(hospital.folder)
    assert (standing.mirrored, standing.cosigned) == (10, 1)
    assert "GET consistency" in hospital.log.requests


def test_a_record_that_was_not_written_yet_is_brought_up_to_the_database(
    hospital: Hospital,
) -> None:
    before = (hospital.folder / "latest.json").read_bytes()
    hospital.look()
    (hospital.folder / "latest.json").write_bytes(before)
    hospital.log.entries.pop()
    with pytest.raises(ForkedError):
        hospital.look()


@pytest.mark.parametrize("by_s", [3600, -3600])
def test_a_folder_that_was_put_back_signs_nothing(hospital: Hospital, by_s: int) -> None:
    hospital.look()
    hospital.age_record(by_s)
    hospital.log.grow(1)
    with pytest.raises(ForgetfulError, match="was restored, copied or changed") as refused:
        hospital.look()
    assert refused.value.exit_code is ExitCode.REFUSED
    assert isinstance(standing_of(hospital.folder).fault, ForgetfulError)


def test_a_folder_without_its_record_signs_nothing(hospital: Hospital) -> None:
    hospital.look()
    (hospital.folder / "latest.json").unlink()
    with pytest.raises(ForgetfulError, match=r"latest\.json is gone"):
        hospital.look()


def _forget(hospital: Hospital, *, to: int, at: int) -> None:
    """Take the witness back to what it knew, the log being cosigned by it beyond that."""
    hospital.look()
    hospital.log.grow(to - 5)
    kept = {each.name: each.read_bytes() for each in hospital.folder.iterdir()}
    hospital.look()
    for name, content in kept.items():
        (hospital.folder / name).write_bytes(content)
    hospital.log.entries = hospital.log.entries[:at]


def test_a_cosignature_of_its_own_tells_a_witness_what_it_forgot(hospital: Hospital) -> None:
    _forget(hospital, to=9, at=9)
    hospital.log.grow(1)
    with pytest.raises(ForgetfulError, match="cosigned 9 entries, and does not remember it"):
        hospital.look()
    assert _halted(hospital)["reason"] == "forgotten"
    hospital.log.lines.clear()
    with pytest.raises(ForgetfulError, match="does not remember it"):
        hospital.look()
    assert isinstance(standing_of(hospital.folder).fault, ForgetfulError)


def test_a_cosignature_on_the_checkpoint_itself_tells_as_much(hospital: Hospital) -> None:
    _forget(hospital, to=9, at=9)
    hospital.log.instead["GET cosignatures"] = web.Response(status=404)
    with pytest.raises(ForgetfulError, match="does not remember it"):
        hospital.look()


def test_a_line_that_others_wrote_in_its_name_tells_nothing(hospital: Hospital) -> None:
    hospital.look()
    hospital.log.grow(4)
    checkpoint = hospital.log.note().checkpoint
    thief = SigningKey.from_seed(b"t" * 32)
    [own] = Note(checkpoint, ()).with_lines([cosign(checkpoint, NAME, thief, 1)]).signatures
    mine = read_checkpoint(hospital.log.note(5).text().encode()).signatures[-1]
    forged = type(own)(NAME, mine.key_id, own.value)
    hospital.log.lines[9] = [own.line(), forged.line()]
    cosigned = hospital.look()
    assert cosigned is not None
    assert cosigned.size == 9


def test_a_checkpoint_that_the_log_did_not_sign_is_not_cosigned(hospital: Hospital) -> None:
    thief = sign_checkpoint(hospital.log.note().checkpoint, SigningKey.from_seed(b"t" * 32))
    hospital.log.instead["checkpoint"] = thief.text().encode()
    with pytest.raises(UnusableLogError, match="is not signed by"):
        hospital.look()
    assert hospital.log.lines == {}


def test_a_checkpoint_of_another_log_with_the_same_key_is_not_cosigned(hospital: Hospital) -> None:
    origin = hospital.log.note().checkpoint.origin
    other = sign_checkpoint(Checkpoint("autre", 5, bytes(32)), hospital.log.key)
    body = other.checkpoint.body().encode()
    signature = hospital.log.note().signatures[0]
    renamed = type(signature)(origin, signature.key_id, hospital.log.key.sign(body))
    hospital.log.instead["checkpoint"] = Note(other.checkpoint, (renamed,)).text().encode()
    with pytest.raises(UnusableLogError, match="this is 'autre'"):
        hospital.look()


def test_a_first_checkpoint_must_be_possible(hospital: Hospital) -> None:
    origin = hospital.log.note().checkpoint.origin
    none = sign_checkpoint(Checkpoint(origin, 0, bytes(32)), hospital.log.key)
    hospital.log.instead["checkpoint"] = none.text().encode()
    with pytest.raises(UnusableLogError, match="the tree of 0 is not the one of 0"):
        hospital.look()


def test_a_folder_witnesses_one_log(hospital: Hospital) -> None:
    hospital.look()
    hospital.log.key = SigningKey.from_seed(b"o" * 32)
    with pytest.raises(ConfigurationError, match="make another witness for"):
        hospital.look()


def test_a_folder_that_was_put_together_of_two_signs_nothing(
    hospital: Hospital, tmp_path: Path
) -> None:
    other = Hospital(tmp_path / "other", hospital.log)
    other.look()
    hospital.log.entries[0] = b"what another hospital never saw"
    hospital.look()
    (hospital.folder / "witness.db").write_bytes((other.folder / "witness.db").read_bytes())
    with pytest.raises(ForgetfulError, match="holds two histories"):
        hospital.look()
    assert isinstance(standing_of(hospital.folder).fault, ForgetfulError)


def test_one_witness_at_a_time_works_in_a_folder(hospital: Hospital) -> None:
    with alone_in(hospital.folder), pytest.raises(RefusedError, match=r"runs on .* already"):
        hospital.look()


def test_rounds_go_on_through_faults_and_each_is_warned_of_once(hospital: Hospital) -> None:
    told: list[Cosigned] = []
    warned: list[str] = []
    steps = iter(["fail", "fail", "heal", "grow", "fork"])

    def wait(_: float) -> None:
        step = next(steps)
        hospital.log.instead.clear()
        if step == "fail":
            hospital.log.instead["checkpoint"] = web.Response(status=500)
        elif step == "grow":
            hospital.log.grow(1)
        elif step == "fork":
            hospital.log.entries.clear()

    with hospital.witness() as witness, pytest.raises(ForkedError):
        watch(witness, 60, told.append, warned.append, wait)
    assert [each.size for each in told] == [5, 6]
    assert len(warned) == 1
    assert "status 500" in warned[0]


def test_the_proof_of_a_fork_convinces_others(hospital: Hospital) -> None:
    hospital.look()
    hospital.log.entries[2] = b"what it should have been"
    hospital.log.grow(4)
    with pytest.raises(ForkedError):
        hospital.look()
    kept = _halted(hospital)
    known, seen = (read_checkpoint(kept[name].encode()).checkpoint for name in ("known", "shown"))
    with pytest.raises(MerkleError):
        verify_consistency(known.size, seen.size, known.root, seen.root, hospital.log.hashes(5, 9))
