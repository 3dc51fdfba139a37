"""`constat up`: everything a collector is, started in order and stopped in the reverse one.

    lock the data folder → database → migrations → ingest and projector → HTTP → local agent

A collector that serves has `ready.json` in its data folder; it is gone as soon as it begins to
stop. A database of one's own is restarted when it dies; everything else that fails ends the whole.
"""

import asyncio
import fcntl
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final

from aiohttp import web

from collector.api.app import make_app, make_runner
from collector.courier.courier import Courier
from collector.embedded.server import EmbeddedPostgres
from collector.errors import ConfigurationError, RefusedError
from collector.register.sealing import Sealer
from collector.server.background import (
    Failure,
    audit_logs,
    closed_at_the_end,
    cut_at_the_end,
    forget_names,
    forget_raw,
    keep_agent,
    keep_running,
    record_verdicts,
    watch_agents,
    watch_services,
    watched,
)
from collector.settings import Settings, ensure_key
from collector.stamping.authority import Authority
from collector.stamping.stamper import Stamper
from collector.store.ingest import Ingest
from collector.store.migrate import Schema, migrate
from collector.store.pool import Pool, connected, open_pool
from collector.store.projector import Projector
from collector.store.telemetry import Telemetry
from collector.store.tenants import keep_raw
from probes.model.keys import SigningKey

_POOL_SIZE: Final = 16


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
        authority = Authority.of(settings.timestamps) if settings.timestamps else None
        failed = stack.enter_context(watched(stop))
        dsn = settings.dsn
        if dsn is None:
            dsn = await stack.enter_async_context(_own_database(settings, failed))
        pool = await stack.enter_async_context(open_pool(dsn, size=_POOL_SIZE))
        schema = await _prepare(pool, settings)
        app = await stack.enter_async_context(_working(pool, key, now_us, failed))
        courier = Courier(pool, Sealer(key, now_us), settings.post)
        await stack.enter_async_context(cut_at_the_end(courier.run(), failed))
        watching = watch_services(pool, Sealer(key, now_us))
        await stack.enter_async_context(cut_at_the_end(watching, failed))
        listening = watch_agents(pool, Sealer(key, now_us))
        await stack.enter_async_context(cut_at_the_end(listening, failed))
        if settings.name_days is not None:
            forgetting = forget_names(pool, Sealer(key, now_us), settings.name_days)
            await stack.enter_async_context(cut_at_the_end(forgetting, failed))
        if authority is not None:
            stamper = Stamper(pool, Sealer(key, now_us), authority)
            await stack.enter_async_context(cut_at_the_end(stamper.run(), failed))
        address = await stack.enter_async_context(_listening(app, settings))
        stack.enter_context(_ready(settings, address))
        if settings.agent is not None:
            agent = keep_agent(settings.agent)
            await stack.enter_async_context(cut_at_the_end(agent, failed))
        database = "embedded" if settings.dsn is None else "given"
        tell(f"constat: listening on {address} (database: {database}, {schema.level})")
        await stop.wait()
    failed.explain()


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
async def _own_database(settings: Settings, failed: Failure) -> AsyncIterator[str]:
    """Run the embedded PostgreSQL, started again whenever it dies; yield its DSN."""
    async with (
        EmbeddedPostgres(settings.database_folder) as server,
        cut_at_the_end(keep_running(server), failed),
    ):
        yield server.dsn


async def _prepare(pool: Pool, settings: Settings) -> Schema:
    async with connected(pool) as connection:
        schema = await migrate(connection)
        await keep_raw(connection, settings.raw_days)
    return schema


@asynccontextmanager
async def _working(
    pool: Pool, key: SigningKey, now_us: Callable[[], int], failed: Failure
) -> AsyncIterator[web.Application]:
    """Run ingest and projector; yield the application in front of them."""
    telemetry = Telemetry()
    ingest = Ingest(pool, key, now_us, telemetry)
    projector = Projector(pool)
    async with AsyncExitStack() as stack:
        follow = projector.run(telemetry.projected.inc)
        await stack.enter_async_context(cut_at_the_end(follow, failed))
        await stack.enter_async_context(cut_at_the_end(forget_raw(projector, now_us), failed))
        judging = record_verdicts(pool, Sealer(key, now_us))
        await stack.enter_async_context(cut_at_the_end(judging, failed))
        await stack.enter_async_context(closed_at_the_end(ingest, failed))
        await stack.enter_async_context(cut_at_the_end(audit_logs(pool, ingest), failed))
        yield make_app(pool, ingest, key, now_us, telemetry)


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
