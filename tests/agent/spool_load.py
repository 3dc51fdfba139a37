"""A process that uses a spool as hard as it can until it is killed, and says what it was promised.

It prints a line for each promise, after it was made: `recorded START_US` when a sample was
acknowledged, `sealed NUMBER DIGEST` when a batch was. Samples come in groups, batches are sealed
and acknowledged meanwhile, so that a kill may strike between any two steps.
"""

import asyncio
import sys
from pathlib import Path

from agent.cursors import Cursor
from agent.spool import Spool
from probes.model.instant import DAY
from probes.model.measurement import Outcome
from tests.agent.spools import FORGE, HERE, opened
from tests.agent.worlds import sample


async def load(folder: Path, start_us: int) -> None:
    """Record, seal and acknowledge without end; no two samples start at the same time."""
    spool = await opened(folder)
    await asyncio.gather(_record(spool, start_us, 0), _record(spool, start_us, 1), _seal(spool))


async def _record(spool: Spool, start_us: int, offset: int) -> None:
    for number in range(offset, 1_000_000, 2):
        taken_us = start_us + number * 1_000
        outcome = Outcome.DOWN if number % 3 else Outcome.UP
        await spool.record(sample(outcome=outcome, start_us=taken_us, detail="x" * (number % 99)))
        print("recorded", taken_us, flush=True)


async def _seal(spool: Spool) -> None:
    while True:
        sealed = await spool.seal(FORGE)
        if sealed is None:
            await asyncio.sleep(0)
            continue
        print("sealed", sealed.number, sealed.digest, flush=True)
        if sealed.number % 2:
            await spool.move_cursor(HERE, Cursor(sealed.number, sealed.last))


if __name__ == "__main__":
    asyncio.run(load(Path(sys.argv[1]), DAY * int(sys.argv[2])))
