"""The smtp probe: is greeted, greets, goes inside TLS when told to, and takes leave.

A server that says it takes no mail now (421, another 4xx, or 554 in place of a greeting) is not
serving; another code than the one that belongs there is an unexpected status. What comes before it
was asked for is refused: behind the answer to STARTTLS it would be taken for a part of what is
said inside TLS, by whoever put it there. Of what the server says, codes alone are told.
"""

import ssl
from contextlib import suppress
from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.kind import Kind, host_and_port
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.smtp_target import Encryption, SmtpSpec
from probes.pattern import found, quoted, version_in
from probes.smtp_reply import Replies, Reply
from probes.transport import Connection, TlsConnection, dial, secure, trusting

PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.RESPONSE_TOO_LARGE,
    Failure.NOT_SERVING,
    Failure.UNEXPECTED_STATUS,
    Failure.TLS_NOT_OFFERED,
    Failure.MARKER_MISSING,
}


async def probe(spec: SmtpSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a server once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    conversation = _Conversation(spec, attempt)
    try:
        async with attempt:
            summary = await conversation.hold()
    except ProbeError as error:
        return attempt.failed(error)
    version = version_in(conversation.greeting, spec.version)
    if spec.expect is not None and not found(spec.expect, conversation.greeting):
        detail = f"{summary}: a greeting without {quoted(spec.expect)}"
        failure, operation = Failure.MARKER_MISSING, Operation.ASSERT
        return Observation.failed(
            failure, operation, detail, version=version, phases=attempt.phases
        )
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"{summary}: {slow}" if slow else summary
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


class _Conversation:
    """What is said between a mail server and a client that has no mail."""

    _connection: Connection

    def __init__(self, spec: SmtpSpec, attempt: Attempt) -> None:
        self._spec = spec
        self._attempt = attempt
        self._replies = Replies()
        self.greeting = ""

    async def hold(self) -> str:
        """Talk until the server is known to serve; return who it is and what protects it."""
        spec = self._spec
        context = None if spec.encryption is Encryption.NONE else trusting(spec.tls)
        self._connection = await dial(spec.target, None, self._attempt)
        try:
            if context is not None and spec.encryption is Encryption.IMPLICIT:
                await self._shake_hands(context)
            self.greeting = "\n".join((await self._reply(_CONNECTING, 220)).lines)
            extensions = await self._greet()
            if context is not None and spec.encryption is not Encryption.IMPLICIT:
                await self._start_tls(context, extensions)
            with suppress(OSError):  # nothing depends on it any more, nor on its answer
                await self._connection.send(b"QUIT\r\n")
            return self._summary()
        finally:
            self._connection.close()

    async def _greet(self) -> frozenset[str]:
        """Say who we are; return the names of what the server offers."""
        await self._say(f"EHLO {self._spec.helo or _address_literal(self._connection.local)}")
        reply = await self._reply("EHLO", 250)
        offered = (line.split(maxsplit=1) for line in reply.lines[1:])
        return frozenset(words[0].upper() for words in offered if words)

    async def _start_tls(self, context: ssl.SSLContext, extensions: frozenset[str]) -> None:
        if "STARTTLS" not in extensions:
            if self._spec.encryption is Encryption.REQUIRED:
                detail = f"{self._connection.peer} does not offer STARTTLS"
                raise ProbeError(Failure.TLS_NOT_OFFERED, detail, Operation.ASSERT)
            return
        await self._say("STARTTLS")
        await self._reply("STARTTLS", 220)
        await self._shake_hands(context)
        # What was offered outside TLS is forgotten, anybody may have said it (RFC 3207, 4.2).
        await self._greet()

    async def _shake_hands(self, context: ssl.SSLContext) -> None:
        name = self._spec.tls.server_name or self._spec.host
        self._connection = await secure(self._connection, context, name, self._attempt)

    async def _say(self, line: str) -> None:
        self._attempt.begin(Operation.SEND)
        await self._connection.send(f"{line}\r\n".encode())

    async def _reply(self, to: str, expected: int) -> Reply:
        """Return the one reply there must be, with the code there must be, and nothing after it."""
        self._attempt.begin(Operation.NEGOTIATE)
        reply = None
        while reply is None:
            data = await self._connection.receive()
            if not data:
                raise self._ended(to)
            reply = self._replies.feed(data)
        if self._replies.begun:
            detail = f"more came after the reply to {to} than was asked for"
            raise ProbeError(Failure.PROTOCOL_ERROR, detail)
        if reply.code != expected:
            detail = f"{self._connection.peer} answered {to} with {reply.code}"
            raise ProbeError(_meaning(reply.code, to), detail, Operation.ASSERT)
        return reply

    def _ended(self, to: str) -> ProbeError:
        if self._replies.begun:
            return ProbeError(Failure.RESPONSE_TRUNCATED, f"closed in the reply to {to}")
        return ProbeError(Failure.CONNECTION_CLOSED, f"closed without a reply to {to}")

    def _summary(self) -> str:
        connection = self._connection
        inside = f" in {connection.version}" if isinstance(connection, TlsConnection) else ""
        return f"greeted by {connection.peer}{inside}"


def _meaning(code: int, to: str) -> Failure:
    if to == "STARTTLS" and code == _NO_TLS_NOW:
        return Failure.TLS_NOT_OFFERED
    if code in range(400, 500) or (to == _CONNECTING and code == _NO_SERVICE):
        return Failure.NOT_SERVING
    return Failure.UNEXPECTED_STATUS


def _address_literal(address: str) -> str:
    """Return an address as it is given for a name (RFC 5321, section 4.1.3)."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


_CONNECTING: Final = "the connection"
_NO_SERVICE: Final = 554  # RFC 5321, section 3.1
_NO_TLS_NOW: Final = 454  # RFC 3207, section 4

KIND: Final = Kind(
    "smtp",
    SmtpSpec,
    probe,
    PRODUCES,
    host_and_port(25),
    "smtp.example:587 -o encryption=required",
)
