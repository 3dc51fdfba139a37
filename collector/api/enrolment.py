"""`POST /v1/enrol`: a machine brings a token and its own key, and becomes an agent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from collector.api.answers import answer
from collector.api.body import read_body
from collector.store.enrolment import TokenRefusedError, enrol, read_request
from collector.store.pool import Pool, transaction
from probes.model.keys import SigningKey

LARGEST_REQUEST: Final = 16 * 1024

_SCHEME: Final = "Bearer "


@dataclass(frozen=True, slots=True)
class EnrolmentHandler:
    """Enrols agents, in the name of the collector whose log key it has."""

    pool: Pool
    key: SigningKey
    now_us: Callable[[], int]

    async def post(self, request: web.Request) -> web.Response:
        """Answer one request for enrolment."""
        wanted = read_request(await read_body(request, largest=LARGEST_REQUEST))
        authorization = request.headers.get("Authorization", "")
        if not authorization.startswith(_SCHEME):
            raise TokenRefusedError("the request has no `Authorization: Bearer` token")
        token = authorization.removeprefix(_SCHEME).strip()
        async with transaction(self.pool) as connection:
            agent = await enrol(connection, wanted, token, key=self.key, now_us=self.now_us)
        return answer(
            {
                "tenant": agent.tenant,
                "agent": wanted.agent,
                "collector_key": self.key.verifying_key.raw.hex(),
            },
            status=201,
        )
