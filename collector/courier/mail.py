"""One attempt to hand an e-mail to the mail server.

What the server says is kept, for it is evidence: without the recipient's address, which would name
a person in the log.
"""

import ssl
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from collector.courier.outcome import Delivery
from collector.settings import MailServer
from collector.store.letters import LetterState

TIMEOUT_S: Final = 30.0
_PERMANENT: Final = 500  # RFC 5321, section 4.2.1: 5yz is not to be tried again


async def hand_over(server: MailServer, message: EmailMessage, recipient: str) -> Delivery:
    """Hand a message to the server once; a server that cannot be used leaves it queued."""
    try:
        refused, answer = await aiosmtplib.send(
            message,
            sender=server.sender,
            recipients=[recipient],
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else _trusting(server),
            username=server.username or None,
            password=_password(server),
            timeout=TIMEOUT_S,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _answered(error.recipients[0], recipient)
    except aiosmtplib.SMTPResponseException as error:
        return _answered(error, recipient)
    except aiosmtplib.SMTPException as error:
        return Delivery(LetterState.QUEUED, _without(recipient, str(error)))
    except OSError as error:
        return Delivery(LetterState.QUEUED, _without(recipient, error.strerror or str(error)))
    assert not refused  # noqa: S101 - one recipient: refused, it is raised
    return Delivery(LetterState.SENT, _without(recipient, answer))


def _answered(error: aiosmtplib.SMTPResponseException, recipient: str) -> Delivery:
    """Return a refusal: for good only where the letter itself was refused, and not us."""
    final = isinstance(error, _OF_THE_LETTER) and error.code >= _PERMANENT
    state = LetterState.REFUSED if final else LetterState.QUEUED
    return Delivery(state, _without(recipient, f"{error.code} {error.message}"))


def _without(recipient: str, said: str) -> str:
    """Return what was said in one short line, the recipient's address taken out."""
    line = " ".join(said.split()).replace(recipient, "…")
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST_ANSWER]


def _trusting(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file)


def _password(server: MailServer) -> str | None:
    if server.password_file is None:
        return None
    return server.password_file.read_text("utf-8").strip("\r\n")


_LONGEST_ANSWER: Final = 200
_OF_THE_LETTER: Final = (
    aiosmtplib.SMTPRecipientRefused,
    aiosmtplib.SMTPSenderRefused,
    aiosmtplib.SMTPDataError,
)
