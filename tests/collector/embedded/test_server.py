"""A server of our own: what it is when it runs, where it runs, and how it stops."""

import os
import signal
import stat
from pathlib import Path

import asyncpg
import pytest

from collector.embedded.errors import EmbeddedError, NotRunningError
from collector.embedded.folder import dsn_of
from collector.embedded.server import EmbeddedPostgres
from tests.postgres import ask, do

AS_ROOT = os.geteuid() == 0


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
        ("logging_collector", "on"),
        ("server_version", "18.6"),
    ],
)
async def test_a_setting_is_what_a_server_that_must_not_lose_a_commit_needs(
    running: EmbeddedPostgres, setting: str, value: str
) -> None:
    assert await ask(running.dsn, f"SHOW {setting}") == value


async def test_text_sorts_alike_whatever_the_locales_of_the_machine(
    running: EmbeddedPostgres,
) -> None:
    locale = "SELECT datlocale FROM pg_database WHERE datname = current_database()"
    assert await ask(running.dsn, locale) == "C.UTF-8"


async def test_every_way_in_asks_for_the_password(running: EmbeddedPostgres) -> None:
    methods = "SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules"
    assert await ask(running.dsn, methods) == ["scram-sha-256"]


async def test_without_the_password_nobody_enters(running: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(running.dsn, password="guessed", passfile="/nowhere")


async def test_a_dsn_does_not_hold_the_password(running: EmbeddedPostgres, served: Path) -> None:
    password = (served / "password").read_text().strip().split(":")[-1]
    assert len(password) == 64
    assert password not in running.dsn


async def test_everything_is_closed_to_others(running: EmbeddedPostgres, served: Path) -> None:
    assert await ask(running.dsn, "SELECT 1") == 1
    assert [_mode(served / name) for name in ("cluster", "run", "password", "launcher.lock")] == [
        0o700,
        0o700,
        0o600,
        0o600,
    ]


async def test_the_server_is_never_root(running: EmbeddedPostgres) -> None:
    status = Path(f"/proc/{running.pid}/status").read_text().splitlines()
    fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    assert "0" not in fields["Gid"].split()
    assert fields["NoNewPrivs"] == "1"
    if AS_ROOT:
        assert not fields["Groups"].split()


async def test_another_process_finds_the_server_by_its_folder(
    running: EmbeddedPostgres, served: Path
) -> None:
    assert await ask(dsn_of(served), "SELECT current_database()") == "constat"
    assert dsn_of(served) == running.dsn


@pytest.mark.parametrize("name", ["with spaces", "with,comma", 'd\'été "2026"', "long" * 60])
async def test_a_folder_may_have_any_name(data_dir: Path, tmp_path: Path, name: str) -> None:
    async with EmbeddedPostgres(data_dir.rename(tmp_path / name)) as server:
        assert await ask(server.dsn, "SELECT 1") == 1


async def test_a_socket_moved_for_its_length_leaves_nothing_behind(
    data_dir: Path, tmp_path: Path
) -> None:
    folder = data_dir.rename(tmp_path / ("long" * 60))
    async with EmbeddedPostgres(folder):
        elsewhere = (folder / "run").resolve()
        assert _mode(elsewhere) == 0o700
    assert not elsewhere.exists()
    assert not (folder / "run").is_symlink()


async def test_a_dsn_stays_good_when_the_server_is_started_again(
    data_dir: Path, tmp_path: Path
) -> None:
    async with EmbeddedPostgres(data_dir.rename(tmp_path / ("long" * 60))) as server:
        before = server.dsn
        os.kill(server.pid, signal.SIGKILL)
        await server.wait()
        await server.start()
        assert server.dsn == before
        assert await ask(before, "SELECT 1") == 1


async def test_a_socket_folder_that_someone_else_put_there_is_left_alone(
    data_dir: Path, tmp_path: Path
) -> None:
    folder = data_dir.rename(tmp_path / ("long" * 60))
    stranger = tmp_path / "stranger"
    stranger.mkdir(mode=0o755)
    (stranger / "theirs").touch()
    (folder / "run").symlink_to(stranger)
    async with EmbeddedPostgres(folder) as server:
        assert await ask(server.dsn, "SELECT 1") == 1
    assert (stranger / "theirs").exists()
    assert _mode(stranger) == 0o755


async def test_folders_above_the_data_stay_closed(data_dir: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    async with EmbeddedPostgres(data_dir.rename(closed / "data")) as server:
        assert await ask(server.dsn, "SELECT 1") == 1
        assert _mode(closed) == 0o700
        assert closed.stat().st_uid == os.geteuid()


async def test_what_was_committed_is_there_at_the_next_start(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        await do(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    async with EmbeddedPostgres(data_dir) as server:
        assert await ask(server.dsn, "SELECT answer FROM kept") == 42


async def test_one_server_may_be_started_and_stopped_again(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    for _ in range(2):
        await server.start()
        assert await ask(server.dsn, "SELECT 1") == 1
        await server.stop()
    await server.stop()


async def test_clients_do_not_keep_a_server_from_stopping(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        client = await asyncpg.connect(server.dsn)
    assert client.is_closed()


async def test_a_stopped_server_is_not_found(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        pass
    with pytest.raises(NotRunningError, match="is not running; start it with constat up"):
        dsn_of(data_dir)
    with pytest.raises(NotRunningError, match="is not running"):
        _ = server.dsn


def test_no_server_is_found_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="is not running"):
        dsn_of(tmp_path / "nothing")


async def test_two_launchers_on_one_folder_are_one_too_many(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        with pytest.raises(EmbeddedError, match=f"process {os.getpid()} already uses it"):
            await EmbeddedPostgres(data_dir).start()
        assert await ask(server.dsn, "SELECT 1") == 1


async def test_a_server_is_not_started_twice(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        with pytest.raises(EmbeddedError, match="it is running already"):
            await server.start()
        assert await ask(server.dsn, "SELECT 1") == 1


async def test_data_of_another_version_are_refused(data_dir: Path) -> None:
    (data_dir / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 17 wrote it, and this Constat brings 18"):
        await EmbeddedPostgres(data_dir).start()


async def test_a_lost_password_file_is_named(data_dir: Path) -> None:
    (data_dir / "password").unlink()
    with pytest.raises(EmbeddedError, match="password is gone; restore it"):
        await EmbeddedPostgres(data_dir).start()


async def test_what_postgresql_cannot_read_is_quoted(data_dir: Path) -> None:
    (data_dir / "cluster" / "postgresql.conf").write_text("shared_buffers = 'much'\n")
    with pytest.raises(EmbeddedError, match=r"cannot start PostgreSQL in .*configuration file"):
        await EmbeddedPostgres(data_dir).start()


async def test_a_failed_start_lets_the_folder_go(data_dir: Path) -> None:
    configuration = data_dir / "cluster" / "postgresql.conf"
    fine = configuration.read_text()
    configuration.write_text("no such line\n")
    server = EmbeddedPostgres(data_dir)
    with pytest.raises(EmbeddedError):
        await server.start()
    configuration.write_text(fine)
    async with EmbeddedPostgres(data_dir) as other:
        assert await ask(other.dsn, "SELECT 1") == 1


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match=r"cannot start PostgreSQL in .*file/data: .*Not a dir"):
        await EmbeddedPostgres(tmp_path / "file" / "data").start()


async def test_a_cluster_half_made_by_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "cluster.new").mkdir()
    (tmp_path / "cluster.new" / "PG_VERSION").touch()
    async with EmbeddedPostgres(tmp_path) as server:
        assert await ask(server.dsn, "SELECT 1") == 1
    assert not (tmp_path / "cluster.new").exists()
