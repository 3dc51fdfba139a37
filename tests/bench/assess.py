"""What a verdict costs: from the database to both bounds, in one warm process.

A window of four hours, measured every ten seconds from many workstations, each of which loses the
service at its own moment. The cost is shown against the number of workstations and against how
often each changes; beside it, in the same run, what judging costs when every single measurement is
read instead of spans. Both must give the same object.
"""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from collector.assess import report_on
from collector.embedded.server import EmbeddedPostgres
from collector.judge.assessment import assess
from collector.judge.timeline import Span
from collector.record.catalogue import read_catalogue
from collector.record.summary import StoredSpan
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.sealing import Sealer
from collector.report.value import Report
from collector.store import spans
from collector.store.migrate import migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.projector import Projector
from collector.store.tenants import TenantId, tenant_named
from probes.model.instant import DAY, HOUR, SECOND, parse_instant
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from probes.model.measurement import Measurement, Outcome
from tests.bench.figure import Figure

CATALOGUE: Final = Path(__file__).parents[2] / "docs/examples/catalogue.yaml"
CHECK: Final = "dpi-login"
EVERY_US: Final = 10 * SECOND
OPENS: Final = parse_instant("2026-11-14T22:00:00+01:00")
PLAN: Final = Interval(OPENS, OPENS + 4 * HOUR)
PROBES: Final = (PLAN.end - PLAN.start) // EVERY_US
TIMES: Final = 9

ERROR_US: Final = 12_000
DURATION_US: Final = 83_000


class Shape(NamedTuple):
    """How many workstations, and how often each of them changes during the window."""

    points: int
    changes: int


BY_POINTS: Final = (Shape(100, 2), Shape(1_000, 2), Shape(10_000, 2))
BY_CHANGES: Final = (Shape(1_000, 2), Shape(1_000, 20), Shape(1_000, 100))
NAIVE: Final = (Shape(100, 2), Shape(1_000, 2))


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive probes of one workstation with one outcome: the first and the last of them."""

    letter: str
    first: int
    last: int


def run() -> list[Figure]:
    """Judge windows of every shape and return what they cost."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> list[Figure]:
    async with EmbeddedPostgres(folder / "postgres") as server, open_pool(server.dsn) as pool:
        async with connected(pool) as connection:
            await migrate(connection)
        figures: list[Figure] = []
        spans_ms: dict[Shape, float] = {}
        for number, shape in enumerate(dict.fromkeys((*BY_POINTS, *BY_CHANGES))):
            case = await _prepared(pool, f"CH-{number}", shape)
            spans_ms[shape], report = await _timed(pool, case)
            print(
                f"{shape.points:6} points, {shape.changes:3} changes each:"
                f" {spans_ms[shape]:8.1f} ms  ({report.assessment.judged})",
                flush=True,
            )
            if shape in NAIVE:
                naive_ms = await _naive(pool, case, report)
                print(f"{'':25}single measurements: {naive_ms:8.1f} ms, the same object")
                what = f"{shape.points} points: single measurements / spans"
                figures.append(Figure(what, naive_ms / spans_ms[shape], "times"))
        figures.append(Figure("1 000 points", spans_ms[Shape(1_000, 2)], "ms", at_most=15))
        figures.append(Figure("10 000 points", spans_ms[Shape(10_000, 2)], "ms", at_most=100))
        grown = spans_ms[Shape(1_000, 100)] / spans_ms[Shape(1_000, 2)]
        return [*figures, Figure("1 000 points: 100 changes / 2 changes each", grown, "times")]


class Case(NamedTuple):
    """A closed window and what its workstations saw."""

    tenant_id: TenantId
    where: Where
    now_us: int
    seen: Sequence[Sequence[Run]]


async def _prepared(pool: Pool, hospital: str, shape: Shape) -> Case:
    now_us = PLAN.start - 10 * DAY
    sealer = Sealer(SigningKey.generate(), lambda: now_us)
    [items] = read_catalogue(CATALOGUE).values()
    named = {key._replace(name=hospital) if key.name == "CH-EXEMPLE" else key: value
             for key, value in items.items()}  # fmt: skip
    await apply(pool, sealer, {hospital: named}, "bench")
    window = await announce(pool, sealer, Announcement(hospital, "dpi", PLAN), "bench")
    where = Where(hospital, window.id, "dpi")
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
    await Projector(pool).catch_up(tenant_id)
    seen = list(_drawn(shape))
    await _stored(pool, tenant_id, seen, now_us)
    now_us = PLAN.end + 12 * HOUR
    await start(pool, sealer, where, PLAN.start, "bench")
    await finish(pool, sealer, where, PLAN.end, "bench")
    await close(pool, sealer, where, "bench")
    return Case(tenant_id, where, now_us, seen)


