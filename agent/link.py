"""One connection to one collector: its clock, enrolment, batches.

An answer is a status, a JSON object and the wait it asks for. What is no answer in time is an
`UnreachableError` whose message a person can act on; nothing else leaves this module.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from agent.clock import Clock
from agent.http import HttpConnection, HttpError
from agent.offset import Exchange
from probes.model.canonical import MAX_INTEGER, MalformedError, decode_object, integer
from probes.model.envelope import ENVELOPE_MEDIA_TYPE

TIMEOUT_S: Final = 60.0
_LONGEST_ANSWER: Final = 64 << 10
_LONGEST_WAIT_S: Final = 3_600.0
_OK: Final = 200
_FIRST_SERVER_ERROR: Final = 500
_NO_HEADERS: Final[Mapping[str, str]] = {}


class UnreachableError(Exception):
    """The collector gave no usable answer; the message names it and says why."""


class TrustError(Exception):
    """The file of the authority to trust cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a collector answered. `retry_after_s` is 0 unless it asked for a wait."""

    status: int
    fields: dict[str, object]
    retry_after_s: float = 0.0

    @property
    def error(self) -> str:
        """The collector's word for what is wrong, empty if it gave none."""
        code = self.fields.get("error")
        return code if isinstance(code, str) else ""

    @property
    def reason(self) -> str:
        """What is wrong, in one line."""
        reason = self.fields.get("reason")
        return reason if isinstance(reason, str) else self.error or f"status {self.status}"


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return what certificates are checked against: the system's authorities, or one's own."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise TrustError(f"cannot use {ca_file}: it holds no certificate") from None
    except OSError as error:
        raise TrustError(f"cannot use {ca_file}: {error.strerror}") from None


class Link:
    """The only connection to a collector; requests take turns on it."""

    def __init__(
        self,
        url: str,
        ca_file: Path | None,
        user_agent: str,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.url = url.rstrip("/")
        self._base_path = urlsplit(self.url).path
        self._user_agent = user_agent
        self._turn = asyncio.Lock()
        # The system's authorities take up 2 MB: only where they are needed.
        secure = urlsplit(self.url).scheme == "https"
        self._connection = HttpConnection(self.url, trust(ca_file) if secure else None, timeout_s)

    async def __aenter__(self) -> Self:
        """Return the link; it is closed at the end of the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def exchange(self, clock: Clock) -> Exchange:
        """Ask the collector for its time."""
        async with self._turn:  # waiting for the turn must not count as a part of the way
            sent = clock.read()
            answer = await self._request("GET", "/v1/clock")
            received_us = clock.read().boottime_us
        try:
            now_us = integer(answer.fields, "now_us")
        except MalformedError as error:
            raise self._unusable(str(error)) from None
        if answer.status != _OK or not 0 < now_us <= MAX_INTEGER:
            raise self._unusable(answer.reason)
        return Exchange(sent, now_us, received_us)

    async def post_batch(self, body: bytes, *, gzipped: bool, seen: int) -> Answer:
        """Send a sealed batch, and say how large the log was that was shown last."""
        headers = {"Content-Type": ENVELOPE_MEDIA_TYPE, "Constat-Seen": str(seen)}
        if gzipped:
            headers["Content-Encoding"] = "gzip"
        async with self._turn:
            return await self._request("POST", "/v1/batches", body, headers)

    async def post_enrolment(self, body: bytes, token: str) -> Answer:
        """Ask to be enrolled."""
        headers = {"Content-Type": ENVELOPE_MEDIA_TYPE, "Authorization": f"Bearer {token}"}
        async with self._turn:
            return await self._request("POST", "/v1/enrol", body, headers)

    async def _request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        headers = {"User-Agent": self._user_agent, **headers}
        path = self._base_path + path
        try:
            response = await self._connection.request(
                method, path, headers, body, longest=_LONGEST_ANSWER
            )
        except HttpError as error:
            raise UnreachableError(f"cannot reach {self.url}: {error}") from None
        wait_s = _retry_after_s(response.headers.get("retry-after", ""))
        try:
            return Answer(response.status, decode_object(response.body), wait_s)
        except MalformedError as error:
            if response.status >= _FIRST_SERVER_ERROR:  # a proxy's page, say
                return Answer(response.status, {}, wait_s)
            raise self._unusable(f"status {response.status}, {error}") from None

    def _unusable(self, reason: str) -> UnreachableError:
        return UnreachableError(f"{self.url} does not answer as a collector: {reason}")


def _retry_after_s(value: str) -> float:
    """Read Retry-After in its form of seconds (RFC 9110); a date is left to our own back-off."""
    return min(float(value), _LONGEST_WAIT_S) if value.isascii() and value.isdigit() else 0.0
