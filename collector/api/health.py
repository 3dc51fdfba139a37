"""`GET /v1/health` and `GET /metrics`: whether the collector works, and how much."""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from collector.api.answers import answer
from collector.store.pool import Pool, connected
from collector.store.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class HealthHandler:
    """Says whether batches can be made durable at this moment."""

    pool: Pool

    async def get(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        """Answer `{"status": "ok"}`, or 503 while there is no database."""
        async with connected(self.pool) as connection:
            await connection.execute("SELECT")
        return answer({"status": "ok"})


@dataclass(frozen=True, slots=True)
class MetricsHandler:
    """Shows the collector's own figures to Prometheus."""

    telemetry: Telemetry

    async def get(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        """Answer in the text form of Prometheus."""
        body = generate_latest(self.telemetry.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
