"""Headers of batches: what an agent's batches have in common, kept once (see packing)."""

from collections.abc import Sequence
from typing import Final

from collector.store.packing import header_number, unpack
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.envelope import Envelope

_MOST_TEXTS: Final = 20_000


class HeaderReader:
    """Finds the headers that stored batches name."""

    def __init__(self) -> None:
        self._texts: dict[int, bytes] = {}

    async def with_headers(
        self, connection: Connection, tenant_id: TenantId, stored: Sequence[bytes]
    ) -> list[tuple[bytes, bytes]]:
        """Return each stored form with the header it needs, empty for none."""
        if len(self._texts) > _MOST_TEXTS:
            self._texts.clear()
        numbers = [header_number(packed) for packed in stored]
        missing = {*numbers} - {0} - self._texts.keys()
        if missing:
            rows = await connection.fetch(
                "SELECT header_id, text FROM batch_header"
                " WHERE tenant_id = $1 AND header_id = ANY($2)",
                tenant_id,
                list(missing),
            )
            self._texts.update((row["header_id"], row["text"]) for row in rows)
        return [
            (packed, self._texts[number] if number else b"")
            for packed, number in zip(stored, numbers, strict=True)
        ]

    async def unpack_all(
        self, connection: Connection, tenant_id: TenantId, stored: Sequence[bytes]
    ) -> list[Envelope]:
        """Return the envelopes of some stored forms."""
        return [
            unpack(packed, header)
            for packed, header in await self.with_headers(connection, tenant_id, stored)
        ]
