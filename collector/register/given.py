"""Registering a notice that was given by other means, with the document that proves it.

It counts from the instant it is registered, on the collector's own clock (rules, section 8). When
it is said to have been given is kept as what is claimed, and nothing is computed from it.
"""

from dataclasses import replace
from typing import Any, NamedTuple

from collector.errors import ConfigurationError
from collector.record.documents import (
    NOTICE_REGISTERED,
    AttachmentKind,
    GivenNotice,
    Means,
    announced_before,
)
from collector.register.attaching import Document, attach_at
from collector.register.planning import Where, existing, window_desk
from collector.register.sealing import Desk, Sealer
from collector.store.documents import read_documents
from collector.store.pool import Pool


class Registered(NamedTuple):
    """A notice as it was registered, and when the plan it is about was announced here.

    `repeated` says that the same was registered before; that instant is the one that counts.
    """

    notice: GivenNotice
    announced_us: int | None
    repeated: bool


async def register_notice(  # noqa: PLR0913, PLR0917 - a statement, and what it says
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    document: Document,
    means: Means,
    claimed_us: int | None = None,
) -> Registered:
    """Attach the document and seal that it proves a notice of the plan as it is now."""
    async with window_desk(pool, sealer, where, author) as desk:
        window = await existing(desk, where)
        if claimed_us is not None and claimed_us > desk.at_us:
            raise ConfigurationError("--said-at: that instant is still to come")
        attached = await attach_at(desk, where.window_id, document, AttachmentKind.NOTICE)
        said = GivenNotice(0, 0, means, attached.attachment.sha256, window.plan, claimed_us)
        before = await _registered(desk, where, said)
        if before is None:
            await desk.seal(NOTICE_REGISTERED, {"window": where.window_id, **_body(said)})
        made = before or await _registered(desk, where, said)
        if made is None:
            raise AssertionError(where.window_id)
        return Registered(made, announced_before(made, window), repeated=before is not None)


async def _registered(desk: Desk, where: Where, said: GivenNotice) -> GivenNotice | None:
    """Return the notice of a window that says the same."""
    documents = await read_documents(desk.connection, desk.tenant_id, where.window_id)
    same = (each for each in documents.notices if replace(each, entry=0, at_us=0) == said)
    return next(same, None)


def _body(said: GivenNotice) -> dict[str, Any]:
    body: dict[str, Any] = {
        "means": said.means.value,
        "document": said.sha256,
        "start_us": said.plan.start,
        "end_us": said.plan.end,
    }
    if said.claimed_us is not None:
        body["claimed_us"] = said.claimed_us
    return body
