"""A witness beside a running collector, both as the programs an operator would start."""

import asyncio
import sys
from pathlib import Path

from collector.witness.opening import standing_of
from tests.end_to_end.installation import ENVIRONMENT, HOSPITAL, ROOT, Installation, Program, until


async def _constat(*arguments: str | Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "collector", *map(str, arguments)),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return process.returncode or 0, told.decode()


def _entries(folder: Path) -> int:
    last = standing_of(folder).last
    return 0 if last is None else last.checkpoint.size


async def test_a_witness_cosigns_while_collector_and_database_come_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    code, _ = await _constat("witness", "init", folder, "--name", "temoin.ch-exemple.example")
    assert code == 0
    (tmp_path / "installation").mkdir()
    async with Installation(tmp_path / "installation", agents=1, checks=1) as installation:
        config = installation.folder / "constat.yaml"
        code, told = await _constat("token", "witness", "--hospital", HOSPITAL, "--config", config)
        assert code == 0, told
        for name, line in zip(("log.vkey", "token"), told.splitlines(), strict=True):
            (tmp_path / name).write_text(line.split()[-1])
        run = (
            *("witness", "run", folder, "--mirror", "--hospital", HOSPITAL),
            *("--collector", installation.url, "--log-key", tmp_path / "log.vkey"),
            *("--token-file", tmp_path / "token"),
        )
        code, told = await _constat(*run, "--once")
        assert code == 0, told
        watching = Program(tmp_path / "witness.log", "collector", *run, "--every", "PT0.1S")
        await watching.start()
        before = _entries(folder)
        await installation.kill_collector()
        await installation.ready()
        await installation.kill_database()
        try:
            await until(lambda: _entries(folder) > before + 1 or not watching.runs)
            assert watching.runs, watching.log.read_text()
        finally:
            await watching.close()
    standing = standing_of(folder)
    assert standing.fault is None
    assert standing.mirrored == _entries(folder)
    code, told = await _constat(*run, "--once")
    assert (code, told.count("\n")) == (6, 1)
    assert "Connection refused" in told
