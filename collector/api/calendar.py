"""The calendar of a hospital's windows, that an agenda subscribes to (RFC 5545).

The address holds a proof made from the collector's key, as an agenda can show no other credential.
"""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from collector.courier.compose import wordings_of
from collector.courier.receipt import CALENDAR, proves
from collector.letters.invitation import feed
from collector.report.durations import Language
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import DAY
from probes.model.keys import SigningKey

_PAST_US: Final = 400 * DAY
_LONGEST_PROOF: Final = 64


class CalendarHandler:
    """Publishes the windows of a hospital."""

    def __init__(self, pool: Pool, key: SigningKey, now_us: Callable[[], int]) -> None:
        self._pool = pool
        self._key = key
        self._now_us = now_us

    async def get(self, request: web.Request) -> web.Response:
        """Answer with the last word on each window of the last year and of those to come."""
        tenant = request.match_info["hospital"]
        proof = request.query.get("preuve", "")[:_LONGEST_PROOF]
        if not proves(self._key, tenant, CALENDAR, proof):
            raise web.HTTPNotFound
        language = Language.ENGLISH if request.query.get("lang") == "en" else Language.FRENCH
        async with connected(self._pool) as connection:
            tenant_id = await tenant_named(connection, tenant)
            since_us = self._now_us() - _PAST_US
            wordings = await wordings_of(connection, tenant_id, tenant, since_us, language)
        return web.Response(body=feed(wordings), content_type="text/calendar", charset="utf-8")
