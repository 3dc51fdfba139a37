"""Documents, réserves and notices of windows as the log has them, and the bytes beside it."""

import json
from typing import Final, NamedTuple

from collector.record.documents import ATTACHMENT_ADDED, Documents, documents_of
from collector.record.entry import RegisterEntry
from collector.record.steps import StoredStep
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class UnsoundContent(NamedTuple):
    """A document whose bytes are missing, or are not those whose digest was sealed."""

    tenant: str
    window_id: str
    sha256: str
    size: int
    is_missing: bool


class ContentsSeen(NamedTuple):
    """How many documents there are, and how many of them were hashed; one attached twice is one."""

    documents: int
    hashed: int


async def add_document(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the entry of a document, a réserve or a given notice into the table."""
    await connection.execute(
        "INSERT INTO window_document (tenant_id, entry, window_id, kind, at_us, author, body)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        index,
        entry.body["window"],
        entry.kind,
        entry.at_us,
        entry.author,
        json.dumps(entry.body),
    )


async def read_documents(connection: Connection, tenant_id: TenantId, window_id: str) -> Documents:
    """Return what was stated of a window beside its steps."""
    rows = await connection.fetch(
        "SELECT entry, kind, at_us, author, body FROM window_document"
        " WHERE tenant_id = $1 AND window_id = $2 ORDER BY entry",
        tenant_id,
        window_id,
    )
    return documents_of(
        StoredStep(row["entry"], row["kind"], row["at_us"], row["author"], json.loads(row["body"]))
        for row in rows
    )


async def keep_content(
    connection: Connection, tenant_id: TenantId, sha256: str, content: bytes
) -> None:
    """Keep the bytes of a digest; they take the place of others that somebody put there."""
    await connection.execute(
        "INSERT INTO attachment_content (tenant_id, sha256, content) VALUES ($1, $2, $3)"
        " ON CONFLICT (tenant_id, sha256) DO UPDATE SET content = excluded.content"
        " WHERE attachment_content.content <> excluded.content",
        tenant_id,
        sha256,
        content,
    )


async def read_content(connection: Connection, tenant_id: TenantId, sha256: str) -> bytes | None:
    """Return the bytes kept under a digest; None when there are none."""
    content: bytes | None = await connection.fetchval(
        "SELECT content FROM attachment_content WHERE tenant_id = $1 AND sha256 = $2",
        tenant_id,
        sha256,
    )
    return content


# Documents newest first, the bytes of each digest once, with how many bytes there are up to it.
_SEALED: Final = """
WITH sealed AS (
    SELECT tenant_id, window_id, body ->> 'sha256' AS sha256, (body ->> 'size')::bigint AS size,
        max(at_us) AS at_us
    FROM window_document WHERE kind = $1 GROUP BY 1, 2, 3, 4
), due AS (
    SELECT tenant_id, sha256,
        sum(max(size)) OVER (ORDER BY max(at_us) DESC, tenant_id, sha256) AS up_to
    FROM sealed GROUP BY tenant_id, sha256
)
"""

_UNSOUND: Final = """
SELECT t.name, s.window_id, s.sha256, s.size, c.content IS NULL
FROM sealed s
JOIN due USING (tenant_id, sha256)
JOIN tenant t USING (tenant_id)
LEFT JOIN attachment_content c ON (c.tenant_id, c.sha256) = (s.tenant_id, s.sha256)
WHERE c.content IS NULL OR CASE
    WHEN octet_length(c.content) <> s.size THEN true
    WHEN $2::bigint IS NULL OR due.up_to <= $2 THEN encode(sha256(c.content), 'hex') <> s.sha256
    ELSE false
END
ORDER BY 1, 2, 3
"""

_HASHED: Final = """
SELECT count(*), count(*) FILTER (WHERE $2::bigint IS NULL OR up_to <= $2) FROM due
"""


async def unsound_contents(
    connection: Connection, hashed_bytes: int | None = None
) -> list[UnsoundContent]:
    """Return the documents whose bytes are not what was sealed, by hospital and window.

    That they are there, and how many, is looked at for all; the newest are hashed, up to so many
    bytes in all, or every one.
    """
    rows = await connection.fetch(_SEALED + _UNSOUND, ATTACHMENT_ADDED, hashed_bytes)
    return [UnsoundContent(*row) for row in rows]


async def contents_hashed(connection: Connection, hashed_bytes: int | None = None) -> ContentsSeen:
    """Return how many documents `unsound_contents` looks at, and how many of them it hashes."""
    [row] = await connection.fetch(_SEALED + _HASHED, ATTACHMENT_ADDED, hashed_bytes)
    return ContentsSeen(*row)
