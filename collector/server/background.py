"""What a collector does beside answering: the work that goes on until it is told to stop.

Each piece is a task that is watched: one that fails stops the whole, with its reason. The database
may go away and come back meanwhile; that is waited for, not a failure.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from collector.assess import record_verdict
from collector.embedded.errors import EmbeddedError
from collector.embedded.server import EmbeddedPostgres
from collector.errors import ConstatError
from collector.register.names import erase_unused
from collector.register.planning import Where
from collector.register.sealing import Sealer
from collector.register.silence_alarms import note_silence_alarms
from collector.register.silences import note_silences
from collector.store.audit import verify_tree
from collector.store.commit import COLLECTOR
from collector.store.fleet import LogState, read_lags
from collector.store.ingest import Ingest
from collector.store.log import UnsoundLogError, read_head
from collector.store.pool import DatabaseUnavailableError, Pool, connected
from collector.store.projector import Projector
from collector.store.windows import closed_without_verdict
from collector.watching import watch
from probes.model.instant import DAY
from probes.model.merkle import EMPTY, Frontier

_LOG: Final = logging.getLogger(__name__)

_FIRST_DELAY_S: Final = 0.5
_LONGEST_DELAY_S: Final = 30.0
_AGENT_PATIENCE_S: Final = 15.0
_FORGET_EVERY_S: Final = 3600.0
_JUDGE_EVERY_S: Final = 30.0
_WATCH_EVERY_S: Final = 20.0
_AUDIT_EVERY_S: Final = 3600.0
_REST_FROM_AUDITING: Final = 3.0  # it takes a quarter of a core at most
_LISTEN_EVERY_S: Final = 60.0
_CUT_AGAIN_S: Final = 1.0


class Failure:
    """What made a collector stop that nobody had asked to."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._fault: BaseException | None = None

    def watch(self, task: "asyncio.Task[None]") -> None:
        """Stop everything when this task fails."""
        task.add_done_callback(self._ended)

    def explain(self) -> None:
        """Raise what stopped the collector, if anything did."""
        if isinstance(self._fault, ConstatError):
            raise self._fault
        if self._fault is not None:
            raise ConstatError(f"the collector failed: {self._fault!r}") from self._fault

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
            self._stop.set()


@contextmanager
def watched(stop: asyncio.Event) -> Iterator[Failure]:
    """Yield the watch over background tasks; SIGINT and SIGTERM ask for a stop meanwhile."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield Failure(stop)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def closed_at_the_end(ingest: Ingest, failed: Failure) -> AsyncIterator[None]:
    """Run ingest; it is never cancelled, it ends when what waits has been written."""
    task = asyncio.create_task(ingest.run())
    failed.watch(task)
    try:
        yield
    finally:
        ingest.close()
        await asyncio.wait([task])


@asynccontextmanager
async def cut_at_the_end(work: Coroutine[None, None, None], failed: Failure) -> AsyncIterator[None]:
    """Run something that may be cut short at any point."""
    task = asyncio.create_task(work)
    failed.watch(task)
    try:
        yield
    finally:
        # Before Python 3.12 a pool that is asked for a connection at this very moment swallows a
        # cancellation, so one may not be enough.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_CUT_AGAIN_S)


async def forget_raw(projector: Projector, now_us: Callable[[], int]) -> None:
    """Drop raw rows that are older than was asked for, every hour."""
    while True:
        with suppress(DatabaseUnavailableError):
            await projector.forget_raw(now_us())
        await asyncio.sleep(_FORGET_EVERY_S)


async def record_verdicts(pool: Pool, sealer: Sealer) -> None:
    """Seal the verdict of every closed window once it has fallen."""
    while True:
        with suppress(DatabaseUnavailableError):
            async with connected(pool) as connection:
                waiting = await closed_without_verdict(connection)
            for window in waiting:
                where = Where(window.tenant, window.id, window.service)
                await record_verdict(pool, where, sealer, COLLECTOR)
        await asyncio.sleep(_JUDGE_EVERY_S)


async def watch_services(pool: Pool, sealer: Sealer) -> None:
    """Seal every unannounced outage of a strategic service while it lasts, and its end."""
    while True:
        with suppress(DatabaseUnavailableError):
            await watch(pool, sealer, COLLECTOR)
        await asyncio.sleep(_WATCH_EVERY_S)


async def audit_logs(pool: Pool, ingest: Ingest) -> None:
    """Make the tree of every log again from its envelopes, now and every hour.

    What does not come to what was signed, or no longer begins with what it was the hour before,
    takes no more batches: nothing is signed on top of it.
    """
    sound: dict[int, Frontier] = {}  # kept where nobody writes who administers the database
    while True:
        with suppress(DatabaseUnavailableError):
            async with connected(pool) as connection:
                logs = await read_lags(connection)
            for log in logs:
                known = sound.get(log.tenant_id, EMPTY)
                sound[log.tenant_id] = await audit_log(pool, ingest, log, known)
        await asyncio.sleep(_AUDIT_EVERY_S)


async def audit_log(pool: Pool, ingest: Ingest, log: LogState, known: Frontier = EMPTY) -> Frontier:
    """Make the tree of one log again; distrust it unless it comes to its head.

    Return the tree that was found sound: this one, or else the one that was known.
    """
    try:
        async with connected(pool) as connection:
            head = await read_head(connection, log.tenant_id)
            await verify_tree(
                connection, log.tenant_id, head, known=known, rest=_REST_FROM_AUDITING
            )
    except UnsoundLogError as fault:
        _LOG.error("%s: %s; nothing more is signed of it", log.tenant, fault)
        ingest.distrust(log.tenant_id, str(fault))
        return known
    return head.tree


async def watch_agents(pool: Pool, sealer: Sealer) -> None:
    """Seal that an agent or a vantage point is silent, and that it came back."""
    listening_since_us = sealer.now_us()
    while True:
        with suppress(DatabaseUnavailableError):
            await note_silences(pool, sealer, listening_since_us, COLLECTOR)
            await note_silence_alarms(pool, sealer, listening_since_us, COLLECTOR)
        await asyncio.sleep(_LISTEN_EVERY_S)


async def forget_names(pool: Pool, sealer: Sealer, days: int) -> None:
    """Erase who has been of no use for so many days, every hour."""
    while True:
        with suppress(DatabaseUnavailableError):
            await erase_unused(pool, sealer, days * DAY, COLLECTOR)
        await asyncio.sleep(_FORGET_EVERY_S)


async def keep_running(server: EmbeddedPostgres) -> None:
    """Start the embedded PostgreSQL again whenever it ends by itself."""
    while True:
        status = await server.wait()
        _LOG.warning("the embedded PostgreSQL ended with status %d: starting it again", status)
        await _start_again(server)


async def _start_again(server: EmbeddedPostgres) -> None:
    """Try until it starts: what keeps it from it, a full disk perhaps, may pass."""
    delay_s = _FIRST_DELAY_S
    while True:
        try:
            return await server.start()
        except EmbeddedError as error:
            _LOG.error("%s", error)
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, _LONGEST_DELAY_S)


async def keep_agent(config: Path) -> None:
    """Run an agent beside the collector, started again whenever it ends."""
    delay_s = _FIRST_DELAY_S
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", "run", "--config", str(config), start_new_session=True
        )
        try:
            status = await process.wait()
        finally:
            await _stop_agent(process)
        _LOG.warning("the local agent ended with status %d: starting it again", status)
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, _LONGEST_DELAY_S)


async def _stop_agent(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _AGENT_PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
