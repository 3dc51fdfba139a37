"""A witness asks the collector: checkpoints, proofs, leaves. What comes is not believed here.

Plain HTTP/1.1 of the standard library: one request a connection, no redirects, an answer within
one limit of time and of size, or none at all. TLS trusts the system's authorities (or those of
SSL_CERT_FILE).
"""

import http.client
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Final
from urllib.parse import quote, urlsplit

from collector.errors import ConfigurationError
from collector.witness.errors import UnusableLogError
from probes.model.canonical import MalformedError, array, decode_object, integer
from probes.model.checkpoint import LARGEST_NOTE, CheckpointError, Note, read_checkpoint
from probes.model.merkle import HASH_BYTES

PAGE: Final = 500
_PAUSE_S: Final = 15.0
_TOTAL_S: Final = 120.0
_MOST_HASHES: Final = 64
_LARGEST_PROOF: Final = 16 << 10
_LARGEST_PAGE: Final = 16 << 20
_LONGEST_REASON: Final = 200
_OK: Final = 200
_NOT_FOUND: Final = 404
_AGENT: Final = {"User-Agent": "constat-witness"}


class LogClient:
    """What a collector shows of the log of one hospital."""

    def __init__(self, url: str, hospital: str, token: str, *, total_s: float = _TOTAL_S) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise ConfigurationError(f"--collector: {url!r} is no address, as in https://host:8443")
        self._url = url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._path = f"{parts.path.rstrip('/')}/v1/hospitals/{quote(hospital, safe='')}"
        self._headers = {**_AGENT, "Authorization": f"Bearer {token}"}
        self._total_s = total_s

    def checkpoint(self) -> Note:
        """Return the checkpoint of the log as it stands."""
        return self._note(self._asked("GET", "/checkpoint", LARGEST_NOTE))

    def cosigned_by(self, name: str) -> Note | None:
        """Return the newest checkpoint with a cosignature of that name; None if there is none."""
        path = f"/cosignatures?name={quote(name, safe='')}"
        status, body = self._answer("GET", path, LARGEST_NOTE)
        if status == _NOT_FOUND:
            return None
        return self._note(self._expected(status, body))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the log of `new` leaves continues the one of `old`."""
        path = f"/consistency?from={old}&to={new}"
        hashes = self._list(self._asked("GET", path, _LARGEST_PROOF), old, "hashes")
        if len(hashes) > _MOST_HASHES or any(len(value) != HASH_BYTES for value in hashes):
            raise self._unusable("hashes: expected hashes")
        return hashes

    def leaves(self, start: int, count: int) -> list[bytes]:
        """Return at most `count` leaves from `start` on, and at least one: their envelopes."""
        path = f"/leaves?from={start}&count={count}"
        leaves = self._list(self._asked("GET", path, _LARGEST_PAGE), start, "leaves")
        if not 0 < len(leaves) <= count:
            raise self._unusable(f"leaves: expected 1 to {count}")
        return leaves

    def post_cosignature(self, size: int, line: str) -> None:
        """Hand over the cosignature of a checkpoint."""
        self._asked("POST", "/cosignatures", LARGEST_NOTE, f"{size}\n{line}".encode())

    def _note(self, body: bytes) -> Note:
        try:
            return read_checkpoint(body)
        except CheckpointError as error:
            raise self._unusable(str(error)) from None

    def _list(self, body: bytes, start: int, key: str) -> list[bytes]:
        try:
            fields = decode_object(body)
            said = integer(fields, "from")
            values = [b64decode(value, validate=True) for value in _texts(array(fields, key))]
        except ValueError as error:  # also of base64 that is none
            raise self._unusable(str(error)) from None
        if said != start:
            raise self._unusable(f"from: expected {start}")
        return values

    def _asked(self, method: str, path: str, largest: int, body: bytes | None = None) -> bytes:
        return self._expected(*self._answer(method, path, largest, body))

    def _expected(self, status: int, body: bytes) -> bytes:
        if status != _OK:
            raise self._unusable(_reason(status, body))
        return body

    def _answer(
        self, method: str, path: str, largest: int, body: bytes | None = None
    ) -> tuple[int, bytes]:
        headers = self._headers | ({} if body is None else {"Content-Type": "text/plain"})
        connection = self._connection()
        try:
            with _cut_after(connection, self._total_s):
                connection.request(method, self._path + path, body, headers)
                answer = connection.getresponse()
                received = answer.read(largest + 1)
                whole = answer.length in (None, 0)
        except (OSError, http.client.HTTPException) as error:
            raise UnusableLogError(f"cannot reach {self._url}: {_fault(error)}") from None
        finally:
            connection.close()
        if len(received) > largest:
            raise self._unusable(f"more than {largest} bytes")
        if not whole:
            raise self._unusable("only a part of its answer came")
        return answer.status, received

    def _connection(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=_PAUSE_S, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=_PAUSE_S)

    def _unusable(self, reason: str) -> UnusableLogError:
        return UnusableLogError(f"{self._url} shows no log that can be cosigned: {reason}")


@contextmanager
def _cut_after(connection: http.client.HTTPConnection, total_s: float) -> Iterator[None]:
    """Cut a connection that lasts too long, however steadily it drips."""

    def cut() -> None:
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(total_s, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _texts(values: list[object]) -> list[str]:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        raise MalformedError("expected strings")
    return texts


def _reason(status: int, body: bytes) -> str:
    """Return what a refusal says, if it can be shown."""
    with suppress(MalformedError):
        said = decode_object(body).get("reason")
        if isinstance(said, str) and said.isprintable() and len(said) <= _LONGEST_REASON:
            return f"{said} ({status})"
    return f"status {status}"


def _fault(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS failed").replace("_", " ").lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"it does not speak HTTP ({type(error).__name__})"
