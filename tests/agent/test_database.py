"""Opening the spool's file: private, alone, never over a damaged one."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from agent.database import SpoolError, open_database
from agent.spool import Spool
from tests.agent.spools import CAPACITY, FORGE, opened
from tests.agent.worlds import sample


async def spool_with_a_batch(folder: Path) -> Path:
    spool = await opened(folder)
    await asyncio.gather(*(spool.record(sample(detail="x" * 4_000)) for _ in range(40)))
    await spool.seal(FORGE)
    await asyncio.gather(*(spool.record(sample(detail="x" * 4_000)) for _ in range(40)))
    await spool.close()
    return folder / "spool.db"


def overwrite(path: Path, start: int, content: bytes) -> bytes:
    """Damage a file; return what it then holds."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)
    return path.read_bytes()


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("start", [0, 2 * 4_096])
async def test_a_damaged_spool_is_moved_aside_whole_and_a_new_one_begun(
    tmp_path: Path, start: int
) -> None:
    path = await spool_with_a_batch(tmp_path)
    damaged = overwrite(path, start, b"\x5a" * 8_192)
    spool = await opened(tmp_path)
    assert spool.damaged is not None
    assert spool.damaged.name.startswith("spool.db.damaged-")
    assert spool.damaged.read_bytes() == damaged
    assert await spool.record(sample()) == 1
    await spool.close()


async def test_a_sound_spool_is_left_where_it_is(tmp_path: Path) -> None:
    await spool_with_a_batch(tmp_path)
    spool = await opened(tmp_path)
    assert spool.damaged is None
    await spool.close()


async def test_a_new_spool_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = await spool_with_a_batch(tmp_path / name)
        with sqlite3.connect(path) as database:
            epochs.append(database.execute("SELECT epoch FROM state").fetchone()[0])
        database.close()
    assert len({*epochs}) == 2
    assert {len(bytes.fromhex(epoch)) for epoch in epochs} == {16}


async def test_every_file_of_the_spool_is_its_owners_alone(tmp_path: Path) -> None:
    spool = await opened(tmp_path)
    await spool.record(sample())
    assert modes(tmp_path) == {"spool.db": 0o600, "spool.db-wal": 0o600, "spool.ballast": 0o600}
    await spool.close()


async def test_a_spool_of_the_format_before_is_taken_on(tmp_path: Path) -> None:
    path = await spool_with_a_batch(tmp_path)
    database = sqlite3.connect(path)
    database.executescript(
        "DROP TABLE cursor; CREATE TABLE cursor (collector TEXT PRIMARY KEY,"
        " batch INTEGER NOT NULL, sample INTEGER NOT NULL, leaf INTEGER NOT NULL,"
        " head_size INTEGER NOT NULL,"
        " head_chain TEXT NOT NULL, halted TEXT NOT NULL);"
        "INSERT INTO cursor VALUES ('https://a.example', 7, 70, 12, 13, 'abab', 'forked');"
        "PRAGMA user_version = 1"
    )
    database.close()
    open_database(path).close()
    database = sqlite3.connect(path)
    row = database.execute("SELECT * FROM cursor").fetchone()
    database.close()
    assert row == ("https://a.example", 7, 70, 12, "", "forked", "")


async def test_a_spool_of_a_later_format_is_left_alone(tmp_path: Path) -> None:
    path = await spool_with_a_batch(tmp_path)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 3")
    database.close()
    with pytest.raises(SpoolError, match="it has format 3, this agent knows 2"):
        await opened(tmp_path)


async def test_a_place_where_no_spool_can_be_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "spool.db"
    with pytest.raises(SpoolError, match=f"cannot open {path}: "):
        await Spool.open(path, CAPACITY)


def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    database = open_database(tmp_path / "spool.db")
    settings = [
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "locking_mode")
    ]
    assert settings == ["wal", 2, "exclusive"]
    database.close()
