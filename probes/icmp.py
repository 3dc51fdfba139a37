"""The icmp probe: pings, and counts only the answers to its own echoes.

The socket is the unprivileged one where the system allows it (`ping_group_range`), a raw one where
the agent may open that, and else nothing was measured: `permission_denied`, with what to allow.
It is connected, so that the system keeps away what other hosts send, and asks for the errors that
routers report: a host that is unreachable is told from one that is silent.
"""

import asyncio
import errno
import os
import socket
import struct
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias

from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.echo import Echo, without_ip_header
from probes.kind import Kind, named
from probes.model.failure import Failure, Operation
from probes.model.icmp_target import IcmpSpec
from probes.model.measurement import Observation, Outcome
from probes.transport import Address, resolve

# The error number of each echo that was refused, by the number of the echo.
Refusals: TypeAlias = dict[int, int]

PRODUCES: Final = frozenset(
    {
        Failure.NAME_NOT_FOUND,
        Failure.RESOLUTION_FAILED,
        Failure.HOST_UNREACHABLE,
        Failure.NETWORK_UNREACHABLE,
        Failure.TIMEOUT,
        Failure.OUT_OF_RESOURCES,
        Failure.PERMISSION_DENIED,
    }
)


async def probe(spec: IcmpSpec, deadline: int, clock: Clock) -> Observation:
    """Ping a host; `deadline` is the latest instant of `clock` the answers may come at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    pings = _Pings(spec, clock)
    try:
        async with attempt:
            await pings.all(attempt)
    except ProbeError as error:
        # The wait for the last answers ends by the clock when some are lost.
        if error.failure is not Failure.TIMEOUT or not pings.round_trips_us:
            return attempt.failed(pings.told(error))
    return _judge(spec, pings, attempt)


def _judge(spec: IcmpSpec, pings: "_Pings", attempt: Attempt) -> Observation:
    answered, sent = len(pings.round_trips_us), pings.sent
    mean_us = sum(pings.round_trips_us.values()) // answered
    detail = f"{answered} of {sent} echoes from {pings.peer}, round trip {mean_us / 1_000:.1f} ms"
    too_many_lost = (sent - answered) * 100 > spec.max_loss_percent * sent
    reason = f"more than {spec.max_loss_percent} % lost" if too_many_lost else ""
    reason = reason or slowness(mean_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if reason else Outcome.UP
    # The pauses between echoes are ours: what a ping took is its round trip.
    phases = replace(attempt.phases, first_byte_us=mean_us)
    return Observation(outcome, detail=f"{detail}: {reason}" if reason else detail, phases=phases)


class _Pings:
    """Echoes sent to one address, the answers to them and the errors about them."""

    def __init__(self, spec: IcmpSpec, clock: Clock) -> None:
        self.peer = ""
        self.sent = 0
        self.round_trips_us: dict[int, int] = {}
        self._spec = spec
        self._clock = clock
        self._patience_us = spec.timeouts.first_byte_ms * 1_000
        self._sent_us: dict[int, int] = {}
        self._late = 0
        self._refusals: Refusals = {}

    async def all(self, attempt: Attempt) -> None:
        """Send the echoes and wait until something is known of each; the attempt ends the wait."""
        address, *_ = await resolve(self._spec.target, attempt)
        self.peer = str(address.place[0])
        attempt.begin(Operation.CONNECT)
        line = _Line(address)
        try:
            await self._send_all(line, attempt)
            attempt.begin(Operation.FIRST_BYTE)
            await self._hear(line)
        finally:
            line.close()
        if not self.round_trips_us:
            raise self.told(self._too_late())

    def told(self, error: ProbeError) -> ProbeError:
        """Return why no echo was answered: what a router said of it, rather than the silence."""
        if error.failure is not Failure.TIMEOUT or not self._refusals:
            return error
        code = next(iter(self._refusals.values()))
        unreachable = Failure.HOST_UNREACHABLE
        if code == errno.ENETUNREACH:
            unreachable = Failure.NETWORK_UNREACHABLE
        detail = f"{len(self._refusals)} of {self.sent} echoes to {self.peer} refused"
        return ProbeError(unreachable, f"{detail}: {os.strerror(code).lower()}")

    async def _send_all(self, line: "_Line", attempt: Attempt) -> None:
        for number in range(self._spec.count):
            if number:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PAUSE_S):
                        await self._hear(line, of_all=self._spec.count)
            attempt.begin(Operation.SEND)
            self._sent_us[number] = self._clock()
            self._refuse(line.send(number))
            self.sent += 1

    async def _hear(self, line: "_Line", of_all: int = 0) -> None:
        """Hear until something is known of all that were sent, or of so many."""
        while len(self.round_trips_us) + len(self._refusals) + self._late < (of_all or self.sent):
            answered, refusals = await line.hear()
            self._refuse(refusals)
            if answered in self._sent_us:
                self._answer(answered)

    def _answer(self, number: int) -> None:
        took_us = self._clock() - self._sent_us.pop(number)  # so that a second answer is none
        if took_us <= self._patience_us:
            self.round_trips_us[number] = took_us
        else:
            self._late += 1

    def _refuse(self, refusals: Refusals) -> None:
        for number, code in refusals.items():
            if self._sent_us.pop(number, None) is not None:
                self._refusals[number] = code

    def _too_late(self) -> ProbeError:
        detail = f"{self._late} answers came after {self._patience_us // 1_000} ms"
        return ProbeError(Failure.TIMEOUT, detail)


class _Line:
    """A socket that is connected to one address, for echoes with an identifier of their own."""

    def __init__(self, address: Address) -> None:
        v6 = address.family == socket.AF_INET6
        self._socket, raw = _open(v6=v6)
        try:
            identifier = self._connect(address, raw=raw)
        except OSError:
            self.close()
            raise
        self._echo = Echo(identifier, os.urandom(_TOKEN), v6)
        self._headed = raw and not v6

    def close(self) -> None:
        self._socket.close()

    def send(self, number: int) -> Refusals:
        """Send an echo; return what was reported of those before it."""
        request = self._echo.request(number)
        try:
            self._socket.send(request)
        except OSError:
            # What is wrong with an echo sent before is told by the next call, too.
            refusals = self._reported()
            if refusals is None:
                raise
            self._socket.send(request)
            return refusals
        return {}

    async def hear(self) -> tuple[int | None, Refusals]:
        """Wait for something; return the number of the echo it answers, and what was reported."""
        await self._readable()
        try:
            packet = self._socket.recv(_LONGEST)
        except BlockingIOError:
            return None, self._reported() or {}
        except OSError:
            refusals = self._reported()
            if refusals is None:
                raise
            return None, refusals
        return self._echo.answered(without_ip_header(packet) if self._headed else packet), {}

    def _connect(self, address: Address, *, raw: bool) -> int:
        """Connect, have the errors of routers told, and return the identifier of our echoes."""
        self._socket.settimeout(0)
        level, option = _ERRORS[address.family]
        self._socket.setsockopt(level, option, 1)
        host, _, *scope = address.place
        self._socket.connect((host, 0, *scope))
        if raw:
            return int.from_bytes(os.urandom(2))
        # Into what leaves by an unprivileged socket the system writes the socket's own identifier.
        return int(self._socket.getsockname()[1])

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._socket, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._socket)

    def _reported(self) -> Refusals | None:
        """Take the errors that routers, or this host, reported (ip(7)); None when there is none."""
        refusals: Refusals = {}
        taken = False
        while True:
            try:
                quoted, about, *_ = self._socket.recvmsg(_LONGEST, _LONGEST, socket.MSG_ERRQUEUE)
            except BlockingIOError:
                return refusals if taken else None
            taken = True
            number = self._echo.refused(quoted)
            for level, kind, content in about:
                if number is not None and (level, kind) in _ERRORS.values():
                    (refusals[number],) = _ERROR_CODE.unpack_from(content)


def _open(*, v6: bool) -> tuple[socket.socket, bool]:
    """Return a socket for echoes, and whether it is a raw one."""
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6) if v6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind, protocol), kind == socket.SOCK_RAW
        except OSError as error:
            if error.errno not in _FORBIDDEN:
                raise
    raise ProbeError(Failure.PERMISSION_DENIED, _HOW_TO_ALLOW)


_HOW_TO_ALLOW: Final = (
    "this account may not ping: allow it with sysctl -w net.ipv4.ping_group_range='0 2147483647',"
    " or give the agent CAP_NET_RAW"
)
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT)
_PAUSE_S: Final = 0.2
_TOKEN: Final = 16
_LONGEST: Final = 2_048
# IP_RECVERR and IPV6_RECVERR of Linux, which Python has no names for.
_ERRORS: Final[dict[int, tuple[int, int]]] = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_ERROR_CODE: Final = struct.Struct("=I")  # the first of struct sock_extended_err

KIND: Final = Kind("icmp", IcmpSpec, probe, PRODUCES, named("host"), "dpi.example -o count=5")
