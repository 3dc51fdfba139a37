"""The agent's key: one file, for its owner only, never replaced."""

import stat
from pathlib import Path

import pytest

from agent.keys import KEY_FILE, UnusableStateError, load_key, load_or_make_key, write_whole


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_key_is_kept_where_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "constat"
    key = load_or_make_key(folder)
    assert (mode(folder), mode(folder / KEY_FILE)) == (0o700, 0o600)
    assert load_or_make_key(folder).seed == key.seed
    assert [entry.name for entry in folder.iterdir()] == [KEY_FILE]


def test_there_is_no_key_before_one_is_made(tmp_path: Path) -> None:
    assert load_key(tmp_path) is None


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    load_or_make_key(folder)
    path = folder / KEY_FILE
    path.chmod(0o644)
    with pytest.raises(UnusableStateError) as refused:
        load_key(folder)
    assert str(refused.value) == (
        f"cannot use {path}: mode 0644 lets others read it; run chmod 600 {path}"
    )


def test_a_state_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(UnusableStateError, match=f"lets others read it; run chmod 700 {folder}"):
        load_or_make_key(folder)


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    write_whole(path, b"first", replace=False)
    write_whole(path, b"second", replace=False)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"not hexadecimal", b"\xff\xfe"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "state"
    load_or_make_key(folder)
    (folder / KEY_FILE).write_bytes(content)
    with pytest.raises(UnusableStateError, match="does not hold a key"):
        load_or_make_key(folder)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableStateError, match=f"cannot use {tmp_path / 'file'}"):
        load_or_make_key(tmp_path / "file" / "state")


def test_a_draft_left_by_a_crash_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key = load_or_make_key(folder)
    for draft in ("whole", "half"):
        write_whole(folder / "identity.json", draft.encode(), replace=True)
    assert (folder / "identity.json").read_text() == "half"
    assert load_or_make_key(folder).seed == key.seed


def test_the_secret_has_no_readable_form(tmp_path: Path) -> None:
    key = load_or_make_key(tmp_path / "state")
    assert key.seed.hex() not in f"{key} {key!r} {[key]}"
