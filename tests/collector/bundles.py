"""Evidence bundles of a small world: two workstations, an upgrade that takes twenty minutes."""

import io
from collections.abc import Sequence

from collector.exporting import Export, export
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.sealing import Sealer
from collector.store.pool import Pool
from probes.model.batch import CheckColumns
from probes.model.instant import HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from tests.collector.conftest import Clock
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns, enrolled
from tests.collector.store.test_ingest import running
from tests.collector.test_assess import CATALOGUE

PLAN = Interval(NOON_US + HOUR, NOON_US + 2 * HOUR)
SENDERS = ("accueil-03", "labo-02")


def sealer_at(clock: Clock) -> Sealer:
    """Who seals in the name of the collector that enrols, too."""
    return Sealer(LOG_KEY, clock)


async def upgraded(
    pool: Pool, clock: Clock, *, down_minutes: int = 20, batches: int = 24
) -> tuple[Where, list[Sender]]:
    """Let a hospital be measured through an upgrade that was announced a week before."""
    clock.now_us = NOON_US - 7 * 24 * HOUR
    sealer = sealer_at(clock)
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    window = await announce(pool, sealer, Announcement(TENANT, "dpi", PLAN), "vendor")
    where = Where(TENANT, window.id, "dpi")
    senders = [
        Sender(vantage=name, key=SigningKey.from_seed(name.encode().ljust(32, b".")))
        for name in SENDERS
    ]
    clock.now_us = NOON_US
    for sender in senders:
        await enrolled(pool, sender)
    for sender in senders:
        await _measure(pool, sender, down_minutes, batches)
    clock.now_us = PLAN.end + 30 * MINUTE
    await start(pool, sealer, where, PLAN.start, "vendor")
    await finish(pool, sealer, where, PLAN.end, "vendor")
    clock.now_us = PLAN.end + 30 * HOUR
    await close(pool, sealer, where, "vendor")
    return where, senders


async def _measure(pool: Pool, sender: Sender, down_minutes: int, batches: int) -> None:
    """Send ten minutes a batch, a measurement every ten seconds, from noon on."""
    async with running(pool) as ingest:
        for number in range(batches):
            first_s = number * 600
            row = "".join(
                "D" if 4200 <= first_s + 10 * place < 4200 + 60 * down_minutes else "U"
                for place in range(60)
            )
            await ingest.submit(sender.seal(*_checks(row, first_s)))


def _checks(row: str, first_s: int) -> Sequence[CheckColumns]:
    return [
        columns(row, first_s=first_s, check="dpi-login"),
        columns("U" * len(row), first_s=first_s + 3, check="dpi-hl7"),
    ]


async def exported(pool: Pool, clock: Clock, where: Where, asked: Export | None = None) -> bytes:
    """The bundle of a window, as bytes."""
    file = io.BytesIO()
    await export(pool, sealer_at(clock), where, "auditor", file, asked or Export())
    return file.getvalue()
