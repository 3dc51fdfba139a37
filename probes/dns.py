"""The dns probe: asks name servers as a host's stub resolver would, and compares the records.

Over UDP the question is asked again, once, when half of the time for its answer has passed: one
lost datagram is no outage, and the detail tells of it. Replies to other questions are passed over,
as on UDP anybody may send them; when nothing else came they are what failed. Of several name
servers the next is asked when one does not answer, or answers that it cannot; that a name does not
exist is an answer. What the records are is never told: only how many there are, and which of the
expected is missing.
"""

import asyncio
from contextlib import suppress
from typing import Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, failure_of, reason_of, slowness
from probes.dns_question import Question, Reply
from probes.kind import Kind, named, package
from probes.model.dns_target import DnsSpec, Transport, parse_server
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.target import Target
from probes.transport import Address, Connection, reach, resolve

PRODUCES: Final = (
    transport.PRODUCES
    - {
        Failure.TLS_FAILED,
        Failure.CERTIFICATE_EXPIRED,
        Failure.CERTIFICATE_NOT_YET_VALID,
        Failure.CERTIFICATE_UNTRUSTED,
        Failure.CERTIFICATE_NAME_MISMATCH,
    }
) | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.MISMATCHED_REPLY,
    Failure.UNEXPECTED_VALUE,
}


async def probe(spec: DnsSpec, deadline: int, clock: Clock) -> Observation:
    """Ask once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    asking = _Asking(spec, attempt)
    try:
        async with attempt:
            reply = await asking.answer()
            summary = asking.summary(reply)
            _require(spec, reply, summary)
    except ProbeError as error:
        return attempt.failed(asking.told(error))
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"{summary}: {slow}" if slow else summary
    return Observation(outcome, detail=detail, phases=attempt.phases)


class _Asking:
    """A question on its way to one name server after the other, and what befell it."""

    def __init__(self, spec: DnsSpec, attempt: Attempt) -> None:
        self._spec = spec
        self._attempt = attempt
        self._question = Question(spec.asked_name, spec.type)
        self._passed_over = 0
        self._notes: list[str] = []
        self.peer = ""

    async def answer(self) -> Reply:
        """Return the first reply that answers; the last name server's failure is raised."""
        servers = await self._servers()
        for tried, server in enumerate(servers):
            others = len(servers) - tried - 1
            try:
                return await self._ask(server, others)
            except (OSError, ProbeError) as error:
                failure, reason = _told(error)
                if not others or failure not in _ASK_THE_NEXT:
                    raise
                self._notes.append(f"{server} {reason}")
        raise AssertionError("there is always a server")

    def summary(self, reply: Reply) -> str:
        """Return how many records came from where, and what happened on the way."""
        summary = f"{len(reply.records)} of type {self._spec.type} from {self.peer}"
        return "; ".join([summary, *self._notes])

    def told(self, error: ProbeError) -> ProbeError:
        """Return an error with all that happened before it."""
        failure, detail, operation = error.failure, error.detail, error.operation
        if failure is Failure.TIMEOUT and self._passed_over:
            failure = Failure.MISMATCHED_REPLY
            detail = f"{self._passed_over} datagrams came, none an answer to this question"
        return ProbeError(failure, "; ".join([detail, *self._notes]), operation)

    async def _servers(self) -> list[Address]:
        if self._spec.server:
            return await resolve(parse_server(self._spec.server, self._spec.family), self._attempt)
        servers = []
        for target in _system_servers(self._spec):
            servers += await resolve(target, self._attempt)
        return servers

    async def _ask(self, server: Address, others: int) -> Reply:
        self.peer = str(server)
        # As the C library does, leave to each of the others the same time for its answer.
        async with asyncio.timeout(self._share_s(others) if others else None):
            reply = None
            if self._spec.transport is Transport.UDP:
                reply = await self._by_datagrams(server, self._share_s(others) / 2)
            if reply is None or reply.cut:
                reply = await self._by_stream(server)
        if reply.rcode not in _ANSWERS:
            detail = f"{reply.rcode} from {server}"
            raise ProbeError(Failure.RESOLUTION_FAILED, detail, Operation.ASSERT)
        return reply

    def _share_s(self, others: int) -> float:
        self._attempt.begin(Operation.FIRST_BYTE)
        return self._attempt.left_us() / 1e6 / (others + 1)

    async def _by_datagrams(self, server: Address, patience_s: float) -> Reply:
        self._attempt.begin(Operation.CONNECT)
        connection = await reach(server, datagrams=True)
        try:
            self._attempt.begin(Operation.SEND)
            await connection.send(self._question.wire)
            self._attempt.begin(Operation.FIRST_BYTE)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    return await self._first_reply(connection)
            self._notes.append(f"{server} was asked again")
            await connection.send(self._question.wire)
            return await self._first_reply(connection)
        finally:
            connection.close()

    async def _first_reply(self, connection: Connection) -> Reply:
        while True:
            reply = self._question.reply(await connection.receive())
            if reply is not None:
                return reply
            self._passed_over += 1
            await asyncio.sleep(0)  # a flood of datagrams must not hold up the loop

    async def _by_stream(self, server: Address) -> Reply:
        self._attempt.begin(Operation.CONNECT)
        connection = await reach(server)
        try:
            self._attempt.begin(Operation.SEND)
            wire = self._question.wire
            await connection.send(len(wire).to_bytes(2) + wire)
            self._attempt.begin(Operation.FIRST_BYTE)
            data = await self._framed(connection)
        finally:
            connection.close()
        reply = self._question.reply(data)
        if reply is None:
            detail = f"{server} answered another question"
            raise ProbeError(Failure.MISMATCHED_REPLY, detail, Operation.ASSERT)
        if reply.cut:
            raise ProbeError(Failure.RESPONSE_TRUNCATED, "cut short by the name server itself")
        return reply

    async def _framed(self, connection: Connection) -> bytes:
        """Return a message after its length, two bytes (RFC 1035, section 4.2.2)."""
        received = await connection.receive()
        if not received:
            raise ProbeError(Failure.CONNECTION_CLOSED, "closed without an answer")
        self._attempt.begin(Operation.TRANSFER)
        while len(received) < (end := 2 + int.from_bytes(received[:2])):
            data = await connection.receive()
            if not data:
                raise ProbeError(Failure.RESPONSE_TRUNCATED, "closed before the answer was whole")
            received += data
        return received[2:end]


