"""Attaching documents to a window: the digest is sealed, the bytes are kept beside the log.

A document may come at any time, after the window was closed too, and decides nothing. Its name is
only a label: what it is, is told from its bytes, and what was sealed is their digest.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from collector.errors import ConfigurationError, ConstatError, NotFoundError
from collector.record.documents import ATTACHMENT_ADDED, Attachment, AttachmentKind, Documents
from collector.record.media import media_type
from collector.register.planning import Where, existing, window_desk
from collector.register.sealing import Desk, Sealer
from collector.store.documents import keep_content, read_content, read_documents
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named

LARGEST_BYTES: Final = 10 * 2**20
LONGEST_NAME_BYTES: Final = 200

_UNNAMED: Final = "document"
_NOT_IN_NAMES: Final = frozenset('/\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was given; `ConfigurationError` when it is empty or too large."""

    name: str
    content: bytes

    def __post_init__(self) -> None:
        """Refuse what proves nothing, and what a database is not for."""
        if not self.content:
            raise ConfigurationError(f"{self.name} is empty: there is nothing to attach")
        if len(self.content) > LARGEST_BYTES:
            raise ConfigurationError(
                f"{self.name} is larger than {LARGEST_BYTES // 2**20} MiB: compress or split it"
            )

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, 64 hexadecimal digits."""
        return sha256(self.content).hexdigest()


class Attached(NamedTuple):
    """A document of a window, and whether it was attached as that before."""

    attachment: Attachment
    repeated: bool


async def attach(  # noqa: PLR0913, PLR0917 - a statement, and what it says
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    document: Document,
    kind: AttachmentKind,
    title: str = "",
) -> Attached:
    """Attach a document to a window; the same again changes nothing."""
    async with window_desk(pool, sealer, where, author) as desk:
        await existing(desk, where)
        return await attach_at(desk, where.window_id, document, kind, title)


async def attach_at(
    desk: Desk, window_id: str, document: Document, kind: AttachmentKind, title: str = ""
) -> Attached:
    """Attach a document inside the transaction of a desk.

    Bytes that were lost or changed since are put right by attaching the file again.
    """
    digest = document.digest
    await keep_content(desk.connection, desk.tenant_id, digest, document.content)
    before = await _attached(desk, window_id, digest, kind)
    if before is not None:
        return Attached(before, repeated=True)
    body: dict[str, Any] = {
        "window": window_id,
        "kind": kind.value,
        "name": plain_name(document.name),
        "media_type": media_type(document.content),
        "size": len(document.content),
        "sha256": digest,
    }
    if title:
        body["title"] = title
    await desk.seal(ATTACHMENT_ADDED, body)
    made = await _attached(desk, window_id, digest, kind)
    if made is None:
        raise AssertionError(digest)
    return Attached(made, repeated=False)


async def list_documents(pool: Pool, where: Where) -> Documents:
    """Return what was stated of a window beside its steps."""
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
        return await read_documents(connection, tenant_id, where.window_id)


async def fetch(pool: Pool, where: Where, prefix: str) -> tuple[Attachment, bytes]:
    """Return the document of a window whose digest begins so, and its bytes, which were checked."""
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
        documents = await read_documents(connection, tenant_id, where.window_id)
        attachment = _named(documents, where, prefix)
        content = await read_content(connection, tenant_id, attachment.sha256)
    if content is None:
        raise ConstatError(f"the bytes of {attachment.sha256} are missing: constat doctor")
    if sha256(content).hexdigest() != attachment.sha256:
        raise ConstatError(
            f"the bytes kept for {attachment.sha256} are not those that were sealed: constat doctor"
        )
    return attachment, content


def plain_name(name: str) -> str:
    """Return the base name of a file as one that any system can hold, and any screen can show."""
    base = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(
        character if character.isprintable() and character not in _NOT_IN_NAMES else "_"
        for character in base
    )
    short = plain.strip(" .").lstrip("-").encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
    return short or _UNNAMED


async def _attached(
    desk: Desk, window_id: str, digest: str, kind: AttachmentKind
) -> Attachment | None:
    documents = await read_documents(desk.connection, desk.tenant_id, window_id)
    found = (each for each in documents.attachments if (each.sha256, each.kind) == (digest, kind))
    return next(found, None)


def _named(documents: Documents, where: Where, prefix: str) -> Attachment:
    found = [each for each in documents.attachments if each.sha256.startswith(prefix.lower())]
    if not found:
        raise NotFoundError(
            f"{where.window_id} has no document {prefix!r}:"
            f" constat attachment list {where.window_id}"
        )
    if len({each.sha256 for each in found}) > 1:
        raise ConfigurationError(f"{prefix!r} could be several documents: give more of the digest")
    return found[0]
