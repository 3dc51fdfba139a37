"""A call to another program, signed as Standard Webhooks asks (specification 1.0.0).

The receiver recomputes the signature over id, time and body with the secret that both hold, and
refuses what is older than it likes. The same id means the same event, however often it is sent.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from probes.model.instant import SECOND, to_datetime

_PREFIX: Final = "whsec_"
_LEAST_SECRET: Final = 24  # bytes, as the specification says


class BadSecretError(ValueError):
    """A text is no webhook secret."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its headers and its body, as they go out."""

    headers: Mapping[str, str]
    body: bytes


def signed_call(
    event_id: str, event_type: str, at_us: int, data: Mapping[str, Any], secret: bytes
) -> Call:
    """Return the call for an event; `at_us` is when it is sent, microseconds UTC."""
    said_at = to_datetime(at_us, UTC).isoformat()
    event = {"type": event_type, "timestamp": said_at, "data": data}
    body = json.dumps(event, ensure_ascii=False, sort_keys=True).encode()
    seconds = str(at_us // SECOND)
    said = b".".join((event_id.encode(), seconds.encode(), body))
    signature = base64.b64encode(hmac.digest(secret, said, hashlib.sha256)).decode()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{signature}",
    }
    return Call(headers, body)


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret written as `whsec_…`; `BadSecretError` says what is wrong."""
    if not text.startswith(_PREFIX):
        raise BadSecretError(f"a webhook secret begins with {_PREFIX}")
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise BadSecretError(f"a webhook secret is base64 after {_PREFIX}") from None
    if len(secret) < _LEAST_SECRET:
        raise BadSecretError(f"a webhook secret has at least {_LEAST_SECRET} bytes")
    return secret
