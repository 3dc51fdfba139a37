"""What is killed comes back: the server, its launcher, and what they leave behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import asyncpg
import pytest

from collector.embedded.folder import dsn_of
from collector.embedded.server import EmbeddedPostgres
from tests.postgres import ask, do, in_own_loop

# A program that starts a server, says so, and then waits to be killed.
LAUNCHER = """
import asyncio, sys
from pathlib import Path
from threading import Thread
from collector.embedded.server import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1])) as server:
        print(server.pid, flush=True)
        await server.wait()

asyncio.run(main())
"""


@pytest.fixture
def launcher(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", LAUNCHER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def _server_of(launcher: subprocess.Popen[str]) -> int:
    assert launcher.stdout is not None
    return int(launcher.stdout.readline())


def _lives(process: int) -> bool:
    status = Path("/proc", str(process), "status")
    return status.exists() and "State:\tZ" not in status.read_text()


async def test_a_killed_server_recovers_what_was_committed(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        await do(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(server.pid, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        await server.start()
        assert await ask(server.dsn, "SELECT answer FROM kept") == 42


async def test_what_was_not_committed_does_not_survive(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        await do(server.dsn, "CREATE TABLE kept (answer int)")
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("BEGIN; INSERT INTO kept VALUES (42); CHECKPOINT")
        os.kill(server.pid, signal.SIGKILL)
        await server.wait()
        connection.terminate()
        await server.start()
        assert await ask(server.dsn, "SELECT count(*) FROM kept") == 0


async def test_a_server_that_lost_a_process_recovers_by_itself(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        connection = await asyncpg.connect(server.dsn)
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        await do(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(backend, signal.SIGKILL)
        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            await connection.execute("SELECT pg_sleep(3600)")
        connection.terminate()
        assert await _answer_once_recovered(server.dsn) == 42


async def _answer_once_recovered(dsn: str) -> object:
    while True:
        try:
            return await ask(dsn, "SELECT answer FROM kept")
        except (asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, ConnectionError):
            continue


async def test_a_server_does_not_outlive_its_killed_launcher(
    data_dir: Path, launcher: subprocess.Popen[str]
) -> None:
    orphan = _server_of(launcher)
    await do(dsn_of(data_dir), "CREATE TABLE kept AS SELECT 42 AS answer")
    launcher.kill()
    launcher.wait()
    # The next launcher waits for the end of the orphan: that it can start proves that one ended.
    async with EmbeddedPostgres(data_dir) as server:
        assert not _lives(orphan)
        assert await ask(server.dsn, "SELECT answer FROM kept") == 42


async def test_a_server_does_not_outlive_the_thread_that_started_it(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    await asyncio.to_thread(in_thread_that_ends, server)
    assert await server.wait() == 0
    await server.stop()


def in_thread_that_ends(server: EmbeddedPostgres) -> None:
    thread = Thread(target=in_own_loop, args=(server.start(),))
    thread.start()
    thread.join()


async def test_a_launcher_and_its_server_killed_together_are_replaced(
    data_dir: Path, launcher: subprocess.Popen[str]
) -> None:
    orphan = _server_of(launcher)
    await do(dsn_of(data_dir), "CREATE TABLE kept AS SELECT 42 AS answer")
    launcher.kill()
    os.kill(orphan, signal.SIGKILL)
    launcher.wait()
    assert (data_dir / "cluster" / "postmaster.pid").exists()
    async with EmbeddedPostgres(data_dir) as server:
        assert await ask(server.dsn, "SELECT answer FROM kept") == 42


async def test_a_process_id_that_now_belongs_to_another_program_is_no_server(
    data_dir: Path, launcher: subprocess.Popen[str], tmp_path: Path
) -> None:
    orphan = _server_of(launcher)
    launcher.kill()
    os.kill(orphan, signal.SIGKILL)
    launcher.wait()
    async with EmbeddedPostgres(_copy(data_dir, tmp_path / "other")) as other:
        # A server of the same account, as PostgreSQL itself could not tell apart.
        pid_file = data_dir / "cluster" / "postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(orphan), str(other.pid), 1))
        async with EmbeddedPostgres(data_dir) as server:
            assert await ask(server.dsn, "SELECT 1") == 1
        assert await ask(other.dsn, "SELECT 1") == 1


def _copy(folder: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", folder, target], check=True)
    (target / "cluster" / "postmaster.pid").unlink()
    return target
