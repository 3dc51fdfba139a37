"""A real mail server on loopback, that keeps what it takes and can be told how to answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """What the server took, and the next answers it gives in place of taking a message.

    `recipient_answers` are given to RCPT, `answers` to the message itself.
    """

    port: int = 0
    answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answers:
            return self.recipient_answers.pop(0).format(address=address)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return f"250 2.0.0 taken as {len(self.taken)}"


@asynccontextmanager
async def mail_server(
    starttls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[MailServer]:
    """Run a mail server; with `starttls` it takes nothing in clear."""
    server = MailServer()
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            server,
            hostname="mx.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            enable_SMTPUTF8=True,
        ),
        "127.0.0.1",
        port,
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
