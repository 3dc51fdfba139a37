"""Watches strategic services, and seals each outage that nobody announced: once, and its end.

What is looked at is what availability is computed from, so an alarm and a monthly rate cannot
disagree. Measurements reach a collector some seconds late; an alarm is never early.
"""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from collector.history import availability_of
from collector.judge.alarm import Alarm, alarm_name, alarms
from collector.judge.periods import Period, rolling_period
from collector.judge.terms import ServiceClass
from collector.register.agreements import agreed_for
from collector.register.sealing import Desk, Sealer, open_desk
from collector.report.availability import AvailabilityReport
from collector.store.alarms import OUTAGE_DETECTED, OUTAGE_ENDED, AlarmRow, alarms_of
from collector.store.pool import Pool, transaction
from collector.store.tenants import tenant_named
from probes.model.instant import HOUR

# An outage that lasts longer is told by then, and its end is seen wherever it began.
LOOKS_BACK_US: Final = 6 * HOUR


async def watch(pool: Pool, sealer: Sealer, author: str) -> int:
    """Look at every strategic service once; return how many entries were sealed."""
    now_us = sealer.now_us()

    def recently(zone: ZoneInfo) -> Sequence[Period]:
        return [rolling_period(LOOKS_BACK_US, now_us, zone)]

    sealed = 0
    for report in await availability_of(pool, None, None, recently, now_us):
        if report.service_class is ServiceClass.STRATEGIC:
            sealed += await _note(pool, sealer, report, now_us, author)
    return sealed


async def _note(
    pool: Pool, sealer: Sealer, report: AvailabilityReport, now_us: int, author: str
) -> int:
    found = report.measured[-1].found
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, report.hospital)
        agreed = await agreed_for(connection, tenant_id, report.hospital, report.service)
        hold_us = int(agreed.contract.return_hold)
        seen = alarms(found.unannounced if found else (), hold_us, now_us)
        known = await alarms_of(connection, tenant_id, report.service, now_us - LOOKS_BACK_US)
        if not seen and not known:
            return 0
        desk = await open_desk(connection, tenant_id, report.hospital, sealer, author)
        return await _seal(desk, report, seen, known)


async def _seal(
    desk: Desk, report: AvailabilityReport, seen: Sequence[Alarm], known: Sequence[AlarmRow]
) -> int:
    sealed = 0
    for alarm in seen:
        row = next((row for row in known if _same(alarm, row)), None)
        name = row.alarm if row else alarm_name(report.service, alarm.proven_start_us)
        if row is None:
            await desk.seal(
                OUTAGE_DETECTED,
                {
                    "alarm": name,
                    "service": report.service,
                    "start_us": alarm.proven_start_us,
                    "proven_us": alarm.proven_us,
                    "panel": len(report.panel),
                },
            )
            sealed += 1
        if alarm.is_over and (row is None or row.end_us is None):
            await desk.seal(
                OUTAGE_ENDED,
                {
                    "alarm": name,
                    "service": report.service,
                    "end_us": alarm.span.end,
                    "proven_us": alarm.proven_us,
                },
            )
            sealed += 1
    return sealed


def _same(alarm: Alarm, row: AlarmRow) -> bool:
    """Return whether an outage is the one of an alarm: an open one is only ever joined by more."""
    if row.end_us is None:
        return row.start_us <= alarm.span.end
    return alarm.span.start <= row.start_us < alarm.span.end
