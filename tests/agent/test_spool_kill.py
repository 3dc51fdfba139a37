"""A spool whose process is killed, at any point, many times, keeps every promise it made."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from agent.sealer import seal_all
from tests.agent.spools import FORGE, chain, opened

ROOT = Path(__file__).parents[2]
KILLS = 25


async def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    random = Random(20261114)
    recorded: set[int] = set()
    sealed: dict[int, str] = {}
    for life in range(1, KILLS + 1):
        async for words in _promises_of_a_life(tmp_path, life, random):
            if words[0] == "recorded":
                recorded.add(int(words[1]))
            else:
                sealed[int(words[1])] = words[2]

    spool = await opened(tmp_path)
    await seal_all(spool, FORGE)
    batches = await chain(spool)
    kept = [await spool.batch(number) for number in sealed]
    await spool.close()
    starts = [start for batch in batches for start in batch.checks[0].starts_us]
    assert len(recorded) > KILLS
    assert recorded <= set(starts)
    assert len(starts) == len(set(starts)) == batches[-1].last
    assert [batch and (batch.number, batch.digest) for batch in kept] == list(sealed.items())
    assert {batch.epoch for batch in batches} == {batches[0].epoch}


async def _promises_of_a_life(folder: Path, life: int, random: Random) -> AsyncIterator[list[str]]:
    """Start the load, kill it after some of its promises, and yield all it had made by then."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.agent.spool_load", folder, str(life)), cwd=ROOT, stdout=PIPE
    )
    lines = _lines(process)
    for _ in range(random.randrange(200)):
        yield (await anext(lines)).split()
    process.kill()
    async for line in lines:
        yield line.split()
    assert await process.wait() == -9


async def _lines(process: Process) -> AsyncIterator[str]:
    """Yield whole lines: the kill may cut the last one."""
    assert process.stdout is not None
    while (line := await process.stdout.readline()).endswith(b"\n"):
        yield line.decode()
