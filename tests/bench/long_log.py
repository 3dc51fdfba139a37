"""A log as it is after weeks: workstations that measure every 10 s and seal by the half minute.

Entries are packed, hashed and appended as ingest does it. Only their signatures are drawn: nothing
that is measured here verifies them, and making a million would take longer than all the rest.
"""

import random
from array import array
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice
from typing import Final, NamedTuple

from collector.store.agents import Agent
from collector.store.header_writer import HeaderWriter
from collector.store.log import SealedRow, append_rows, lock_heads
from collector.store.packing import pack_batch
from collector.store.pool import Pool, connected, transaction
from collector.store.tenants import TenantId
from collector.store.wire import (
    WireBatch,
    WireClock,
    WireColumns,
    WireNumbers,
    WireSoftware,
    WireSpool,
    encode_wire,
)
from probes.model.batch import NO_PREVIOUS, QUANTUM_US
from probes.model.envelope import BATCH_TYPE, Envelope, Signature
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.interval import Interval
from probes.model.merkle import leaf_hash
from tests.collector.store.agents import NOON_US, Sender, enrolled

CHECK: Final = "dpi-login"
EACH: Final = 3
EVERY_US: Final = 10 * SECOND
SEALED_EVERY_US: Final = EACH * EVERY_US

_TOGETHER: Final = 500
_BOOT_US: Final = 3_600 * SECOND
_NEVER: Final = Interval(0, 1)


class LongLog(NamedTuple):
    """A log that was filled, and when the last of it was received."""

    tenant_id: TenantId
    until_us: int


async def fill(pool: Pool, points: int, batches: int, down: Interval = _NEVER) -> LongLog:
    """Let so many workstations measure from noon on until each has sent so many batches.

    All of them measure that the service is down during `down`.
    """
    agents = [(await enrolled(pool, Sender(f"poste-{n:02}")))[1] for n in range(points)]
    stations = [_Workstation(agent, place, down) for place, agent in enumerate(agents)]
    headers = HeaderWriter(pool)
    tenant_id = agents[0].tenant_id
    turns = ((station, number) for number in range(1, batches + 1) for station in stations)
    while page := list(islice(turns, _TOGETHER)):
        rows = [await station.row(headers, number) for station, number in page]
        await _append(pool, tenant_id, rows)
    async with connected(pool) as connection:
        await connection.execute("VACUUM ANALYZE log")
    return LongLog(tenant_id, NOON_US + batches * SEALED_EVERY_US + SECOND)


async def _append(pool: Pool, tenant_id: TenantId, rows: Sequence[SealedRow]) -> None:
    async with transaction(pool) as connection:
        heads = await lock_heads(connection, [tenant_id])
        await append_rows(connection, heads, rows, NOON_US)


class _Workstation:
    """Seals one batch after the other; each workstation measures at its own second."""

    def __init__(self, agent: Agent, place: int, down: Interval) -> None:
        self._agent = agent
        self._after_us = place * 700 * 1000
        self._down = down
        self._drawn = random.Random(place)
        self._previous = NO_PREVIOUS

    async def row(self, headers: HeaderWriter, number: int) -> SealedRow:
        """Return the row of the batch of this number, counted from 1; all come in their order."""
        batch, numbers = self._batch(number)
        payload, signature = encode_wire(batch), self._drawn.randbytes(64)
        signed = (Signature(self._agent.key.key_id, signature),)
        header = await headers.header_for(self._agent, batch)
        self._previous = sha256(payload).hexdigest()
        return SealedRow(
            self._agent.tenant_id,
            leaf_hash(Envelope(BATCH_TYPE, payload, signed).encode()),
            pack_batch(batch, numbers, signature, header, payload),
            kind=None,
            agent_id=self._agent.agent_id,
            number=number,
            at_us=batch.clock.wall_us,
        )

    def _batch(self, number: int) -> tuple[WireBatch, WireNumbers]:
        drawn = self._drawn
        since_us = (number - 1) * SEALED_EVERY_US + self._after_us
        due_us = [since_us + place * EVERY_US for place in range(EACH)]
        starts = [(_BOOT_US + due) // QUANTUM_US + drawn.choice((0, 0, 1, 2)) for due in due_us]
        distances = [starts[1] - starts[0], starts[2] - starts[1]]
        durations = [int(drawn.lognormvariate(4.4, 0.4)) for _ in range(EACH)]
        down = [self._down.start <= NOON_US + due < self._down.end for due in due_us]
        outcomes = "".join("UD"[failing] for failing in down)
        failed = outcomes.find("D")
        sealed_us = _BOOT_US + since_us + SEALED_EVERY_US
        columns = WireColumns(
            check=CHECK,
            durations=durations,
            failures=[(failed, Failure.CONNECTION_REFUSED, Operation.CONNECT)]
            if failed >= 0
            else [],
            interval_us=EVERY_US,
            outcomes=outcomes,
            starts=[starts[0], *distances],
        )
        batch = WireBatch(
            agent=self._agent.key.key_id,
            batch=number,
            boot="0b2c5e0a-5c1e-4b51-9f53-c25b4d4d4a0f",
            checks=[columns],
            clock=WireClock(
                boottime_us=sealed_us,
                error_us=drawn.randrange(2_000, 9_000),
                estimated=True,
                monotonic_us=sealed_us - 7,
                offset_us=0,
                wall_us=NOON_US - _BOOT_US + sealed_us,
            ),
            config="cd" * 32,
            epoch="ab" * 16,
            first=(number - 1) * EACH + 1,
            last=number * EACH,
            previous=self._previous,
            quantum_us=QUANTUM_US,
            schema="constat.batch/1",
            software=WireSoftware("0.1.0", "3.45.1"),
            spool=WireSpool(0, 0),
            tenant=self._agent.tenant,
            vantage=self._agent.vantage,
        )
        ages = array("I", [sealed_us // QUANTUM_US - starts[0]])
        return batch, WireNumbers(ages, array("H", distances), array("H", durations))
