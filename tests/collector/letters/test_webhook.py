"""A webhook call is what the reference implementation of Standard Webhooks accepts."""

import base64
import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from collector.letters.webhook import BadSecretError, read_secret, signed_call

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
DATA = {"window": "MAJ-2026-0142", "hospital": "CH-EXEMPLE", "note": "préavis"}


def test_the_reference_implementation_verifies_a_call() -> None:
    call = signed_call(
        "evt_1", "window.announced", time.time_ns() // 1000, DATA, read_secret(SECRET)
    )

    event = Webhook(SECRET).verify(call.body, dict(call.headers))

    assert event["type"] == "window.announced"
    assert event["data"] == DATA


def test_a_call_that_was_changed_is_refused() -> None:
    call = signed_call(
        "evt_1", "window.announced", time.time_ns() // 1000, DATA, read_secret(SECRET)
    )

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(call.body.replace(b"0142", b"0143"), dict(call.headers))


def test_the_time_of_the_call_is_in_seconds_and_in_the_body() -> None:
    call = signed_call("evt_1", "x", 1_793_221_800_000_000, {}, read_secret(SECRET))

    assert call.headers["webhook-timestamp"] == "1793221800"
    assert json.loads(call.body)["timestamp"] == "2026-10-28T21:10:00+00:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("secret", "begins with whsec_"),
        ("whsec_not base64", "base64 after whsec_"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "at least 24 bytes"),
    ],
)
def test_a_secret_that_is_none_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadSecretError, match=reason):
        read_secret(text)
