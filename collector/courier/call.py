"""One attempt to call a program that wants to be told."""

from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from collector.courier.outcome import Delivery
from collector.letters.webhook import BadSecretError, read_secret, signed_call
from collector.settings import Webhook
from collector.store.letters import LetterState

_TIMEOUT: Final = ClientTimeout(total=15)
_GONE: Final = 410  # Standard Webhooks 1.0.0: the receiver wants no more


async def call(
    webhook: Webhook, event_id: str, event_type: str, at_us: int, data: dict[str, Any]
) -> Delivery:
    """Call a program once; only an answer 2xx is a receipt, and no redirect is followed."""
    try:
        secret = read_secret(webhook.secret_file.read_text("ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        return Delivery(LetterState.QUEUED, f"cannot read the secret: {type(error).__name__}")
    except BadSecretError as error:
        return Delivery(LetterState.QUEUED, str(error))
    signed = signed_call(event_id, event_type, at_us, data, secret)
    try:
        async with (
            ClientSession(timeout=_TIMEOUT) as session,
            session.post(
                webhook.url, data=signed.body, headers=signed.headers, allow_redirects=False
            ) as answer,
        ):
            status = answer.status
    except TimeoutError:
        return Delivery(LetterState.QUEUED, "no answer in time")
    except ClientError as error:
        return Delivery(LetterState.QUEUED, type(error).__name__)
    state = LetterState.SENT if 200 <= status < 300 else LetterState.QUEUED  # noqa: PLR2004
    return Delivery(LetterState.REFUSED if status == _GONE else state, f"status {status}")
