"""Every whole line of a log that is followed is read once, whatever is done to the file."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import log_file
from probes.attempt import ProbeError
from probes.log_file import LogFile
from probes.model.failure import Failure


def _opened(path: Path) -> LogFile:
    file = LogFile(str(path))
    for _ in file.blocks():
        pass
    return file


def _append(path: Path, data: bytes | str) -> None:
    with path.open("ab") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "app.log"
    made.write_text("old\n")
    return made


def test_what_is_added_is_read_once_it_is_a_whole_line(path: Path) -> None:
    file = _opened(path)
    read = [list(file.new_lines())]
    for piece in ("a", "b\nc", "\r\nd\r\n\n"):
        _append(path, piece)
        read.append(list(file.new_lines()))

    assert read == [[], [], ["ab"], ["c", "d", ""]]


def test_a_renamed_file_is_read_to_its_end_and_once_more(path: Path) -> None:
    file = _opened(path)
    _append(path, "a\n")
    rotated = path.rename(path.with_suffix(".1"))
    path.write_text("c\n")
    first = list(file.new_lines())
    _append(rotated, "b\nlast words")
    _append(path, "d\n")
    second = list(file.new_lines())
    _append(rotated, "too late\n")

    assert (first, second) == (["a", "c"], ["b", "last words", "d"])
    assert list(file.new_lines()) == []


def test_a_renamed_file_that_is_deleted_at_once_is_read(path: Path) -> None:
    file = _opened(path)
    _append(path, "a\n")
    path.unlink()
    with pytest.raises(ProbeError, match="does not exist") as raised:
        list(file.new_lines())
    path.write_text("b\n")

    assert raised.value.failure is Failure.NOTHING_LOGGED
    assert list(file.new_lines()) == ["b"]


def test_what_was_read_before_a_file_went_is_not_lost(path: Path) -> None:
    file = _opened(path)
    _append(path, "a\n")
    path.unlink()
    lines = file.new_lines()
    read = [next(lines)]
    with pytest.raises(ProbeError):
        next(lines)

    assert read == ["a"]


@pytest.mark.parametrize("after", ["x\n", "another line that is longer than all that was there\n"])
def test_a_truncated_file_is_read_from_its_beginning(path: Path, after: str) -> None:
    file = _opened(path)
    with path.open("r+") as written:
        written.truncate(0)
        written.write(after)

    assert list(file.new_lines()) == [after.rstrip()]


def test_a_link_that_leads_elsewhere_is_followed(tmp_path: Path, path: Path) -> None:
    link, new = tmp_path / "current.log", tmp_path / "new.log"
    link.symlink_to(path)
    file = _opened(link)
    new.write_text("b\n")
    _append(path, "a\n")
    link.unlink()
    link.symlink_to(new)

    assert list(file.new_lines()) == ["a", "b"]


def test_lines_are_utf_8_or_else_latin_1(path: Path) -> None:
    file = _opened(path)
    _append(path, "démarré\n".encode())
    _append(path, "arrêté\n".encode("latin-1"))

    assert list(file.new_lines()) == ["démarré", "arrêté"]


def test_a_file_is_read_backwards_block_by_block(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "_BLOCK", 8)
    path.write_text("1\n2\n3\n4\n5\n6\n7\n8\n9\nrest")
    file = LogFile(str(path))

    # Before the rest there are 18 bytes: 10 to 17, 2 to 9, 0 to 1.
    assert list(file.blocks()) == [["6", "7", "8", "9"], ["2", "3", "4", "5"], ["1"]]
    _append(path, "\n")
    assert list(file.new_lines()) == ["rest"]


def test_no_more_is_read_at_once_than_is_right(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_BLOCK", 8)
    monkeypatch.setattr(log_file, "_MOST", 16)
    path.write_text("1234567\n" * 9)
    file = LogFile(str(path))
    assert len(list(file.blocks())) == 2
    _append(path, "abcdefg\n" * 5)

    assert list(file.new_lines()) == ["abcdefg"] * 2
    assert file.behind_bytes == 24
    assert list(file.new_lines()) == ["abcdefg"] * 2
    assert file.behind_bytes == 0
    assert list(file.new_lines()) == ["abcdefg"]


def test_of_a_long_line_the_beginning_is_read(path: Path) -> None:
    file = _opened(path)
    _append(path, b"x" * 300_000 + b"\nnext\n")

    lines = list(file.new_lines())

    assert lines[0] == "x" * 8_192
    assert lines[-1] == "next"


@pytest.mark.parametrize("make", ["fifo", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: str) -> None:
    path = tmp_path / "made"
    if make == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()

    with pytest.raises(ProbeError, match="is not a file") as raised:
        _opened(path)

    assert raised.value.failure is Failure.BAD_CONFIGURATION


@given(st.lists(st.sampled_from(["write", "half", "rotate", "read"]), max_size=30))
def test_every_line_is_read_once_and_in_order(doings: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        path.touch()
        file = _opened(path)
        written = rotations = 0
        read: list[str] = []
        for doing in doings:
            if doing == "read":
                read += file.new_lines()
                rotations = 0
            elif doing == "rotate" and rotations == 0:
                _append(path, "\n")
                path.rename(path.with_suffix(".1"))
                path.touch()
                rotations = 1
            elif doing == "write":
                _append(path, f"line {written}\n")
                written += 1
            elif doing == "half":
                _append(path, "half, ")
        _append(path, "\n")
        read += file.new_lines()

    numbers = [line.rpartition("line ")[2] for line in read if "line " in line]
    assert numbers == [str(number) for number in range(written)]
