"""The stamper: sees what no time stamp covers yet, and asks the authority until it does.

One stamp on the head of a log serves everything that waits in it. Only one stamper works on a
database; what it asked for just before it died is asked for again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from collector.evidence.stamp import StampError
from collector.record.stamped import Stamped
from collector.register.sealing import Sealer
from collector.register.stamps import ask, keep_stamp, stamps_due, try_later
from collector.stamping.authority import Authority
from collector.store.commit import COLLECTOR
from collector.store.log import UnsoundLogError
from collector.store.pool import DatabaseUnavailableError, Pool, connected
from collector.store.stamps import Waiting

_EVERY_S: Final = 2.0
_STANDBY_S: Final = 30.0
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('constat stamper'))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('constat stamper'))"

_LOG: Final = logging.getLogger(__name__)


class Stamper:
    """Has the log of every hospital in a database stamped."""

    def __init__(self, pool: Pool, sealer: Sealer, authority: Authority) -> None:
        self._pool = pool
        self._sealer = sealer
        self._authority = authority

    async def run(self) -> None:
        """Work until told to stop, through any absence of the database."""
        while True:
            with suppress(DatabaseUnavailableError):
                async with self._alone() as alone:
                    while alone:
                        await self.round()
                        await asyncio.sleep(_EVERY_S)
            await asyncio.sleep(_STANDBY_S)

    async def round(self) -> int:
        """Have stamped what is due; return how many attempts that took."""
        due = await stamps_due(self._pool, self._sealer.now_us())
        for waiting in due:
            try:
                await self._stamp(waiting)
            except (StampError, UnsoundLogError) as error:
                _LOG.warning("%s: %s", waiting.tenant, error)
                await try_later(self._pool, self._sealer, waiting, str(error))
        return len(due)

    async def _stamp(self, waiting: Waiting) -> None:
        asked = await ask(self._pool, self._sealer, waiting)
        token, shown = await self._authority.stamp(asked.note)
        stamp = Stamped(asked.size, shown.at_us, shown.accuracy_us, shown.authority, token)
        await keep_stamp(self._pool, self._sealer, asked, stamp, COLLECTOR)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Yield whether this stamper is the only one; it stays so while the context lasts."""
        async with connected(self._pool) as connection:
            alone: bool = await connection.fetchval(_LOCK)
            try:
                yield alone
            finally:
                if alone:
                    await connection.execute(_UNLOCK)
