"""What a year of availability costs: from the spans of the database to the rates, warm.

Workstations measured every ten seconds all year, a span a day each at least (a span ends with its
day), and more where the service came and went. Every workstation loses it together with the others
now and then, so that there are outages to tell from one another.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from collector.embedded.server import EmbeddedPostgres
from collector.history import availability_of
from collector.judge.periods import civil_periods
from collector.judge.terms import Periodicity
from collector.judge.timeline import Span
from collector.record.catalogue import read_catalogue
from collector.record.summary import StoredSpan
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.store import spans
from collector.store.migrate import migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.tenants import tenant_named
from probes.model.instant import DAY, parse_instant
from probes.model.keys import SigningKey
from tests.bench.assess import CATALOGUE, CHECK, DURATION_US, ERROR_US, EVERY_US
from tests.bench.figure import Figure

FIRST: Final = date(2025, 1, 1)
LAST: Final = date(2025, 12, 31)
OPENS: Final = parse_instant("2025-01-01T00:00:00Z")
NOW: Final = parse_instant("2026-02-01T00:00:00Z")
DAYS: Final = 365
TIMES: Final = 3


class Shape(NamedTuple):
    """How many workstations, and how many outages of ten minutes they have on each day."""

    points: int
    outages: int


SHAPES: Final = (Shape(20, 0), Shape(20, 3), Shape(200, 0), Shape(200, 3))


def run() -> list[Figure]:
    """Report on a year of every shape and return what that costs."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> list[Figure]:
    figures: list[Figure] = []
    async with EmbeddedPostgres(folder / "postgres") as server, open_pool(server.dsn) as pool:
        async with connected(pool) as connection:
            await migrate(connection)
        for number, shape in enumerate(SHAPES):
            hospital = f"CH-{number}"
            count = await _prepared(pool, hospital, shape)
            for periodicity in (Periodicity.YEAR, Periodicity.DAY):
                took_ms = await _timed(pool, hospital, periodicity)
                what = f"{shape.points} points, {shape.outages} outages a day, by {periodicity}"
                print(f"{what:50} {count:9} spans {took_ms:9.1f} ms", flush=True)
                figures.append(Figure(what, took_ms, "ms", at_most=2_000))
    return figures


async def _timed(pool: Pool, hospital: str, periodicity: Periodicity) -> float:
    times: list[float] = []
    for _ in range(TIMES):
        began = perf_counter()
        await availability_of(
            pool, hospital, "dpi", lambda zone: list(civil_periods(periodicity, FIRST, LAST, zone)),
            NOW,
        )  # fmt: skip
        times.append(perf_counter() - began)
    return median(times) * 1e3


async def _prepared(pool: Pool, hospital: str, shape: Shape) -> int:
    sealer = Sealer(SigningKey.generate(), lambda: OPENS)
    [items] = read_catalogue(CATALOGUE).values()
    named = {key._replace(name=hospital) if key.name == "CH-EXEMPLE" else key: value
             for key, value in items.items()}  # fmt: skip
    await apply(pool, sealer, {hospital: named}, "bench")
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
        await connection.execute(
            "INSERT INTO vantage (tenant_id, vantage_id, name, kind, enrolled_at)"
            " SELECT $1, n, 'poste-' || n, 'workstation', $3 FROM generate_series(1, $2) AS n",
            tenant_id,
            shape.points,
            OPENS,
        )
        await connection.execute(
            "INSERT INTO series (tenant_id, series_id, vantage_id, check_name, imported)"
            " SELECT $1, n, n, $3, false FROM generate_series(1, $2::int) AS n",
            tenant_id,
            shape.points,
            CHECK,
        )
        rows = [
            placed
            for point in range(1, shape.points + 1)
            for placed in spans.placed(point, list(_year(point, shape.outages)))
        ]
        await spans.insert(connection, tenant_id, rows)
        await connection.execute("VACUUM ANALYZE span, series, vantage")
    return len(rows)


def _year(point: int, outages: int) -> Iterator[StoredSpan]:
    """Yield the spans of a workstation: up, and down for sixty probes some times a day."""
    probes = DAY // EVERY_US
    for day in range(DAYS):
        at = OPENS + day * DAY + point * 700
        stretch = probes // (outages + 1)
        for number in range(outages + 1):
            down = 60 if number else 0
            first = number * stretch
            if down:
                yield _span("D", at + first * EVERY_US, down)
            yield _span("U", at + (first + down) * EVERY_US, stretch - down)


def _span(letter: str, first: int, count: int) -> StoredSpan:
    last = first + (count - 1) * EVERY_US
    span = Span(
        letter, count, first, first + DURATION_US, ERROR_US, last, last + DURATION_US, ERROR_US,
        first - ERROR_US, last + DURATION_US + ERROR_US, EVERY_US,
    )  # fmt: skip
    return StoredSpan(span, DURATION_US, count * DURATION_US, DURATION_US, None, None, None, 0, 0)
