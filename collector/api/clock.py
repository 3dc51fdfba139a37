"""`GET /v1/clock`: the collector's clock, by which agents estimate how far theirs is off."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from collector.api.answers import answer


@dataclass(frozen=True, slots=True)
class ClockHandler:
    """Tells the time."""

    now_us: Callable[[], int]

    async def get(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        """Answer with the instant of answering, microseconds UTC."""
        return answer({"now_us": self.now_us()})