def _drawn(shape: Shape) -> Iterator[list[Run]]:
    """Draw what each workstation saw: up, then by turns down and up again."""
    drawn = random.Random(shape.points)
    for _ in range(shape.points):
        step = PROBES // (shape.changes + 1)
        cuts = [step * n + drawn.randrange(step // 2) for n in range(1, shape.changes + 1)]
        bounds = [0, *cuts, PROBES]
        yield [Run("UD"[n % 2], first, end - 1) for n, (first, end) in enumerate(pairwise(bounds))]


async def _stored(
    pool: Pool, tenant_id: TenantId, seen: Sequence[Sequence[Run]], enrolled_us: int
) -> None:
    """Put workstations and their spans where enrolment and projector would have."""
    rows = [
        placed
        for point, runs in enumerate(seen, start=1)
        for placed in spans.placed(point, [_span(point, run) for run in runs])
    ]
    async with connected(pool) as connection:
        await connection.execute(
            "INSERT INTO vantage (tenant_id, vantage_id, name, kind, enrolled_at)"
            " SELECT $1, n, 'poste-' || n, 'workstation', $3 FROM generate_series(1, $2) AS n",
            tenant_id,
            len(seen),
            enrolled_us,
        )
        await connection.execute(
            "INSERT INTO series (tenant_id, series_id, vantage_id, check_name, imported)"
            " SELECT $1, n, n, $3, false FROM generate_series(1, $2::int) AS n",
            tenant_id,
            len(seen),
            CHECK,
        )
        await spans.insert(connection, tenant_id, rows)
        await connection.execute("VACUUM ANALYZE span, series, vantage")


def _start(point: int, probe: int) -> int:
    return OPENS + point * 700 + probe * EVERY_US


def _span(point: int, run: Run) -> StoredSpan:
    """Return the span that the projector makes of a run: every probe takes as long."""
    first, last, count = _start(point, run.first), _start(point, run.last), run.last - run.first + 1
    several = count > 1
    span = Span(
        run.letter,
        count,
        first,
        first + DURATION_US,
        ERROR_US,
        last,
        last + DURATION_US,
        ERROR_US,
        first - ERROR_US if several else None,
        last + DURATION_US + ERROR_US if several else None,
        EVERY_US if several else 0,
    )
    return StoredSpan(span, DURATION_US, count * DURATION_US, DURATION_US, None, None, None, 0, 0)


async def _timed(pool: Pool, case: Case) -> tuple[float, Report]:
    """Return the median time of a report, in milliseconds, once everything is warm."""
    report = await report_on(pool, case.where, case.now_us)
    times = []
    for _ in range(TIMES):
        began = perf_counter()
        report = await report_on(pool, case.where, case.now_us)
        times.append(perf_counter() - began)
    return median(times) * 1e3, report


async def _naive(pool: Pool, case: Case, report: Report) -> float:
    """Return the time it takes to read and judge every measurement; check that it is the same."""
    async with connected(pool) as connection:
        await connection.execute(
            "CREATE TABLE single (vantage text, start_us bigint, duration_us bigint,"
            " error_us bigint, outcome text)"
        )
        rows = [
            (f"poste-{point}", _start(point, probe), DURATION_US, ERROR_US, run.letter)
            for point, runs in enumerate(case.seen, start=1)
            for run in runs
            for probe in range(run.first, run.last + 1)
        ]
        await connection.copy_records_to_table("single", records=rows)
        began = perf_counter()
        outcomes = {"U": Outcome.UP, "D": Outcome.DOWN}
        assessment = assess(
            report.assessment.window,
            [
                Measurement(start_us, duration_us, outcomes[letter], vantage, CHECK,
                            clock_error_us=error_us)
                for vantage, start_us, duration_us, error_us, letter in await connection.fetch(
                    "SELECT * FROM single"
                )
            ],
        )  # fmt: skip
        took_ms = (perf_counter() - began) * 1e3
        await connection.execute("DROP TABLE single")
    if assessment.to_json() != report.assessment.to_json():
        raise AssertionError("spans and single measurements disagree")
    return took_ms
