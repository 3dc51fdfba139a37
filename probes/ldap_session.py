"""A conversation with a directory: sansldap reads the protocol and never sees a socket.

Result codes are all that is told of an answer: its texts, names and referrals stay here.
"""

from typing import TYPE_CHECKING, Final

from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.transport import Connection

if TYPE_CHECKING:
    from sansldap import LDAPMessage, LDAPResult

_LONGEST_MESSAGE: Final = 1 << 20
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80
_SHORTEST_HEAD: Final = 2
_LONGEST_HEAD: Final = 6


class LdapSession:
    """The messages of one connection, in both directions."""

    def __init__(self, connection: Connection, attempt: Attempt) -> None:
        import sansldap  # noqa: PLC0415 - only where a directory is probed

        self.connection = connection
        self.client = sansldap.LDAPClient()
        self._library = sansldap
        self._attempt = attempt
        self._came = bytearray()

    async def say(self) -> None:
        """Send what the client has to say."""
        self._attempt.begin(Operation.SEND)
        await self.connection.send(self.client.data_to_send())

    async def hear(self) -> "LDAPMessage":
        """Return the next message."""
        while (length := _first_length(self._came)) is None or length > len(self._came):
            data = await self.connection.receive()
            if not data:
                cut = len(self._came) > 0
                failure = Failure.RESPONSE_TRUNCATED if cut else Failure.CONNECTION_CLOSED
                raise ProbeError(failure, "closed before it had answered")
            self._came += data
        message = bytes(self._came[:length])
        del self._came[:length]
        return self._read(message)

    @property
    def idle(self) -> bool:
        """Whether nothing came that was not taken yet, not even a part of a message."""
        return not self._came

    def _read(self, message: bytes) -> "LDAPMessage":
        try:
            [read] = self.client.receive(message)
        except self._library.ProtocolError as error:
            raise self._broken(error.request) from None
        except _UNREADABLE:
            raise _no_ldap() from None
        return read

    def _broken(self, said: "LDAPMessage | None") -> ProbeError:
        """Return the error of what cannot be a part of this conversation."""
        result = getattr(said, "result", None)
        if result is None:
            return _no_ldap()
        # A notice of disconnection (RFC 4511, section 4.4.1) says why.
        detail = f"it ends the conversation: {code_of(result)}"
        return ProbeError(Failure.NOT_SERVING, detail, Operation.ASSERT)


def code_of(result: "LDAPResult") -> str:
    """Return a result code as the standard numbers and names it: `51 busy`."""
    first, *others = result.result_code.name.lower().split("_")
    return f"{result.result_code.value} {first}{''.join(word.title() for word in others)}"


def _first_length(came: bytearray) -> int | None:
    """Return the length of the first message; None until it is known (RFC 4511, section 5.1)."""
    if came and came[0] != _SEQUENCE:
        raise _no_ldap()
    if len(came) < _SHORTEST_HEAD:
        return None
    short = came[1]
    if short < _LONG_FORM:
        return _SHORTEST_HEAD + short
    head = _SHORTEST_HEAD + short - _LONG_FORM
    if short == _LONG_FORM or head > _LONGEST_HEAD:
        raise _no_ldap()
    if len(came) < head:
        return None
    length = head + int.from_bytes(came[_SHORTEST_HEAD:head], "big")
    if length > _LONGEST_MESSAGE:
        detail = f"a message of more than {_LONGEST_MESSAGE} bytes"
        raise ProbeError(Failure.RESPONSE_TOO_LARGE, detail)
    return length


def _no_ldap() -> ProbeError:
    return ProbeError(Failure.PROTOCOL_ERROR, "what came is no LDAP")


# What sansldap lets through of bytes that are no BER.
_UNREADABLE: Final = (ValueError, IndexError, KeyError, TypeError, RecursionError, OverflowError)
