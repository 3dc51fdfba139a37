"""What the log holds, compared with what was promised, and the tables compared with the log."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from collector.store.log import entries
from collector.store.pool import Connection, connected, open_pool
from collector.store.projector import Projector
from collector.store.tenants import TenantId
from probes.model.batch import NO_PREVIOUS, Batch
from probes.model.envelope import BATCH_TYPE
from probes.model.keys import VerifyingKey


@dataclass
class Received:
    """What the log holds of one agent, in the order of the log."""

    batches: list[Batch] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    entry_count: int = 0


@dataclass(frozen=True)
class Audit:
    """The figures of an audit, and every fault that was found."""

    acknowledged: int
    received: int
    batches: int
    spans: int
    faults: tuple[str, ...]


async def audit(dsn: str, journals: dict[str, Path], keys: dict[str, VerifyingKey]) -> Audit:
    """Compare the journals of some vantage points with the only tenant's log and tables."""
    async with open_pool(dsn, size=2) as pool:
        await Projector(pool).catch_up()
        async with connected(pool) as connection:
            tenant_id = TenantId(await connection.fetchval("SELECT tenant_id FROM tenant"))
            received = await _received(connection, tenant_id, keys)
            counted = await _counted(connection, tenant_id)
    faults: list[str] = []
    measured: Counter[tuple[str, str]] = Counter()
    acknowledged = 0
    for vantage, journal in journals.items():
        batches = received[vantage]
        faults += chain_faults(vantage, batches)
        promised = read_journal(journal)
        acknowledged += len(promised)
        faults += promise_faults(vantage, batches.batches, promised)
        for batch in batches.batches:
            measured.update({(vantage, columns.check): len(columns) for columns in batch.checks})
    for table, counts in counted.items():
        if counts != measured:
            faults.append(
                f"the table {table} counts {sum(counts.values())}, not what the log holds"
            )
    return Audit(
        acknowledged=acknowledged,
        received=sum(measured.values()),
        batches=sum(len(each.batches) for each in received.values()),
        spans=sum(counted["span"].values()),
        faults=tuple(faults),
    )


def read_journal(journal: Path) -> dict[int, tuple[str, int]]:
    """Read the journal of an agent: check and start of each sample, by its number."""
    lines = [line.split() for line in journal.read_text().splitlines()]
    promised = {int(number): (check, int(start_us)) for number, check, start_us in lines}
    assert len(promised) == len(lines), f"{journal} promises a number twice"
    return promised


def promise_faults(
    vantage: str, batches: Sequence[Batch], promised: dict[int, tuple[str, int]]
) -> list[str]:
    """Return a fault for each promise the log does not keep, and for each sample it has twice."""
    faults = []
    seen: Counter[tuple[str, str, int, str]] = Counter()
    last = 0
    for batch in batches:
        held = {
            (columns.check, start_us) for columns in batch.checks for start_us in columns.starts_us
        }
        # A stall and the probe after it may begin in one millisecond: their outcomes differ.
        seen.update(
            (batch.boot, columns.check, start_us, outcome)
            for columns in batch.checks
            for start_us, outcome in zip(columns.starts_us, columns.outcomes, strict=True)
        )
        faults += [
            f"{vantage}: sample {number} is not in batch {batch.number}"
            for number in range(batch.first, batch.last + 1)
            if number in promised and promised[number] not in held
        ]
        last = batch.last
    missing = [number for number in promised if number > last]
    if missing:
        faults.append(f"{vantage}: {len(missing)} acknowledged samples from {min(missing)} on")
    twice = sum(count > 1 for count in seen.values())
    if twice or len(seen) != last:
        faults.append(f"{vantage}: {twice} samples are there twice, {len(seen)} of {last} once")
    return faults


def chain_faults(vantage: str, received: Received) -> list[str]:
    """Return a fault for each batch that does not continue the one before."""
    faults = []
    previous, last = NO_PREVIOUS, 0
    for number, (batch, digest) in enumerate(
        zip(received.batches, received.digests, strict=True), start=1
    ):
        if (batch.number, batch.previous, batch.first) != (number, previous, last + 1):
            faults.append(f"{vantage}: batch {batch.number} at place {number} breaks the chain")
        if batch.lost:
            faults.append(f"{vantage}: {batch.lost} samples were lost for want of room")
        previous, last = digest, batch.last
    return faults


async def _received(
    connection: Connection, tenant_id: TenantId, keys: dict[str, VerifyingKey]
) -> dict[str, Received]:
    received = {vantage: Received() for vantage in keys}
    async for entry in entries(connection, tenant_id):
        if entry.envelope.payload_type != BATCH_TYPE:
            continue
        batch = Batch.decode(entry.envelope.payload)
        assert entry.envelope.signed_by(keys[batch.vantage])
        received[batch.vantage].batches.append(batch)
        received[batch.vantage].digests.append(sha256(entry.envelope.payload).hexdigest())
    return received


async def _counted(
    connection: Connection, tenant_id: TenantId
) -> dict[str, Counter[tuple[str, str]]]:
    """Return how many measurements the tables say each check has."""
    counted = {}
    for table, counts in (("span", "sum(measured)"), ("measurement", "count(*)")):
        rows = await connection.fetch(
            f"SELECT v.name, s.check_name, ({counts})::bigint AS measured FROM {table}"
            " JOIN series s USING (tenant_id, series_id)"
            " JOIN vantage v USING (tenant_id, vantage_id)"
            " WHERE tenant_id = $1 GROUP BY v.name, s.check_name",
            tenant_id,
        )
        counted[table] = Counter(
            {(row["name"], row["check_name"]): row["measured"] for row in rows}
        )
    return counted
