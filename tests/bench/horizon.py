"""What a window costs once its workstations have measured for a month, day and night.

A day's measurements are one span, which reaches over an end of the horizon. One window is of the
last days, whose raw rows are kept; two lie weeks back, one at night and one at noon. Beside it, in
the same run: the same window without the hours in which spans are kept too, so that all
measurements of both days are read from the log; and, of the first, `constat assess`, which reads
everything from a file. The verdicts must be the same.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from collector.assess import report_on
from collector.embedded.server import EmbeddedPostgres
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.sealing import Sealer
from collector.store.migrate import migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.projector import Projector
from probes.model.instant import DAY, HOUR, format_instant, parse_instant
from probes.model.interval import Interval
from tests.bench.assess import CATALOGUE
from tests.bench.figure import Figure
from tests.bench.long_log import SEALED_EVERY_US, fill
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT

POINTS: Final = 12
DAYS: Final = 30
TIMES: Final = 5
OPENED: Final = {
    "a night weeks ago": "2026-11-14T22:00:00+01:00",
    "a noon weeks ago": "2026-11-20T13:00:00+01:00",
    "last week": "2026-12-07T22:00:00+01:00",
}
PLANS: Final = {
    name: Interval(parse_instant(at), parse_instant(at) + 4 * HOUR) for name, at in OPENED.items()
}


def run() -> list[Figure]:
    """Judge each window in every way; return what that costs."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Path(folder)))


async def _run(folder: Path) -> list[Figure]:
    async with EmbeddedPostgres(folder / "postgres") as server, open_pool(server.dsn) as pool:
        windows = await _filled(pool)
        reports = {name: await _timed(pool, windows[name], PLANS[name]) for name in PLANS}
        first = next(iter(PLANS))
        show_s = _shown(server.dsn, windows[first], PLANS[first])
        assess_s, found = _assessed(server.dsn, folder, windows[first])
        if found != json.loads(reports[first][1])["duration"]:
            raise AssertionError("constat assess does not find the same")
        async with connected(pool) as connection:
            await connection.execute("TRUNCATE span_hour")
        figures = []
        for name, (hours_ms, report) in reports.items():
            log_ms, same = await _timed(pool, windows[name], PLANS[name])
            if same != report:
                raise AssertionError(f"{name}: the log does not give the same report")
            print(
                f"{name:18} {hours_ms:7.1f} ms, from the log {log_ms:7.1f} ms;"
                f" load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            figures.append(Figure(f"{name}: from the log / by hours", log_ms / hours_ms, "times"))
        print(f"{first:18} constat window show {show_s:.2f} s, constat assess {assess_s:.2f} s")
        what = f"{first}: constat assess / constat window show"
        figures.append(Figure(what, assess_s / show_s, "times"))
    return figures


async def _filled(pool: Pool) -> dict[str, Where]:
    """Let a month be measured, with an outage in each window; return the windows."""
    async with connected(pool) as connection:
        await migrate(connection)
    night = PLANS["a night weeks ago"]
    down = Interval(night.start + HOUR // 2, night.start + 2 * HOUR)
    log = await fill(pool, POINTS, DAYS * DAY // SEALED_EVERY_US, down)
    await Projector(pool).catch_up()
    now_us = NOON_US + HOUR
    sealer = Sealer(LOG_KEY, lambda: now_us)
    await apply(pool, sealer, read_catalogue(CATALOGUE), "bench")
    windows = {}
    for name, plan in PLANS.items():
        announced = await announce(pool, sealer, Announcement(TENANT, "dpi", plan), "bench")
        windows[name] = Where(TENANT, announced.id, "dpi")
    for name, plan in PLANS.items():
        now_us = plan.end + 12 * HOUR
        await start(pool, sealer, windows[name], plan.start, "bench")
        await finish(pool, sealer, windows[name], plan.end, "bench")
        await close(pool, sealer, windows[name], "bench")
    await Projector(pool).catch_up()
    await Projector(pool).forget_raw(log.until_us)
    async with connected(pool) as connection:
        await connection.execute("VACUUM ANALYZE")
    return windows


async def _timed(pool: Pool, where: Where, plan: Interval) -> tuple[float, str]:
    """Return the median time of a report in milliseconds, and its assessment."""
    times, said = [], ""
    for _ in range(TIMES):
        began = perf_counter()
        report = await report_on(pool, where, plan.end + 2 * DAY)
        times.append(perf_counter() - began)
        said = json.dumps(report.assessment.to_json(), sort_keys=True)
    return median(times) * 1e3, said


def _shown(dsn: str, where: Where, plan: Interval) -> float:
    """Return the median time of `constat window show`, in seconds."""
    as_of = format_instant(plan.end + 2 * DAY)
    command = ("window", "show", where.window_id, "--as-of", as_of, "-o", "json", "--dsn", dsn)
    return median(_command(*command)[0] for _ in range(TIMES))


def _assessed(dsn: str, folder: Path, where: Where) -> tuple[float, object]:
    """Return how long `constat assess` takes on the folder of a window, and what it finds."""
    exported = folder / where.window_id
    _command("window", "export", where.window_id, str(exported), "--dsn", dsn)
    seconds, said = _command("assess", str(exported), "-o", "json")
    return seconds, json.loads(said)["duration"]


def _command(*arguments: str) -> tuple[float, str]:
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "collector", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,  # the exit code says what the verdict is
    )
    if done.returncode not in {0, 3, 4}:
        raise AssertionError(f"constat {arguments[0]} ended with {done.returncode}")
    return perf_counter() - began, done.stdout
