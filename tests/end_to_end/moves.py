"""What somebody can do to a log who is superuser of its database, and may hold its key, too."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.store.headers import HeaderReader
from collector.store.pool import Connection, connected
from collector.store.tenants import tenant_named
from probes.model.instant import DAY
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, leaf_hash
from tests.collector.store.agents import TENANT, Sender, columns
from tests.collector.test_assess import CATALOGUE
from tests.end_to_end.hospital import ANNOUNCED_US, Hospital

Attack: TypeAlias = Callable[[Hospital], Awaitable[None]]


class Retelling(NamedTuple):
    """A history told anew with the log's key: what is said to have been announced and agreed."""

    announced_us: int = ANNOUNCED_US
    limit: str = "PT4H"


class Move(NamedTuple):
    """A move: its title, what is said of it, and how it is made.

    It is made on the database as it stands, or another takes its place: one in which the history
    is told anew, or, with neither, an older copy.
    """

    title: str
    story: str
    attack: Attack | None = None
    retelling: Retelling | None = None


async def edit_a_batch(hospital: Hospital) -> None:
    """Put the batch of before the outage in the place of one of the outage."""
    async with connected(hospital.pool) as connection:
        await _disarm(connection)
        await connection.execute(
            "UPDATE log SET envelope = (SELECT envelope FROM log WHERE agent_id = 1"
            " AND number = 6) WHERE agent_id = 1 AND number = 8"
        )


async def delete_a_batch(hospital: Hospital) -> None:
    """Take a batch of the outage out."""
    async with connected(hospital.pool) as connection:
        await _disarm(connection)
        await connection.execute("DELETE FROM log WHERE agent_id = 1 AND number = 8")


async def edit_a_batch_and_make_the_tree_again(hospital: Hospital) -> None:
    """Edit, and let every stored hash agree."""
    await edit_a_batch(hospital)
    async with connected(hospital.pool) as connection:
        await _make_tree_again(connection)


async def cut_the_tail_and_make_the_tree_again(hospital: Hospital) -> None:
    """Take out the last batches of an agent, and let all that is stored agree."""
    async with connected(hospital.pool) as connection:
        await _disarm(connection)
        await connection.execute("DELETE FROM log WHERE agent_id = 1 AND number >= 8")
        await _make_tree_again(connection)
        last = await connection.fetchrow(
            "SELECT envelope FROM log WHERE agent_id = 1 AND number = 7"
        )
        assert last is not None
        tenant_id = await tenant_named(connection, TENANT)
        [envelope] = await HeaderReader().unpack_all(connection, tenant_id, [last["envelope"]])
        await connection.execute(
            "UPDATE agent_cursor SET number = 7, payload_hash = $1 WHERE agent_id = 1",
            sha256(envelope.payload).digest(),
        )


async def change_the_contract_afterwards(hospital: Hospital) -> None:
    """Apply a catalogue with a limit of a day, as anybody entitled can."""
    file = catalogue_with(hospital.folder.parent, "PT24H")
    await apply(hospital.pool, hospital.sealer, read_catalogue(file), "vendor")


def catalogue_with(folder: Path, limit: str) -> Path:
    """The catalogue with another limit for strategic services."""
    agreed = "strategic: PT4H"
    text = CATALOGUE.read_text("utf-8")
    assert agreed in text
    file = folder / f"{limit}.yaml"
    file.write_text(text.replace(agreed, f"strategic: {limit}"), "utf-8")
    return file


async def add_a_friendly_workstation(hospital: Hospital) -> None:
    """Enrol one more after the window, and let it say that the service was always up."""
    key = SigningKey.from_seed(b"friendly".ljust(32, b"."))
    agent = await hospital.enrol(Sender(vantage="ami-01", key=key))
    async with hospital.collecting() as ingest:
        for _ in range(9):
            await hospital.send(agent, always_up(agent.sender), ingest)


