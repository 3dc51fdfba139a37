"""Having the log stamped: what is due, what is asked of an authority, and what it answered.

The checkpoint that is stamped is kept before the authority is asked, so that a token always has the
note it is of. One that was given just before the collector died is asked for again: two stamps on
one log say nothing more than the earlier, and nothing less.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from collector.record.stamped import (
    CHECKPOINT_STAMPED,
    EVERY_US,
    LATE_AFTER_US,
    Stamped,
    first_over,
    is_late,
)
from collector.register.sealing import Sealer, open_desk
from collector.store.checkpoints import keep_checkpoint
from collector.store.pool import Pool, connected, transaction
from collector.store.stamps import (
    StampRow,
    Waiting,
    WantedRow,
    answers_in_vain,
    forget_attempts,
    list_stamps,
    list_wanted,
    logs_waiting,
    postpone,
)
from probes.model.instant import HOUR, MINUTE

# There is no giving up: a late stamp says less than one in time, and more than none.
_DELAYS_US: Final = (1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, 1 * HOUR)


class Asked(NamedTuple):
    """A checkpoint that is to be stamped: the exact bytes of its note."""

    waiting: Waiting
    size: int
    note: bytes


class Line(NamedTuple):
    """An entry that wants a stamp with the one it got, or a stamp of the daily round.

    `answer` is what came of the last attempt in vain, for an entry that waits.
    """

    hospital: str
    entry: int
    window_id: str
    occasion: str
    sealed_at_us: int
    stamp: Stamped | None
    answer: str = ""

    def is_late(self, now_us: int) -> bool:
        """Return whether the stamp came, or is, more than an hour late."""
        if self.stamp is None:
            return now_us - self.sealed_at_us > LATE_AFTER_US
        return is_late(self.sealed_at_us, self.stamp)


DAILY: Final = "daily"


def due_us(log: Waiting) -> int:
    """Return since when, or from when on, a log is to be stamped: for a step, or for the day."""
    daily_us = log.began_us if log.last_us is None else log.last_us + EVERY_US
    return daily_us if log.oldest_us is None else min(daily_us, log.oldest_us)


async def stamps_due(pool: Pool, now_us: int) -> list[Waiting]:
    """Return the logs that are to be stamped now."""
    async with connected(pool) as connection:
        logs = await logs_waiting(connection)
    return [log for log in logs if max(due_us(log), log.next_us or 0) <= now_us]


async def ask(pool: Pool, sealer: Sealer, waiting: Waiting) -> Asked:
    """Keep the checkpoint of a log as it stands, and return its note."""
    async with transaction(pool) as connection:
        kept = await keep_checkpoint(
            connection, waiting.tenant_id, waiting.tenant, sealer.key, sealer.now_us()
        )
    checkpoint = kept.note.checkpoint
    signed = kept.note.of_log_alone(checkpoint.origin, sealer.key.verifying_key)
    return Asked(waiting, checkpoint.size, signed.text().encode())


async def keep_stamp(pool: Pool, sealer: Sealer, asked: Asked, stamp: Stamped, author: str) -> None:
    """Seal the stamp of a checkpoint."""
    waiting = asked.waiting
    async with transaction(pool) as connection:
        desk = await open_desk(connection, waiting.tenant_id, waiting.tenant, sealer, author)
        await desk.seal(CHECKPOINT_STAMPED, stamp.body())
        await forget_attempts(connection, waiting.tenant_id)


async def try_later(pool: Pool, sealer: Sealer, waiting: Waiting, answer: str) -> None:
    """Note an attempt in vain; the next one is made the later the more there were."""
    now_us = sealer.now_us()
    delay_us = _DELAYS_US[min(waiting.attempts, len(_DELAYS_US) - 1)]
    async with transaction(pool) as connection:
        await postpone(connection, waiting, answer, now_us=now_us, next_us=now_us + delay_us)


async def stamp_lines(pool: Pool, hospital: str | None = None) -> list[Line]:
    """Return every entry that wants a stamp, and the daily ones, by hospital and entry."""
    async with connected(pool) as connection:
        wanted = await list_wanted(connection, hospital)
        stamps = await list_stamps(connection, hospital)
        answers = await answers_in_vain(connection)
    lines = _lines(wanted, stamps, answers)
    return sorted(lines, key=lambda line: (line.hospital, line.entry))


def _lines(
    wanted: Sequence[WantedRow], stamps: Sequence[StampRow], answers: Mapping[str, str]
) -> Iterator[Line]:
    for tenant in {row.tenant for row in wanted} | {row.tenant for row in stamps}:
        steps = [row for row in wanted if row.tenant == tenant]
        own = [row for row in stamps if row.tenant == tenant]
        over = first_over((row.entry for row in steps), (row.stamp for row in own))
        for _, entry, window_id, kind, at_us in steps:
            stamp = over.get(entry)
            answer = answers.get(tenant, "") if stamp is None else ""
            yield Line(tenant, entry, window_id, kind, at_us, stamp, answer)
        used = set(over.values())
        for row in own:
            if row.stamp not in used:
                yield Line(tenant, row.entry, "", DAILY, row.sealed_at_us, row.stamp)
