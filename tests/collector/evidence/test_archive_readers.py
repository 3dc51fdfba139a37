"""Independent programs that read ZIP find in an archive what our reader finds, and nothing else."""

import io
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from collector.evidence.archive import ArchiveError, ArchiveReader, ArchiveWriter
from collector.evidence.layout import MAX_NAME
from tests.collector.evidence.forged_zip import Part, forge, part
from tests.servers.real import real

# Content that looks like the records around it, for programs that look for them.
MEMBERS: Final = {
    "LISEZMOI.txt": "À lire d'abord.\n".encode(),
    "checkpoints/0": part("hidden", b"hidden").local.local() + b"hidden",
    "checkpoints/1": b"PK\x07\x08" + bytes(12),
    "entries/..a/-._": b"",
    "entries/0.ndjson": b"0123456789abcdef" * 9_000,
    "entries/" + "x" * (MAX_NAME - 8): b"long",
    "seal.dsse": forge(part("seal.dsse", b"another seal")),
    "window.json": b"PK\x05\x06" + bytes(18),
}


def unzipped(archive: Path, folder: Path) -> None:
    run(real("unzip"), "-q", archive, "-d", folder)


def untarred(archive: Path, folder: Path) -> None:
    run(real("bsdtar"), "-xf", archive, "-C", folder)


def streamed(archive: Path, folder: Path) -> None:
    """Read from a pipe: then only the headers before the members are believed."""
    run(real("bsdtar"), "-xf", "-", "-C", folder, stdin=archive.read_bytes())


def seven_zipped(archive: Path, folder: Path) -> None:
    run(real("7zz"), "x", "-bd", f"-o{folder}", archive)


def python(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)


def run(*command: str | Path, stdin: bytes = b"") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done


def extracted(program: Callable[[Path, Path], None], data: bytes, folder: Path) -> dict[str, bytes]:
    """Return what a program makes of an archive, by name."""
    archive, into = folder / "archive.zip", folder / "into"
    into.mkdir()
    archive.write_bytes(data)
    program(archive, into)
    files = [path for path in into.rglob("*") if path.is_file()]
    return {path.relative_to(into).as_posix(): path.read_bytes() for path in files}


def archive_of(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        writer.add(name, [members[name]])
    writer.close()
    return file.getvalue()


def test_pythons_own_module_finds_the_same_members(tmp_path: Path) -> None:
    data = archive_of(MEMBERS)
    assert ArchiveReader(io.BytesIO(data)).names() == tuple(sorted(MEMBERS))
    assert extracted(python, data, tmp_path) == MEMBERS


@pytest.mark.servers
@pytest.mark.parametrize("program", [unzipped, untarred, streamed, seven_zipped])
def test_ordinary_programs_find_the_same_members(
    tmp_path: Path, program: Callable[[Path, Path], None]
) -> None:
    assert extracted(program, archive_of(MEMBERS), tmp_path) == MEMBERS


@pytest.mark.servers
def test_ordinary_programs_have_nothing_to_say_against_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    archive.write_bytes(archive_of(MEMBERS))
    run(real("unzip"), "-tq", archive)
    run(real("7zz"), "t", archive)


REPORT: Final = part("report.json", b'{"verdict":"breach"}')


def unlisted() -> bytes:
    """Make a member of which only the headers know."""
    hidden = part("hidden.json", b"{}")
    return forge(replace(REPORT, after=hidden.local.local() + hidden.content))


def renamed() -> bytes:
    """Make a member that has one name in its header and another in the directory."""
    other = replace(REPORT.local, name=b"trepor.json")
    return forge(Part(REPORT.content, other, REPORT.entry))


@pytest.mark.servers
@pytest.mark.parametrize("ambiguous", [unlisted, renamed])
def test_an_archive_that_programs_read_in_two_ways_is_refused(
    tmp_path: Path, ambiguous: Callable[[], bytes]
) -> None:
    data = ambiguous()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    by_directory = extracted(seven_zipped, data, tmp_path / "a")
    by_headers = extracted(streamed, data, tmp_path / "b")
    assert by_directory != by_headers
    with pytest.raises(ArchiveError):
        ArchiveReader(io.BytesIO(data))
