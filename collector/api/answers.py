"""How the API says no: one JSON form for every fault, and the status each kind has."""

from typing import Final

from aiohttp import web

from collector.errors import ConfigurationError, ConstatError, NotFoundError, RefusedError
from collector.register.once import KeyReusedError
from collector.store.commit import ForkError, GapError, ShutOutError
from collector.store.enrolment import KeyEnrolledError, TokenRefusedError
from collector.store.ingest import AgentBusyError, BusyError, UnknownAgentError
from collector.store.log import UnsoundLogError
from collector.store.pool import DatabaseUnavailableError
from collector.store.received import TooLargeError
from collector.store.witnessing import CosignedEnoughError
from probes.model.canonical import MalformedError, encode

RETRY_AFTER_S: Final = 2

_FAULTS: Final[dict[type[Exception], tuple[int, str]]] = {
    CosignedEnoughError: (409, "cosigned"),
    MalformedError: (400, "malformed"),
    ConfigurationError: (422, "unusable"),
    RefusedError: (409, "refused"),
    KeyReusedError: (422, "key_reused"),
    TokenRefusedError: (401, "token"),
    UnknownAgentError: (403, "unknown_agent"),
    NotFoundError: (404, "not_found"),
    GapError: (409, "gap"),
    ForkError: (409, "fork"),
    KeyEnrolledError: (409, "enrolled"),
    TooLargeError: (413, "too_large"),
    AgentBusyError: (429, "busy"),
    UnsoundLogError: (500, "unsound_log"),
    BusyError: (503, "busy"),
    DatabaseUnavailableError: (503, "unavailable"),
}


def answer(fields: dict[str, object], *, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=encode(fields), status=status, content_type="application/json")


def refusal(fault: ConstatError | MalformedError) -> web.Response:
    """Return the answer that says what was wrong with a request."""
    if isinstance(fault, ShutOutError):
        return refused(403, fault.state, str(fault))
    status, code = _FAULTS[type(fault)]
    more: dict[str, object] = {}
    if isinstance(fault, GapError):
        more = {"expected": {"batch": fault.expected}}
    return refused(status, code, str(fault), **more)


def refused(status: int, code: str, reason: str, **more: object) -> web.Response:
    """Return the one form of a refusal; 429 and 503 say when to come again."""
    response = answer({"error": code, "reason": reason, **more}, status=status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
