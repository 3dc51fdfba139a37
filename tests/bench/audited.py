"""One reading of a whole log, in a process of its own: `python -m tests.bench.audited WHAT DSN`.

Prints as JSON what it cost, and the longest time for which its event loop did nothing else, by a
task that wakes each millisecond.
"""

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time
from typing import Final, NamedTuple

from collector.register.rebuilding import rebuild
from collector.server.background import audit_log
from collector.store.audit import ENTRIES, PAGE, PAGE_BYTES, verify_tree
from collector.store.fleet import read_lags
from collector.store.ingest import Ingest
from collector.store.log import read_head
from collector.store.pool import Pool, connected, open_pool
from collector.store.telemetry import Telemetry
from tests.collector.store.agents import LOG_KEY, NOON_US

_TICK_S: Final = 0.001


class Reading(NamedTuple):
    """What one reading cost: time, CPU time of the process, its largest size, and its stall."""

    seconds: float
    cpu_s: float
    peak_mib: float
    stall_ms: float


async def audited(pool: Pool) -> None:
    """Audit the log as a running collector does: resting, and distrusting what is not sound."""
    ingest = Ingest(pool, LOG_KEY, lambda: NOON_US, Telemetry())
    async with connected(pool) as connection:
        [log] = await read_lags(connection)
    tree = await audit_log(pool, ingest, log)
    assert tree.size == log.entries


async def hashed(pool: Pool) -> None:
    """Only hash the bytes that the same query brings."""
    async with connected(pool) as connection:
        [log] = await read_lags(connection)
        digest, start = sha256(), 0
        while rows := await connection.fetch(
            ENTRIES, log.tenant_id, start, start + PAGE, PAGE_BYTES
        ):
            for row in rows:
                digest.update(row["envelope"])
            start += len(rows)
        assert start == log.entries


async def verified(pool: Pool) -> None:
    """Make the tree without a rest, as before a bundle is written."""
    async with connected(pool) as connection:
        [log] = await read_lags(connection)
        await verify_tree(connection, log.tenant_id, await read_head(connection, log.tenant_id))


async def compared(pool: Pool) -> None:
    """`constat rebuild --check`."""
    assert [each.differed async for each in rebuild(pool, keep=False)] == [()]


async def remade(pool: Pool) -> None:
    """`constat rebuild --measurements`."""
    assert [each.differed async for each in rebuild(pool, measurements=True)] == [()]


WAYS: Final[dict[str, Callable[[Pool], Awaitable[None]]]] = {
    way.__name__: way for way in (hashed, audited, verified, compared, remade)
}


async def read(way: str, dsn: str) -> Reading:
    """Read the log of a database in one of the ways."""
    async with open_pool(dsn) as pool:
        ticker = _Ticker()
        began, used = perf_counter(), process_time()
        ticking = asyncio.create_task(ticker.run())
        await WAYS[way](pool)
        seconds, cpu_s = perf_counter() - began, process_time() - used
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    [peak] = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return Reading(seconds, cpu_s, int(peak) / 1024, ticker.latest_s * 1e3)


class _Ticker:
    """Wakes each millisecond, and remembers by how much it was latest."""

    def __init__(self) -> None:
        self.latest_s = 0.0

    async def run(self) -> None:
        while True:
            due = perf_counter() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self.latest_s = max(self.latest_s, perf_counter() - due)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(read(*sys.argv[1:]))._asdict()))