def _told(error: OSError | ProbeError) -> tuple[Failure | None, str]:
    if isinstance(error, ProbeError):
        return error.failure, error.detail
    return failure_of(error), reason_of(error)


def _system_servers(spec: DnsSpec) -> list[Target]:
    """Return the name servers of this host's configuration, of the family asked for."""
    from dns.resolver import NoResolverConfiguration, Resolver  # noqa: PLC0415 - see _lack

    try:
        named = Resolver(_RESOLV_CONF).nameservers
    except NoResolverConfiguration:
        named = []
    servers = []
    for each in named:
        with suppress(ValueError):  # of the other family
            servers.append(Target(str(each), _PORT, spec.family))
    if not servers:
        detail = "the system names no name server to ask; give the check one, as server"
        raise ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE)
    return servers


def _require(spec: DnsSpec, reply: Reply, summary: str) -> None:
    """Raise the first thing that is wrong with the records of a reply."""
    if reply.rcode == _NO_SUCH_NAME:
        detail = f"{reply.rcode}: {summary}"
        raise ProbeError(Failure.NAME_NOT_FOUND, detail, Operation.ASSERT)
    if not reply.records:
        detail = f"the name exists, without such a record: {summary}"
        raise ProbeError(Failure.NAME_NOT_FOUND, detail, Operation.ASSERT)
    missing = sorted(spec.wanted - reply.records)
    if missing:
        detail = f"{summary}: without {missing[0]!r}"
        raise ProbeError(Failure.UNEXPECTED_VALUE, detail, Operation.ASSERT)
    if spec.expect and reply.records != spec.wanted:
        others = len(reply.records - spec.wanted)
        detail = f"{summary}: {others} of them not expected"
        raise ProbeError(Failure.UNEXPECTED_VALUE, detail, Operation.ASSERT)


def _lack(spec: object) -> str:
    """Return what is missing; when nothing is, load it now rather than in the time of a probe."""
    lack = package("dns", "dns")(spec)
    if not lack:
        import dns.message  # noqa: PLC0415
        import dns.resolver  # noqa: F401, PLC0415
    return lack


_PORT: Final = 53
_RESOLV_CONF: Final = "/etc/resolv.conf"
_NO_SUCH_NAME: Final = "NXDOMAIN"
_ANSWERS: Final = frozenset({"NOERROR", _NO_SUCH_NAME})
# What a name server may fail by for another to be asked.
_ASK_THE_NEXT: Final = frozenset(
    {
        Failure.TIMEOUT,
        Failure.CONNECTION_REFUSED,
        Failure.CONNECTION_RESET,
        Failure.CONNECTION_CLOSED,
        Failure.HOST_UNREACHABLE,
        Failure.NETWORK_UNREACHABLE,
        Failure.RESOLUTION_FAILED,
        Failure.PROTOCOL_ERROR,
        Failure.RESPONSE_TRUNCATED,
        Failure.MISMATCHED_REPLY,
    }
)

KIND: Final = Kind(
    "dns",
    DnsSpec,
    probe,
    PRODUCES,
    named("name"),
    "dpi.example -o server=10.0.0.53 -o 'expect=[10.1.2.3]'",
    _lack,
)
