"""`constat up`: everything a collector is, started in order and stopped in the reverse one.

    lock the data folder → database → migrations → ingest and projector → HTTP → local agent

A collector that serves has `ready.json` in its data folder; it is gone as soon as it begins to
stop. A database of one's own is restarted when it dies; everything else that fails ends the whole.
"""

import asyncio
import fcntl
import json
import logging
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from collector.api.app import make_app, make_runner
from collector.embedded.errors import EmbeddedError
from collector.embedded.server import EmbeddedPostgres
from collector.errors import ConfigurationError, ConstatError, RefusedError
from collector.settings import Settings, ensure_key
from collector.store.ingest import Ingest
from collector.store.migrate import Schema, migrate
from collector.store.pool import DatabaseUnavailableError, Pool, connected, open_pool
from collector.store.projector import Projector
from collector.store.telemetry import Telemetry
from collector.store.tenants import keep_raw
from probes.model.keys import SigningKey

_LOG: Final = logging.getLogger(__name__)

_POOL_SIZE: Final = 16
_FIRST_DELAY_S: Final = 0.5
_LONGEST_DELAY_S: Final = 30.0
_AGENT_PATIENCE_S: Final = 15.0
_FORGET_EVERY_S: Final = 3600.0


async def serve(
    settings: Settings,
    *,
    now_us: Callable[[], int],
    tell: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Run a collector until `stop` is set; `tell` gets the one line that says where it listens.

    Raises a `ConstatError` for what keeps it from serving.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_data_folder(settings))
        key = ensure_key(settings.key_file)
        failed = stack.enter_context(_watched(stop))
        dsn = settings.dsn
        if dsn is None:
            dsn = await stack.enter_async_context(_own_database(settings, failed))
        pool = await stack.enter_async_context(open_pool(dsn, size=_POOL_SIZE))
        schema = await _prepare(pool, settings)
        app = await stack.enter_async_context(_working(pool, key, now_us, failed))
        address = await stack.enter_async_context(_listening(app, settings))
        stack.enter_context(_ready(settings, address))
        if settings.agent is not None:
            agent = _keep_agent(settings.agent)
            await stack.enter_async_context(_cut_at_the_end(agent, failed))
        database = "embedded" if settings.dsn is None else "given"
        tell(f"constat: listening on {address} (database: {database}, {schema.level})")
        await stop.wait()
    failed.explain()


class _Failure:
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
def _watched(stop: asyncio.Event) -> Iterator[_Failure]:
    """Yield the watch over background tasks; SIGINT and SIGTERM ask for a stop meanwhile."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield _Failure(stop)
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@contextmanager
def _data_folder(settings: Settings) -> Iterator[None]:
    """Make the data folder if there is none, and keep any other collector out of it."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"cannot use the data folder {folder}: {error.strerror}; see data_dir in"
            f" {settings.file}"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise RefusedError(
            f"a collector runs on {folder} already (process {holder}): stop that one first"
        ) from None
    try:
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        settings.ready_file.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)


@asynccontextmanager
async def _own_database(settings: Settings, failed: _Failure) -> AsyncIterator[str]:
    """Run the embedded PostgreSQL, started again whenever it dies; yield its DSN."""
    async with (
        EmbeddedPostgres(settings.database_folder) as server,
        _cut_at_the_end(_keep_running(server), failed),
    ):
        yield server.dsn


async def _keep_running(server: EmbeddedPostgres) -> None:
    delay_s = _FIRST_DELAY_S
    while True:
        status = await server.wait()
        _LOG.warning("the embedded PostgreSQL ended with status %d: starting it again", status)
        try:
            await server.start()
            delay_s = _FIRST_DELAY_S
        except EmbeddedError as error:
            _LOG.error("%s", error)
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _LONGEST_DELAY_S)


async def _prepare(pool: Pool, settings: Settings) -> Schema:
    async with connected(pool) as connection:
        schema = await migrate(connection)
        await keep_raw(connection, settings.raw_days)
    return schema


@asynccontextmanager
async def _working(
    pool: Pool, key: SigningKey, now_us: Callable[[], int], failed: _Failure
) -> AsyncIterator[web.Application]:
    """Run ingest and projector; yield the application in front of them."""
    telemetry = Telemetry()
    ingest = Ingest(pool, key, now_us, telemetry)
    projector = Projector(pool)
    async with AsyncExitStack() as stack:
        follow = projector.run(telemetry.projected.inc)
        await stack.enter_async_context(_cut_at_the_end(follow, failed))
        await stack.enter_async_context(_cut_at_the_end(_forget_raw(projector, now_us), failed))
        await stack.enter_async_context(_closed_at_the_end(ingest, failed))
        yield make_app(pool, ingest, key, now_us, telemetry)


@asynccontextmanager
async def _closed_at_the_end(ingest: Ingest, failed: _Failure) -> AsyncIterator[None]:
    """Run ingest; it is never cancelled, it ends when what waits has been written."""
    task = asyncio.create_task(ingest.run())
    failed.watch(task)
    try:
        yield
    finally:
        ingest.close()
        await asyncio.wait([task])


@asynccontextmanager
async def _cut_at_the_end(
    work: Coroutine[None, None, None], failed: _Failure
) -> AsyncIterator[None]:
    """Run something that may be cut short at any point."""
    task = asyncio.create_task(work)
    failed.watch(task)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _forget_raw(projector: Projector, now_us: Callable[[], int]) -> None:
    while True:
        with suppress(DatabaseUnavailableError):
            await projector.forget_raw(now_us())
        await asyncio.sleep(_FORGET_EVERY_S)


@asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """Serve the application; yield the address it is reached at."""
    context = _tls_context(settings)
    runner = make_runner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise RefusedError(
                f"cannot listen on {settings.host}:{settings.port}:"
                f" {os.strerror(error.errno or 0)}; see listen in {settings.file}"
            ) from None
        host, port = runner.addresses[0][:2]
        shown = f"[{host}]" if ":" in host else host
        yield f"{'http' if context is None else 'https'}://{shown}:{port}"
    finally:
        await runner.cleanup()


def _tls_context(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls.cert, settings.tls.key)
    except ssl.SSLError as error:
        raise ConfigurationError(f"cannot read {settings.file}: tls: {error.reason}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {settings.file}: tls: {error.strerror}") from None
    return context


@contextmanager
def _ready(settings: Settings, address: str) -> Iterator[None]:
    """Say in the data folder that the collector serves, for as long as it does."""
    file = settings.ready_file
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"url": address, "pid": os.getpid()}) + "\n")
    fresh.rename(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def _keep_agent(config: Path) -> None:
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
