"""One question to a name server and the replies to it (RFC 1035): bytes out, bytes in, no socket.

A reply is taken for an answer only when its id, its question and its kind are those of what was
asked: on UDP anybody may send anything. What is meant for us and cannot be read is an error.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from probes.attempt import ProbeError
from probes.model.dns_target import RecordType
from probes.model.failure import Failure, Operation

if TYPE_CHECKING:
    from dns.message import Message


class Reply(NamedTuple):
    """What a name server answered: a code (RFC 6895, section 2.3), and the records asked for."""

    rcode: str
    records: frozenset[str]
    cut: bool = False


class Question:
    """A question with an id of its own; `wire` is its form."""

    def __init__(self, name: str, kind: RecordType) -> None:
        import dns.message  # noqa: PLC0415 - only agents that ask name servers pay for it

        # Without EDNS, as the C library's resolver asks: old servers refuse more (RFC 6891, 7).
        self._query = dns.message.make_query(name, kind.value, use_edns=False)
        self._kind = kind
        self.wire: Final = self._query.to_wire()

    def reply(self, data: bytes) -> Reply | None:
        """Return the reply that a message is; None when it is none to this question."""
        if len(data) < _HEADER or data[:2] != self.wire[:2] or not data[2] & _IS_REPLY:
            return None
        if data[2] & _IS_CUT:
            return Reply("NOERROR", frozenset(), cut=True)
        from dns.exception import DNSException  # noqa: PLC0415 - as above
        from dns.message import from_wire  # noqa: PLC0415

        try:
            message = from_wire(data)
            if not self._query.is_response(message):
                return None
            return Reply(_code(message), frozenset(self._records(message)))
        except (DNSException, ValueError):
            detail = "a reply to this question that is no DNS message"
            raise ProbeError(Failure.PROTOCOL_ERROR, detail, Operation.ASSERT) from None

    def _records(self, message: "Message") -> Iterator[str]:
        """Yield the records at the end of the aliases of the name, in their plain form."""
        from dns.message import QueryMessage  # noqa: PLC0415 - as above

        if not isinstance(message, QueryMessage) or len(message.question) != 1:
            return
        found = message.resolve_chaining().answer
        for record in found or ():
            yield _text(self._kind, record)


def _code(message: "Message") -> str:
    from dns.rcode import to_text  # noqa: PLC0415 - as above

    return to_text(message.rcode())


def _text(kind: RecordType, record: object) -> str:
    """Return a record of a reply in its plain form; texts in several strings are joined."""
    fields = [getattr(record, name) for name in _FIELDS[kind]]
    if kind is RecordType.TXT:
        return b"".join(fields[0]).decode("utf-8", "backslashreplace")
    return " ".join(str(each).lower().removesuffix(".") for each in fields)


_HEADER: Final = 12
_IS_REPLY: Final = 0x80
_IS_CUT: Final = 0x02
_FIELDS: Final = {
    RecordType.A: ("address",),
    RecordType.AAAA: ("address",),
    RecordType.CNAME: ("target",),
    RecordType.MX: ("preference", "exchange"),
    RecordType.PTR: ("target",),
    RecordType.SRV: ("priority", "weight", "port", "target"),
    RecordType.TXT: ("strings",),
}
