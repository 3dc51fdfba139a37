"""What the hourly audit of a log costs, and making its tables again, beside only hashing its bytes.

Twelve workstations that seal three measurements by the half minute need three days for the shorter
log and a month for the longer. Every reading is a process of its own. The baseline is SHA-256 of
the same bytes, which the same query brings in the same pages; it also shows how long the machine
keeps a process waiting that does next to nothing.
"""

import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from pathlib import Path
from time import perf_counter
from typing import Final

from collector.embedded.server import EmbeddedPostgres
from collector.store.migrate import migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.projector import Projector
from tests.bench.audited import Reading
from tests.bench.figure import Figure
from tests.bench.long_log import fill

POINTS: Final = 12
ENTRIES: Final = (100_000, 1_000_000)


def run() -> list[Figure]:
    """Read logs of both lengths in every way; return what that costs."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    figures: list[Figure] = []
    for entries in ENTRIES:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                EmbeddedPostgres(Path(folder, "postgres")) as server,
                open_pool(server.dsn) as pool,
            ):
                await _filled(pool, entries)
                figures += _told(entries, await _readings(server.dsn))
    return figures


async def _filled(pool: Pool, entries: int) -> None:
    async with connected(pool) as connection:
        await migrate(connection)
    await fill(pool, POINTS, entries // POINTS)
    began = perf_counter()
    await Projector(pool).catch_up()
    print(f"{entries:9,} entries projected in {perf_counter() - began:.1f} s", flush=True)


async def _readings(dsn: str) -> dict[str, Reading]:
    ways = ("hashed", "verified", "audited", "compared", "remade")
    return {way: await _reading(way, dsn) for way in ways}


async def _reading(way: str, dsn: str) -> Reading:
    command = (sys.executable, "-m", "tests.bench.audited", way, dsn)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    output, _ = await process.communicate()
    reading = Reading(**json.loads(output))
    print(
        f"  {way:9}{reading.seconds:8.2f} s, CPU {reading.cpu_s:7.2f} s; at most"
        f" {reading.peak_mib:.1f} MiB, {reading.stall_ms:.1f} ms without a turn for others;"
        f" load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    return reading


def _told(entries: int, by_way: dict[str, Reading]) -> list[Figure]:
    hashed, verified, audited = by_way["hashed"], by_way["verified"], by_way["audited"]
    what = f"{entries} entries"
    return [
        Figure(f"made again, {what}", verified.seconds / hashed.seconds, "x hashing"),
        Figure(f"CPU of an audit, {what}", audited.cpu_s / entries * 1e6, "us an entry"),
        Figure(f"memory of an audit, {what}", audited.peak_mib / hashed.peak_mib, "x hashing", 1.2),
        Figure(f"longest stall of an audit, {what}", audited.stall_ms, "ms", 20),
        Figure(
            f"rebuild --check, {what}", by_way["compared"].seconds / hashed.seconds, "x hashing"
        ),
        Figure(
            f"rebuild --measurements, {what}",
            by_way["remade"].seconds / hashed.seconds,
            "x hashing",
        ),
        Figure(f"memory of it, {what}", by_way["remade"].peak_mib / hashed.peak_mib, "x hashing"),
    ]
