"""Answers `GET /metrics`, on loopback unless the configuration says otherwise."""

import asyncio
import logging
from typing import Final

from aiohttp import web

from agent.metrics import CONTENT_TYPE, exposition
from agent.service import Service

_LOG: Final = logging.getLogger(__name__)


async def serve_metrics(service: Service, host: str, port: int) -> None:
    """Serve the metrics of an agent until cancelled; `OSError` when the address cannot be had."""

    async def answer(request: web.Request) -> web.Response:
        del request
        text = exposition(service.tally, await service.snapshot())
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    application = web.Application()
    application.router.add_get("/metrics", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound_host, bound_port = runner.addresses[0][:2]
        _LOG.info("metrics at http://%s:%d/metrics", bound_host, bound_port)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
