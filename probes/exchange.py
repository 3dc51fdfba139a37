"""One question and its answer in HTTP/1.1 (RFC 9112), over a new connection; redirects followed.

h11 reads the protocol and never sees a socket. An answer is taken whole or not at all: cut short,
without its last chunk, longer than the cap or not HTTP, it is a failure whatever its beginning
said. Only a redirect that is followed is not read to its end.

Redirects go to the URL's own host and to those the check allows, and what began inside TLS ends
inside TLS; the check's own headers and its secrets go to the first origin only. Cookies are not
kept: no request depends on another. Caches on the way are asked to ask the service.
"""

import base64
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urljoin

import h11

from probes.attempt import Attempt, ProbeError, unreadable
from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec, Method, Url, parse_url, status_ranges
from probes.model.release import RELEASE
from probes.model.target import Tls, ascii_host
from probes.page import Page, without_coding
from probes.portal import leads_to_portal
from probes.transport import Connection, dial

_Event: TypeAlias = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


async def fetch(spec: HttpSpec, attempt: Attempt) -> Page:
    """Return the page a check asks for, after the redirects it allows."""
    secret = _authorization(spec)
    first = question = _first_question(spec, secret)
    for redirects in range(spec.max_redirects + 1):
        page, location = await _ask(question, spec, attempt, redirects)
        if not location:
            _refuse_downgrade(question, first)
            return page
        address = _address_after(question, location, spec)
        question = _question(spec, secret, address, _method_after(question.method, page.status))
    raise ProbeError(
        Failure.TOO_MANY_REDIRECTS,
        f"redirected more than {spec.max_redirects} times, then to {question.url.authority}",
        Operation.ASSERT,
    )


class _Question(NamedTuple):
    """A request ready to be sent, and where to."""

    address: str
    method: Method
    url: Url
    request: h11.Request
    body: bytes
    tls: Tls | None


@lru_cache(maxsize=4096)
def _first_question(spec: HttpSpec, secret: str) -> _Question:
    return _question(spec, secret, spec.url, spec.method)


def _question(spec: HttpSpec, secret: str, address: str, method: Method) -> _Question:
    first, url = parse_url(spec.url, spec.family), parse_url(address, spec.family)
    same_origin = (url.target, url.tls) == (first.target, first.tls)
    body = spec.body.encode() if method is Method.POST else b""
    own = dict(spec.headers) if same_origin else {}
    if secret and same_origin:
        own["Authorization"] = secret
    if method is Method.POST:
        own["Content-Length"] = str(len(body))
    named = {name.lower() for name in own}
    defaults = {name: value for name, value in _DEFAULTS.items() if name.lower() not in named}
    headers = {"Host": url.authority} | defaults | own | {"Connection": "close"}
    request = h11.Request(method=method.value, target=url.path, headers=list(headers.items()))
    # A name to verify that was given for one host says nothing of another.
    tls = spec.tls if url.target.host == first.target.host else Tls(ca_file=spec.tls.ca_file)
    return _Question(address, method, url, request, body, tls if url.tls else None)


def _authorization(spec: HttpSpec) -> str:
    """Return the value of the Authorization header, from the file as it is now."""
    if spec.token_file:
        token = _read_secret(spec.token_file)
        if not token.isascii() or " " in token:  # RFC 6750, section 2.1
            raise _bad_secret(spec.token_file)
        return f"Bearer {token}"
    if spec.password_file:
        pair = f"{spec.username}:{_read_secret(spec.password_file)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return ""


def _read_secret(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            secret = file.read(_LONGEST_SECRET).decode().strip("\r\n")
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError:
        raise _bad_secret(path) from None
    if not secret or not secret.isprintable():
        raise _bad_secret(path)
    return secret


def _bad_secret(path: str) -> ProbeError:
    detail = f"{path} does not hold one line of text"
    return ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE)


async def _ask(
    question: _Question, spec: HttpSpec, attempt: Attempt, redirects: int
) -> tuple[Page, str]:
    """Return the page and, with no body, the location of a redirect to be followed."""
    connection = await dial(question.url.target, question.tls, attempt)
    try:
        answer = _Answer(connection, attempt)
        await answer.ask(question)
        head = await answer.head()
        headers = tuple(head.headers)
        host, status = question.url.authority, head.status_code
        proven = question.tls is not None
        page = Page(status, headers, b"", host, connection.peer, redirects, proven)
        location = "" if _expected(status, spec) else _location(page)
        if location:
            return page, location
        body = await answer.body(spec.max_body_bytes)
    finally:
        connection.close()
    coding = page.header("content-encoding") or ""
    body = without_coding(body, coding, spec.max_body_bytes)
    return replace(page, body=body), ""


