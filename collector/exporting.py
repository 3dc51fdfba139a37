"""From the log to an evidence bundle: the entries that count, with the proofs that they do.

That a bundle is made is itself an entry, the last one it holds; the bundle says what was known
then. Of each agent it has the chain of batches from the last before the horizon of the window to
the first after it, so that nothing can be missing between.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

from collector.evidence.account import (
    Account,
    Measured,
    Stated,
    account_of,
    reach,
    report_of,
)
from collector.evidence.bundle import EXPORTED, Keys, Tree
from collector.evidence.dating import tokens_for
from collector.evidence.partial import missing_nodes
from collector.evidence.writing import (
    Ending,
    Proofs,
    names_bytes,
    window_bytes,
    write_bundle,
)
from collector.record.entry import RegisterEntry
from collector.register.planning import Where
from collector.register.sealing import Sealer, open_desk
from collector.report.interventions import Identity
from collector.report.value import Report
from collector.store.audit import verify_tree
from collector.store.checkpoints import checkpoints_of, consistency, keep_checkpoint
from collector.store.exports import (
    AgentEnd,
    agent_ends,
    batches_before,
    batches_from,
    envelopes_at,
    places_of,
    statements,
)
from collector.store.keys import read_keys
from collector.store.log import Entry, append, entries, read_head
from collector.store.persons import KeptPerson, read_persons
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import TenantId, tenant_named
from collector.store.tree import read_nodes
from probes.model.batch import Batch
from probes.model.checkpoint import origin_of, verifier_key
from probes.model.envelope import BATCH_TYPE

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Export:
    """What goes into a bundle beside the log: keys to claim, names if they are to be told."""

    witnesses: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    with_names: bool = False
    draw: Callable[[Report], bytes] = lambda _: b""


class _Gathered(NamedTuple):
    """The account of a window, all that was stated, and the places of the batches that count."""

    account: Account
    stated: Sequence[Stated]
    places: Sequence[int]
    size: int

    @property
    def all_places(self) -> list[int]:
        """The places of all entries that count, in order."""
        return sorted([*self.places, *(place for place, _ in self.stated)])


async def export(  # noqa: PLR0913, PLR0917 - what is exported, whereto, in whose name
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    file: BinaryIO,
    asked: Export,
    told: Told = lambda _done, _all: None,
) -> Report:
    """Write the bundle of a window into an empty file; return the report it holds.

    `told` hears how many of how many entries are read. Raises `UnsoundLogError` when the log is
    not what was signed.
    """
    tenant_id, size = await _announce(pool, sealer, where, author)
    async with (
        connected(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        gathered = await _gather(connection, tenant_id, where, size)
        proofs = await _prove(connection, tenant_id, where, gathered, sealer, asked)
        persons = await read_persons(connection, tenant_id) if asked.with_names else []
        with TemporaryFile() as lines:
            measured = await _read(connection, tenant_id, gathered, lines, told)
            root = proofs.checkpoints[size].checkpoint.root
            names = {kept.commitment: kept.person.name for kept in persons}
            report = report_of(gathered.account, measured, size, root, names)
            named = _identified(report, persons) if asked.with_names else report
            drawn = named.with_keys(await read_keys(connection, tenant_id))
            ending = Ending(
                window_bytes(gathered.account),
                asked.draw(drawn),
                names_bytes(kept.opening for kept in persons),
            )
            write_bundle(file, proofs, lines, measured, report, ending, sealer.key)
    return report


def _identified(report: Report, persons: Iterable[KeptPerson]) -> Report:
    """Return a report that says who intervened, for whoever draws it."""
    known = {kept.commitment: Identity(kept.person.name, kept.person.company) for kept in persons}
    return replace(report, surroundings=replace(report.surroundings, identities=known))


async def _read(
    connection: Connection,
    tenant_id: TenantId,
    gathered: _Gathered,
    lines: BinaryIO,
    told: Told,
) -> Measured:
    """Write the envelopes that count, one a line; return what they measured."""
    measured = Measured(gathered.account)
    for stated in gathered.stated:
        measured.add_import(stated)
    places = gathered.all_places
    done = 0
    async for place, envelope in envelopes_at(connection, tenant_id, places):
        lines.write(envelope.encode() + b"\n")
        if envelope.payload_type == BATCH_TYPE:
            measured.add_batch(Batch.decode(envelope.payload), place)
        done += 1
        told(done, len(places))
    return measured


async def _prove(  # noqa: PLR0913, PLR0917 - what is proven, of which log
    connection: Connection,
    tenant_id: TenantId,
    where: Where,
    gathered: _Gathered,
    sealer: Sealer,
    asked: Export,
) -> Proofs:
    size = gathered.size
    spans = tuple(ranges_of(gathered.all_places))
    nodes = await read_nodes(connection, tenant_id, missing_nodes(size, spans))
    stamps = tokens_for(where.window_id, gathered.stated)
    notes = {
        kept.note.checkpoint.size: kept.note
        for kept in await checkpoints_of(connection, tenant_id)
        if kept.note.checkpoint.size == size
        or kept.note.checkpoint.size in stamps
        or (len(kept.note.signatures) > 1 and kept.note.checkpoint.size < size)
    }
    key = sealer.key.verifying_key
    return Proofs(
        tree=Tree(size, spans, nodes),
        checkpoints=notes,
        consistency={
            old: await consistency(connection, tenant_id, old, size) for old in notes if old < size
        },
        stamps=stamps,
        keys=Keys(
            verifier_key(origin_of(where.hospital, key.key_id), key),
            asked.witnesses,
            asked.authorities,
        ),
    )


def ranges_of(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the half-open ranges that some places in order make."""
    start = end = -1
    for place in places:
        if place != end:
            if end > start:
                yield start, end
            start = place
        end = place + 1
    if end > start:
        yield start, end


