"""CPU of one fresh probe, ours beside Debian's prometheus-blackbox-exporter, in one run.

Both ask the same local nginx for the same page, eight at a time, and look for the same marker; the
rounds alternate, and the median of each side counts. On our side the whole process is counted, the
loop and its threads included; on the other, the exporter's process, which also serves the request
that makes it probe.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from probes.model.http_target import HttpSpec
from probes.model.measurement import Outcome
from probes.model.target import Tls
from probes.registry import kinds
from tests.bench.figure import Figure
from tests.bench.peers import MARKER, Exporter, Page, blackbox, cpu_us, install_peers, nginx

AT_ONCE: Final = 8
PROBES: Final = 4_000
ROUNDS: Final = 5


class Cost(NamedTuple):
    """CPU microseconds of one probe, ours and the exporter's."""

    ours_us: float
    theirs_us: float

    @property
    def ratio(self) -> float:
        """Ours as a share of theirs."""
        return self.ours_us / self.theirs_us


def run() -> list[Figure]:
    """Print the cost of both sides; return their ratio over http and over https."""
    install_peers()
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with nginx(folder) as pages, blackbox(folder, pages[0].ca_file) as exporter:
            for page in pages:
                scheme = page.url.partition(":")[0]
                cost = asyncio.run(compare(page, exporter))
                print(
                    f"{scheme:5}  ours {cost.ours_us:5.0f} us"
                    f"  blackbox_exporter {cost.theirs_us:5.0f} us  ratio {cost.ratio:.2f}"
                )
                aim = 0.8 if scheme == "http" else None
                figures.append(Figure(f"CPU of one {scheme} probe", cost.ratio, "x", aim))
    return figures


async def our_cost_us(page: Page) -> float:
    """Return the CPU microseconds of one of our probes."""
    kind = kinds()["http"]
    spec = HttpSpec(page.url, tls=Tls(ca_file=page.ca_file), expect_markers=(MARKER,))

    async def ask() -> None:
        deadline = _monotonic_us() + 5_000_000
        seen = await kind.probe(spec, deadline, _monotonic_us)
        if seen.outcome is not Outcome.UP:
            raise RuntimeError(f"our probe failed: {seen}")

    before = time.process_time_ns()
    await _all(ask)
    return (time.process_time_ns() - before) / 1_000 / PROBES


async def their_cost_us(page: Page, exporter: Exporter) -> float:
    """Return the CPU microseconds of one of the exporter's probes."""
    before = cpu_us(exporter.pid)
    await _all(lambda: exporter.probe(page))
    return (cpu_us(exporter.pid) - before) / PROBES


async def compare(page: Page, exporter: Exporter) -> Cost:
    """Return what both cost, in alternate rounds after one to warm up."""
    ours, theirs = [], []
    for _ in range(ROUNDS + 1):
        ours.append(await our_cost_us(page))
        theirs.append(await their_cost_us(page, exporter))
    await exporter.close()
    return Cost(statistics.median(ours[1:]), statistics.median(theirs[1:]))


async def _all(ask: Callable[[], Awaitable[None]]) -> None:
    await asyncio.gather(*(_repeat(ask) for _ in range(AT_ONCE)))


async def _repeat(ask: Callable[[], Awaitable[None]]) -> None:
    for _ in range(PROBES // AT_ONCE):
        await ask()


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000