class _Answer:
    """The answer to one request, as h11 reads it from a connection."""

    def __init__(self, connection: Connection, attempt: Attempt) -> None:
        self._connection = connection
        self._attempt = attempt
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._begun = False
        self._ended = False

    async def ask(self, question: _Question) -> None:
        self._attempt.begin(Operation.SEND)
        data = self._http.send(question.request) or b""
        if question.body:
            data += self._http.send(h11.Data(data=question.body)) or b""
        data += self._http.send(h11.EndOfMessage()) or b""
        await self._connection.send(data)
        self._attempt.begin(Operation.FIRST_BYTE)

    async def head(self) -> h11.Response:
        """Return the final head, whatever came before it (RFC 9110, section 15.2)."""
        event = await self._event()
        for _ in range(_MOST_INFORMATION):
            if not isinstance(event, h11.InformationalResponse):
                break
            event = await self._event()
        if isinstance(event, h11.InformationalResponse):
            raise ProbeError(Failure.PROTOCOL_ERROR, "it informs without end, and never answers")
        if not isinstance(event, h11.Response):
            raise ProbeError(Failure.PROTOCOL_ERROR, "it switched to another protocol")
        return event

    async def body(self, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            event = await self._event()
            if not isinstance(event, h11.Data):
                return b"".join(parts)
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > limit:
                raise ProbeError(Failure.RESPONSE_TOO_LARGE, f"the body exceeds {limit} bytes")

    async def _event(self) -> _Event:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._broken(error) from None
            if event is not h11.NEED_DATA:
                return event
            await self._feed()

    async def _feed(self) -> None:
        data = await self._connection.receive()
        if not self._begun:
            if not data:
                raise ProbeError(Failure.CONNECTION_CLOSED, "closed without an answer")
            self._begun = True
            self._attempt.begin(Operation.TRANSFER)
            if data[: len(_FIRST_WORD)] != _FIRST_WORD[: len(data)]:
                raise ProbeError(Failure.PROTOCOL_ERROR, "what answers speaks no HTTP/1")
        self._ended = not data
        self._http.receive_data(data)

    def _broken(self, error: h11.RemoteProtocolError) -> ProbeError:
        if self._ended:
            return ProbeError(Failure.RESPONSE_TRUNCATED, "closed before the answer was whole")
        # What follows the colon would be a piece of the answer.
        return ProbeError(Failure.PROTOCOL_ERROR, str(error).partition(":")[0].lower())


def _expected(status: int, spec: HttpSpec) -> bool:
    return any(status in expected for expected in status_ranges(spec.expect_status))


def _location(page: Page) -> str:
    return (page.header("location") or "") if page.status in _REDIRECTS else ""


def _method_after(method: Method, status: int) -> Method:
    """Return the method of the next request: most redirects make a POST a GET, as in browsers."""
    return Method.GET if method is Method.POST and status not in _SAME_METHOD else method


def _address_after(question: _Question, location: str, spec: HttpSpec) -> str:
    try:
        address = urljoin(question.address, location)
        host = parse_url(address, spec.family).target.host
    except ValueError:
        detail = f"{question.url.authority} redirected to what is no http or https URL"
        raise ProbeError(Failure.REDIRECT_REFUSED, detail, Operation.ASSERT) from None
    allowed = {parse_url(spec.url).target.host, *map(ascii_host, spec.allowed_hosts)}
    if host not in allowed and question.tls is None and leads_to_portal(address):
        detail = f"{question.url.authority} redirected to {host}, the portal of a network"
        raise ProbeError(Failure.VANTAGE_OFFLINE, detail, Operation.ASSERT)
    if host not in allowed:
        detail = f"{question.url.authority} redirected to {host}, not in allowed_hosts"
        raise ProbeError(Failure.REDIRECT_REFUSED, detail, Operation.ASSERT)
    return address


def _refuse_downgrade(question: _Question, first: _Question) -> None:
    """Refuse an answer that anybody on the way may have made, when TLS was asked for."""
    if question.tls is None and first.tls is not None:
        detail = f"redirected out of TLS, to http://{question.url.authority}"
        raise ProbeError(Failure.REDIRECT_REFUSED, detail, Operation.ASSERT)


_DEFAULTS: Final = {
    "User-Agent": f"constat-agent/{RELEASE}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Cache-Control": "no-cache",
}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD: Final = frozenset({307, 308})  # RFC 9110, sections 15.4.8 and 15.4.9
_FIRST_WORD: Final = b"HTTP/1."  # RFC 9112, section 4
_MOST_INFORMATION: Final = 20
_LONGEST_HEAD: Final = 65_536
_LONGEST_SECRET: Final = 8_192