async def _announce(pool: Pool, sealer: Sealer, where: Where, author: str) -> tuple[TenantId, int]:
    """Seal that a bundle is made and sign the log as it then stands; return its size.

    When nothing happened since the last bundle of this window, that one is made again. Most of the
    log is read before its head is held: nobody can append meanwhile.
    """
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
        before = await read_head(connection, tenant_id)
        await verify_tree(connection, tenant_id, before)
    async with transaction(pool) as connection:
        desk = await open_desk(connection, tenant_id, where.hospital, sealer, author)
        head = await read_head(connection, tenant_id)
        await verify_tree(connection, tenant_id, head, above=before.tree)
        last = [each async for each in entries(connection, tenant_id, start=head.size - 1)]
        if not last or _exported(last[0]) != where.window_id:
            body = {
                "window": where.window_id,
                "agents": [
                    {"agent": end.agent, "last": end.last, "digest": end.digest}
                    for end in await agent_ends(connection, tenant_id)
                ],
            }
            entry = RegisterEntry(where.hospital, EXPORTED, desk.at_us, author, body)
            await append(connection, tenant_id, entry, sealer.key)
        kept = await keep_checkpoint(connection, tenant_id, where.hospital, sealer.key, desk.at_us)
        return tenant_id, kept.note.checkpoint.size


def _exported(entry: Entry) -> str | None:
    """Return of which window an entry says that a bundle was made; None for any other entry."""
    if entry.kind != EXPORTED:
        return None
    return str(RegisterEntry.decode(entry.envelope.payload).body["window"])


async def _gather(
    connection: Connection, tenant_id: TenantId, where: Where, size: int
) -> _Gathered:
    stated = [
        Stated(place, RegisterEntry.decode(envelope.payload))
        async for place, envelope in statements(connection, tenant_id, size)
    ]
    as_of_us = stated[-1].entry.at_us
    account = account_of(stated, where.hospital, where.window_id, as_of_us)
    places: list[int] = []
    for end in await agent_ends(connection, tenant_id):
        first, last = await _stretch(connection, tenant_id, end, account, size)
        places += await places_of(connection, tenant_id, end.agent_id, first, last)
    return _Gathered(account, stated, places, size)


async def _stretch(
    connection: Connection, tenant_id: TenantId, end: AgentEnd, account: Account, size: int
) -> tuple[int, int]:
    """Return between which places, both included, the horizon asks for an agent's batches."""
    horizon = account.window.horizon
    first: int | None = None
    async for place, envelope in batches_before(connection, tenant_id, end.agent_id, horizon.start):
        first = place
        if reach(Batch.decode(envelope.payload))[1] < horizon.start:
            break
    last: int | None = None
    async for place, envelope in batches_from(
        connection, tenant_id, end.agent_id, first or 0, horizon.end
    ):
        if reach(Batch.decode(envelope.payload))[0] > horizon.end:
            last = place
            break
    return first or 0, size - 1 if last is None else last
