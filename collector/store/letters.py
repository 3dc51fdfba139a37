"""Letters: to whom a step or an alarm is told, every attempt to deliver it, and its receipt."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId

LETTERS_ORDERED: Final = "notice.ordered"
LETTER_ATTEMPTED: Final = "notice.attempted"
LETTER_ACKNOWLEDGED: Final = "notice.acknowledged"


class LetterState(StrEnum):
    """How far a letter has come."""

    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"


class Letter(NamedTuple):
    """One letter to one recipient; `person` is a commitment, empty for a program.

    `about` names a window or an alarm, `step` is the entry of the log that it tells of.
    """

    tenant_id: TenantId
    tenant: str
    letter: str
    about: str
    step: int
    occasion: str
    sequence: int
    channel: str
    contact: str
    role: str
    person: str
    language: str
    state: str
    attempts: int
    answer: str
    ordered_at: int
    last_at: int | None
    next_at: int | None
    acknowledged_at: int | None
    acknowledged_by: str


class UntoldStep(NamedTuple):
    """A step of a window of which it is not settled yet who is told."""

    tenant_id: TenantId
    tenant: str
    window_id: str
    entry: int


_LETTERS: Final = (
    "SELECT l.tenant_id, t.name, l.letter, l.about, l.step, l.occasion, l.sequence, l.channel,"
    " l.contact, l.role, l.person, l.language, l.state, l.attempts, l.answer, l.ordered_at,"
    " l.last_at, l.next_at, l.acknowledged_at, l.acknowledged_by"
    " FROM letter l JOIN tenant t USING (tenant_id)"
)


async def add_letters(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the letters an entry orders into their table, due at once."""
    body = entry.body
    await connection.execute(
        "INSERT INTO letter_order (tenant_id, step, entry) VALUES ($1, $2, $3)",
        tenant_id,
        body["entry"],
        index,
    )
    await connection.executemany(
        "INSERT INTO letter (tenant_id, letter, about, step, occasion, sequence, channel,"
        " contact, role, person, language, state, attempts, answer, ordered_at, next_at,"
        " acknowledged_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', 0, '', $12, $12, '')",
        [
            (
                tenant_id, each["letter"], body["about"], body["entry"], body["occasion"],
                body["sequence"], each["channel"], each["contact"], each["role"], each["person"],
                each["language"], entry.at_us,
            )
            for each in body["letters"]
        ],
    )  # fmt: skip


async def note_attempt(
    connection: Connection,
    tenant_id: TenantId,
    index: int,  # noqa: ARG001 - a projection
    entry: RegisterEntry,
) -> None:
    """Put what came of an attempt into the row of its letter."""
    body = entry.body
    await connection.execute(
        "UPDATE letter SET state = $3, attempts = attempts + 1, answer = $4, last_at = $5,"
        " next_at = $6 WHERE tenant_id = $1 AND letter = $2",
        tenant_id,
        body["letter"],
        body["state"],
        body["answer"],
        entry.at_us,
        body.get("next_us"),
    )


async def note_acknowledgement(
    connection: Connection,
    tenant_id: TenantId,
    index: int,  # noqa: ARG001 - a projection
    entry: RegisterEntry,
) -> None:
    """Put the first acknowledgement of a letter into its row."""
    await connection.execute(
        "UPDATE letter SET acknowledged_at = $3, acknowledged_by = $4"
        " WHERE tenant_id = $1 AND letter = $2 AND acknowledged_at IS NULL",
        tenant_id,
        entry.body["letter"],
        entry.at_us,
        entry.author,
    )


async def steps_untold(connection: Connection, kinds: Sequence[str]) -> list[UntoldStep]:
    """Return the steps of these kinds of which nobody was told yet, the oldest first."""
    rows = await connection.fetch(
        "SELECT s.tenant_id, t.name, s.window_id, s.entry FROM window_step s"
        " JOIN tenant t USING (tenant_id) WHERE s.kind = ANY($1) AND NOT EXISTS (SELECT"
        " FROM letter_order o WHERE (o.tenant_id, o.step) = (s.tenant_id, s.entry))"
        " ORDER BY s.tenant_id, s.entry",
        list(kinds),
    )
    return [UntoldStep(*row) for row in rows]


async def letters_due(connection: Connection, channels: Sequence[str], by_us: int) -> list[Letter]:
    """Return the letters of these channels that are to be sent by an instant, the oldest first."""
    rows = await connection.fetch(
        f"{_LETTERS} WHERE l.state = 'queued' AND l.channel = ANY($1) AND l.next_at <= $2"
        " ORDER BY l.next_at, l.tenant_id, l.letter LIMIT 500",
        list(channels),
        by_us,
    )
    return [Letter(*row) for row in rows]


async def letters_of(connection: Connection, tenant_id: TenantId, about: str) -> list[Letter]:
    """Return the letters on a window or an alarm, in the order they were written."""
    rows = await connection.fetch(
        f"{_LETTERS} WHERE l.tenant_id = $1 AND l.about = $2 ORDER BY l.sequence, l.letter",
        tenant_id,
        about,
    )
    return [Letter(*row) for row in rows]


async def tenants_told(connection: Connection, about: str) -> list[str]:
    """Return the hospitals that have letters on a window or an alarm of that name."""
    rows = await connection.fetch(
        "SELECT DISTINCT t.name FROM letter l JOIN tenant t USING (tenant_id)"
        " WHERE l.about = $1 ORDER BY t.name",
        about,
    )
    return [row["name"] for row in rows]


async def letter_named(connection: Connection, tenant: str, letter: str) -> Letter | None:
    """Return the letter of that name; None when there is none."""
    row = await connection.fetchrow(
        f"{_LETTERS} WHERE t.name = $1 AND l.letter = $2", tenant, letter
    )
    return None if row is None else Letter(*row)
