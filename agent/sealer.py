"""When batches are closed: a full one at once, any other after a while, soon after a change."""

import asyncio
import logging
from contextlib import suppress
from typing import Final, NoReturn

from agent.database import SpoolFullError
from agent.seal import Forge
from agent.spool import SEAL_AFTER_S, Spool

_LOG: Final = logging.getLogger(__name__)


async def keep_sealing(spool: Spool, forge: Forge) -> NoReturn:
    """Seal what earlier runs left, then whatever becomes due, for ever."""
    await seal_earlier(spool, forge)
    while True:
        spool.stored.clear()
        due_s = spool.pending.due_s()
        if due_s is None or due_s > asyncio.get_running_loop().time():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    await spool.stored.wait()
            continue
        try:
            await spool.seal(forge)
        except SpoolFullError as error:
            _LOG.warning("%s; the batch is tried again later", error)
            await asyncio.sleep(SEAL_AFTER_S)


async def seal_earlier(spool: Spool, forge: Forge) -> None:
    """Seal every sample of earlier runs."""
    while await spool.seal_earlier(forge) is not None:
        pass


async def seal_all(spool: Spool, forge: Forge) -> None:
    """Seal every sample there is, as when the agent stops."""
    await seal_earlier(spool, forge)
    while await spool.seal(forge) is not None:
        pass
