"""One request to a time-stamping authority (RFC 3161, section 3.4: over HTTP)."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from cryptography import x509

from collector.errors import ConfigurationError
from collector.evidence.stamp import Stamp, StampError
from collector.evidence.stamp_chain import read_roots
from collector.evidence.stamp_exchange import QUERY_TYPE, read_response, request
from collector.evidence.stamp_token import LONGEST_TOKEN
from collector.settings import Timestamps

_NONCE_BITS: Final = 63
_OK: Final = 200
_TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Authority:
    """Where it answers, and the certificates that what it says must lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]
    timeout_s: float = _TIMEOUT_S

    @classmethod
    def of(cls, settings: Timestamps) -> "Authority":
        """Return the authority of the settings; `ConfigurationError` without readable roots."""
        return cls(settings.url, read_roots_file(settings.roots))

    async def stamp(self, note: bytes) -> tuple[bytes, Stamp]:
        """Return a token of a note, verified, and what it shows.

        Raises `StampError` for whatever came instead; no redirect is followed.
        """
        nonce = secrets.randbits(_NONCE_BITS)
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=self.timeout_s)) as session,
                session.post(
                    self.url,
                    data=request(note, nonce),
                    headers={"Content-Type": QUERY_TYPE},
                    allow_redirects=False,
                ) as answer,
            ):
                body = await _body(answer)
        except TimeoutError:
            raise StampError("time stamp: no answer in time") from None
        except ClientError as error:
            raise StampError(f"time stamp: no answer: {type(error).__name__}") from None
        return read_response(body, note, nonce, self.roots)


def read_roots_file(file: Path) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file; `ConfigurationError` when there are none."""
    try:
        return read_roots(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"cannot read {file}: {error}") from None


async def _body(answer: ClientResponse) -> bytes:
    if answer.status != _OK:
        raise StampError(f"time stamp: the authority answers with status {answer.status}")
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LONGEST_TOKEN:
            raise StampError(f"time stamp: the answer is longer than {LONGEST_TOKEN} bytes")
    return body
