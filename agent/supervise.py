"""The process around an agent: its limits, its signals, its metrics and its status file."""

import asyncio
import gc
import logging
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from agent.config import Config
from agent.config_file import MetricsConfig
from agent.metrics_server import serve_metrics
from agent.service import Service
from agent.status import Process, Status, this_process, write_status

STATUS_EVERY_S: Final = 5.0
_SWITCH_INTERVAL_S: Final = 0.0005
_FILES_WANTED: Final = 65_536

_LOG: Final = logging.getLogger(__name__)


async def run_agent(config: Config, version: str) -> None:
    """Run an agent until the process is told to end; raise what broke it, if something did."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _raise_file_limit()
    service = await Service.open(config, version)
    _LOG.info("%s runs, version %s, %d checks", config.vantage, version, len(config.checks))
    process = this_process(service.clock.boot_id)
    companions = [asyncio.create_task(_keep_status(service, process, config.state_dir))]
    if config.metrics is not None:
        companions.append(asyncio.create_task(_serve_metrics(service, config.metrics)))
    # A batch is sealed in another thread, in Python: it must not hold up the loop for 5 ms a turn.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # What was loaded until now stays: a full collection need not walk through it every time.
    gc.collect()
    gc.freeze()
    try:
        waiting: list[asyncio.Future[Any]] = [asyncio.create_task(stop.wait()), service.broken]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        waiting[0].cancel()
        for companion in companions:
            companion.cancel()
        await asyncio.wait(companions)
    finally:
        last = await service.stop()
    if last is not None:
        write_status(config.state_dir, Status(process, stopped=True, snapshot=last))
    if service.broken.done():
        service.broken.result()
    _LOG.info("%s stopped", config.vantage)


async def _serve_metrics(service: Service, metrics: MetricsConfig) -> None:
    host, port = metrics.address
    try:
        await serve_metrics(service, host, port)
    except OSError as error:
        _LOG.error("no metrics: cannot listen on %s: %s", metrics.listen, error.strerror)


async def _keep_status(service: Service, process: Process, folder: Path) -> None:
    """Write the status file now and then; a disk that refuses it stops nothing."""
    while True:
        status = Status(process, stopped=False, snapshot=await service.snapshot())
        with suppress(OSError):
            await asyncio.to_thread(write_status, folder, status)
        await asyncio.sleep(STATUS_EVERY_S)


def _raise_file_limit() -> None:
    """Allow as many connections at once as the system lets us: every check may be waiting."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
