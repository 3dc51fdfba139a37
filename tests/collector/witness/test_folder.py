"""The folder of a witness: whole, private, and of one witness."""

import json
import stat
import time
from pathlib import Path

import pytest

from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.witness.folder import read_identity
from collector.witness.opening import log_of, make_witness, standing_of
from collector.witness.record import check_not_halted, read_record, write_record
from probes.model.checkpoint import read_verifier_key, verifier_key
from probes.model.keys import SigningKey
from tests.collector.witness.conftest import NAME, Hospital
from tests.servers.witnessed import HOSPITAL, WitnessedLog


def test_a_witness_is_made_with_a_key_of_its_own(tmp_path: Path) -> None:
    made = make_witness(tmp_path / "a" / "b", NAME, time.time)
    kept = read_identity(tmp_path / "a" / "b")
    assert (kept.name, kept.key.seed) == (NAME, made.key.seed)
    assert read_verifier_key(made.verifier_key()) == (NAME, made.key.verifying_key, True)
    other = make_witness(tmp_path / "c", NAME, time.time)
    assert other.key.seed != made.key.seed
    for path in (tmp_path / "c").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700


def test_a_folder_holds_one_witness(tmp_path: Path) -> None:
    made = make_witness(tmp_path, NAME, time.time)
    with pytest.raises(RefusedError, match="holds a witness already"):
        make_witness(tmp_path, "another.example", time.time)
    assert read_identity(tmp_path).verifier_key() == made.verifier_key()


@pytest.mark.parametrize("name", ["", "two words", "a+b", "x" * 501])
def test_a_name_that_cannot_sign_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--name: .* cannot name a key"):
        make_witness(tmp_path / "witness", name, time.time)
    assert not (tmp_path / "witness").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot write .*file.*"):
        make_witness(tmp_path / "file" / "witness", NAME, time.time)


def test_a_disk_with_another_clock_is_refused_before_there_is_a_witness(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="keeps another time than this machine"):
        make_witness(tmp_path, NAME, lambda: time.time() + 3600)
    with pytest.raises(NotFoundError, match="constat witness init makes one"):
        read_identity(tmp_path)


def test_a_clock_that_is_set_at_that_very_moment_is_asked_again(tmp_path: Path) -> None:
    times = iter([time.time() - 3600, time.time()])
    write_record(tmp_path, "", lambda: next(times))
    assert read_record(tmp_path) is None


def test_a_key_of_another_is_not_used(hospital: Hospital, tmp_path: Path) -> None:
    other = make_witness(tmp_path / "other", NAME, time.time)
    (hospital.folder / "witness.vkey").write_text(other.verifier_key())
    with pytest.raises(ConfigurationError, match="it is not of the key in"):
        hospital.look()
    log_key = verifier_key(NAME, hospital.identity.key.verifying_key)
    (hospital.folder / "witness.vkey").write_text(log_key)
    with pytest.raises(ConfigurationError, match="it is not of the key in"):
        hospital.look()


@pytest.mark.parametrize("name", ["witness.vkey", "latest.json", "halted.json"])
@pytest.mark.parametrize("content", [b"", b"\xff", b"[]"])
def test_a_file_that_is_not_what_was_written_is_named(
    hospital: Hospital, name: str, content: bytes
) -> None:
    (hospital.folder / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"cannot read .*{name}: "):
        hospital.look()


@pytest.mark.parametrize("name", ["witness.vkey", "latest.json", "halted.json"])
def test_a_file_that_cannot_be_read_is_named(hospital: Hospital, name: str) -> None:
    (hospital.folder / name).unlink(missing_ok=True)
    (hospital.folder / name).mkdir()
    with pytest.raises(ConfigurationError, match=f"cannot read .*{name}: Is a directory"):
        hospital.look()


def test_a_key_that_others_may_read_is_refused(hospital: Hospital) -> None:
    (hospital.folder / "witness.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read the signing key"):
        standing_of(hospital.folder)


def test_a_halt_of_a_kind_that_is_not_known_still_halts(hospital: Hospital) -> None:
    fields = {"at_s": 1, "reason": "weather", "line": "", "known": "", "shown": ""}
    (hospital.folder / "halted.json").write_text(json.dumps(fields))
    with pytest.raises(ConfigurationError, match="'weather' is not a valid HaltReason"):
        check_not_halted(hospital.folder)


def test_a_key_must_be_that_of_the_log_of_the_hospital() -> None:
    key = WitnessedLog().verifier_key
    assert log_of(HOSPITAL, key).origin.endswith(HOSPITAL)
    with pytest.raises(ConfigurationError, match="is not the log of CH-AUTRE"):
        log_of("CH-AUTRE", key)
    with pytest.raises(ConfigurationError, match="--log-key: something in it is not base64"):
        log_of(HOSPITAL, "a+b+c=")
    own = SigningKey.from_seed(b"l" * 32).verifying_key
    witness = verifier_key(key.partition("+")[0], own, witness=True)
    with pytest.raises(ConfigurationError, match="is not the log of"):
        log_of(HOSPITAL, witness)