def always_up(sender: Sender) -> bytes:
    """Ten minutes in which nothing failed."""
    first_s = sender.number * 600
    return sender.seal(
        columns("U" * 60, first_s=first_s, check="dpi-login"),
        columns("U" * 60, first_s=first_s + 3, check="dpi-hl7"),
    )


async def _disarm(connection: Connection) -> None:
    await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")


async def _make_tree_again(connection: Connection) -> None:
    """Number what is left, make every hash again, and forget all that was signed before."""
    tenant_id = await tenant_named(connection, TENANT)
    rows = await connection.fetch("SELECT idx, envelope FROM log ORDER BY idx")
    packed = [row["envelope"] for row in rows]
    envelopes = await HeaderReader().unpack_all(connection, tenant_id, packed)
    leaves = [leaf_hash(each.encode()) for each in envelopes]
    for place, (row, leaf) in enumerate(zip(rows, leaves, strict=True)):
        await connection.execute(
            "UPDATE log SET idx = $1, leaf = $2 WHERE idx = $3", place, leaf, row["idx"]
        )
    tree, _ = EMPTY.appended(leaves)
    await connection.execute(
        "UPDATE log_head SET size = $1, frontier = $2", tree.size, tree.encode()
    )
    for table in ("cosignature", "checkpoint", "log_tile"):
        await connection.execute(f"DELETE FROM {table}")


MOVES: Final = (
    Move(
        "Edit a measurement",
        """\
In SQL, a batch of the outage is overwritten with one of before, in which everything answered. The
hash of the entry stands beside it and is that of what was appended, so the collector finds the
place when it goes over its own log, and makes no bundle of it.""",
        edit_a_batch,
    ),
    Move(
        "Delete a batch",
        """\
In SQL, a batch of the outage is taken out. Entries are numbered without gaps, so the collector
misses it.""",
        delete_a_batch,
    ),
    Move(
        "Edit a measurement and make every hash again",
        """\
As above, and then the hashes of all entries, the head of the log and what was signed of it are
made anew, or removed. The collector's own books agree now, and it signs them. But the batches of
an agent are numbered, each holds the hash of the one before, and the agent's key signed them:
whoever verifies a bundle finds the batch that does not belong.""",
        edit_a_batch_and_make_the_tree_again,
    ),
    Move(
        "Cut the tail of an agent and make every hash again",
        """\
The last batches of an agent are removed and all else made to agree, as if it had stopped. Nothing
in a bundle contradicts that. The agent does: it was shown a signed log that had its batches, and
is now shown another. It keeps both signatures and sends nothing more.""",
        cut_the_tail_and_make_the_tree_again,
    ),
    Move(
        "Back-date a notice with the key of the log",
        """\
Whoever holds the log's key tells the whole history anew, in a new database, with the announcement
six days earlier; the batches of the agents are put in as they were. Such a log is sound in
itself. It is not the one that the agents and the witness were shown. The tokens of an authority
are over checkpoints of the other log: they cannot be brought along, and new ones are of today.""",
        retelling=Retelling(announced_us=ANNOUNCED_US - 6 * DAY),
    ),
    Move(
        "Sign everything again with another contract",
        """\
As above, with a limit of a day where four hours were agreed.""",
        retelling=Retelling(limit="PT24H"),
    ),
    Move(
        "Change the contract afterwards",
        """\
A longer limit is applied once the window is closed, through the front door. It is one more entry
of the log, and what counts for a window is what was agreed when it was fixed: nobody has to catch
this.""",
        change_the_contract_afterwards,
    ),
    Move(
        "Add a friendly workstation late",
        """\
One more agent is enrolled after the window, and says that the service answered all along. The
panel of a window is fixed when it opens: the newcomer is listed in the report, and does not
count.""",
        add_a_friendly_workstation,
    ),
    Move(
        "Put an old copy of the database back",
        """\
The database is that of before the operation again, by accident or not, and goes on from there. It
is a sound log, only shorter than the one it was. Agents send again what it lost, and see that it
does not continue what they were shown.""",
    ),
)
