"""How fast signed batches become durable and then tables, and how little of the disk they take.

Every rate is a share of R, measured before and after it: the rows a second of asyncpg's COPY of the
rows of `measurement` into a plain table without an index, 5 000 in a transaction. Batches come as
agents send them, gzipped and over HTTP, to a collector that is a process of its own, from a load
that is another. An acknowledgement is compared with one fdatasync in the folder of the database.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

import psutil

from collector.embedded.server import EmbeddedPostgres
from collector.store.migrate import migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.projector import Projector
from tests.bench.figure import Figure
from tests.bench.fleet import Shape, enrol_fleet
from tests.bench.load import Load, send_all
from tests.bench.stages import print_stages
from tests.collector.store.agents import NOON_US

CONNECTIONS: Final = 64
PACE_S: Final = 0.25
COPY_ROWS: Final = 5_000
COPY_TIMES: Final = 60


class Aim(NamedTuple):
    """A shape of batches, how many of them each agent sends, and the aims set for it."""

    shape: Shape
    batches: int
    ingest: float
    projector: float | None = None
    log_bytes: float | None = None


AIMS: Final = (
    Aim(Shape(2, 30), 60, 0.3, 0.3, 8),
    Aim(Shape(20, 3), 60, 0.3, 0.3, 8),
    Aim(Shape(20, 30), 20, 2.0),
    Aim(Shape(20, 250), 6, 5.0),
)


class Server(NamedTuple):
    """The database of the bench and what measures it."""

    postgres: EmbeddedPostgres
    pool: Pool
    sync_s: float

    def cpu_s(self, collector: psutil.Process) -> tuple[float, float, float]:
        """Return the CPU seconds so far of the collector, of PostgreSQL and of the load."""
        main = psutil.Process(self.postgres.pid)
        family = sum(map(_cpu_s, [main, *main.children(recursive=True)]))
        return _cpu_s(collector), family, _cpu_s(psutil.Process())


def run() -> list[Figure]:
    """Print what ingest and projection reach at each size of batch; return the figures."""
    return asyncio.run(_run())


async def _run() -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for aim in AIMS:
            async with _server(Path(folder, str(aim.shape))) as server:
                figures += await _throughput(server, aim)
                if aim is AIMS[0]:
                    figures.append(await _paced(server, aim.shape))
        print_stages(AIMS[1].shape)
    return figures


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[Server]:
    async with (
        EmbeddedPostgres(folder) as postgres,
        open_pool(postgres.dsn) as pool,
    ):
        async with connected(pool) as connection:
            await migrate(connection)
        yield Server(postgres, pool, fdatasync_s(folder))


async def _throughput(server: Server, aim: Aim) -> list[Figure]:
    """Let a fleet send all it has; then let the projector follow."""
    pool, shape = server.pool, aim.shape
    senders = await enrol_fleet(pool, CONNECTIONS, "poste")
    bodies = [list(sender.rounds(shape, aim.batches)) for sender in senders]
    rates = [await copy_rate(pool)]
    with collector(server.postgres.dsn) as (port, process):
        await send_all(port, [own[:1] for own in bodies])  # agents and headers become known
        used, held = server.cpu_s(process), await _log_bytes(pool)
        load = await send_all(port, [own[1:] for own in bodies])
        spent = [now - then for now, then in zip(server.cpu_s(process), used, strict=True)]
        grown = await _log_bytes(pool) - held
    rates.append(await copy_rate(pool))
    began = perf_counter()
    await Projector(pool).catch_up()
    projected_s = perf_counter() - began
    rates.append(await copy_rate(pool))
    batches = CONNECTIONS * (aim.batches - 1)
    measured = batches * shape.measured
    ingest = measured / load.seconds / (sum(rates[:2]) / 2)
    projector = CONNECTIONS * aim.batches * shape.measured / projected_s / (sum(rates[1:]) / 2)
    print(f"{shape}: R = {sum(rates) / 3:,.0f} rows/s, {measured / load.seconds:,.0f} ingested/s")
    print(f"  answered in {_answered(load)}")
    for name, seconds in zip(("collector", "PostgreSQL", "load"), spent, strict=True):
        print(f"  {name}: {seconds / batches * 1e6:.0f} µs CPU a batch")
    name = f"{shape} a batch"
    return [
        Figure(f"ingest, {name}", ingest, "R", at_least=aim.ingest),
        Figure(f"projector, {name}", projector, "R", at_least=aim.projector),
        Figure(f"log, {name}", grown / measured, "bytes/measurement", at_most=aim.log_bytes),
    ]


async def _paced(server: Server, shape: Shape) -> Figure:
    """Let a fleet send at a pace that leaves the collector time."""
    senders = await enrol_fleet(server.pool, CONNECTIONS, "paced")
    bodies = [list(sender.rounds(shape, 21)) for sender in senders]
    with collector(server.postgres.dsn) as (port, _):
        await send_all(port, [own[:1] for own in bodies])
        load = await send_all(port, [own[1:] for own in bodies], every_s=PACE_S)
    print(f"{CONNECTIONS} connections, one batch every {PACE_S:g} s each: {_answered(load)};")
    print(f"  one fdatasync takes {server.sync_s * 1e3:.2f} ms (median)")
    return Figure(
        f"ack p99, {CONNECTIONS} connections, {shape} a batch",
        load.percentile(0.99) / server.sync_s,
        "fdatasync",
        at_most=3,
    )


async def copy_rate(pool: Pool) -> float:
    """Return R: rows a second of bare COPY."""
    rows = [
        (1, number % 20, NOON_US + number, 80_000 + number, 8_000, "U", None)
        for number in range(COPY_ROWS)
    ]
    async with connected(pool) as connection:
        await connection.execute("DROP TABLE IF EXISTS bare")
        await connection.execute(
            "CREATE TABLE bare (tenant_id integer, series_id integer, start_us bigint,"
            " duration_us bigint, error_us bigint, outcome text, failure text)"
        )
        began = perf_counter()
        for _ in range(COPY_TIMES):
            await connection.copy_records_to_table("bare", records=rows)
        return COPY_ROWS * COPY_TIMES / (perf_counter() - began)


def fdatasync_s(folder: Path) -> float:
    """Return the median time of one fdatasync of 8 KiB in a folder."""
    times = []
    with (folder / "sync").open("wb") as file:
        for _ in range(200):
            file.write(bytes(8192))
            file.flush()
            began = perf_counter()
            os.fdatasync(file.fileno())
            times.append(perf_counter() - began)
    return median(times)


@contextmanager
def collector(dsn: str) -> Iterator[tuple[int, psutil.Process]]:
    """Run a collector as a process of its own; yield its port, and the process."""
    command = [sys.executable, "-m", "tests.bench.serve", dsn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline()), psutil.Process(process.pid)
        process.stdin.close()


async def _log_bytes(pool: Pool) -> int:
    async with connected(pool) as connection:
        size: int = await connection.fetchval(
            "SELECT pg_total_relation_size('log') + pg_total_relation_size('batch_header')"
        )
    return size


def _answered(load: Load) -> str:
    half, most = load.percentile(0.5) * 1e3, load.percentile(0.99) * 1e3
    return f"{half:.1f} ms (median), {most:.1f} ms (p99)"


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
