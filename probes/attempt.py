"""One attempt to probe: its clock, its single timer, and what an error means.

This is the one place where an exception becomes a `Failure`. The instrument's own troubles (no
descriptor, no port, no permission, an unreadable file) are told from the target's. An error nobody
foresaw is given no meaning: it goes on, to whoever ran the probe.
"""

import asyncio
import errno
import os
import socket
import ssl
from types import TracebackType
from typing import Final, Protocol, Self

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Phases
from probes.model.target import Timeouts


class Clock(Protocol):
    """A monotonic clock, in microseconds; its zero means nothing."""

    def __call__(self) -> int:
        """Return the time now."""
        ...


class ProbeError(Exception):
    """A probe found out that it failed; no operation means the step it was in."""

    def __init__(self, failure: Failure, detail: str, operation: Operation | None = None) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail
        self.operation = operation


class Attempt:
    """One probe's time: a single timer, moved from step to step, and how long each step took.

    Entered around everything that waits. What is raised inside leaves it as a `ProbeError`, except
    a cancellation from outside and what nobody foresaw.
    """

    def __init__(self, timeouts: Timeouts, deadline: int, clock: Clock) -> None:
        self.operation = Operation.SCHEDULE
        self.began = clock()
        self._limits_ms = {
            Operation.RESOLVE: timeouts.resolve_ms,
            Operation.CONNECT: timeouts.connect_ms,
            Operation.TLS: timeouts.tls_ms,
            Operation.NEGOTIATE: timeouts.negotiate_ms,
            Operation.SEND: timeouts.send_ms,
            Operation.FIRST_BYTE: timeouts.first_byte_ms,
            Operation.TRANSFER: timeouts.transfer_ms,
        }
        self._deadline = deadline
        self._clock = clock
        self._step_began = self.began
        self._spent_us: dict[Operation, int] = {}
        self._timer = _Timer()

    async def __aenter__(self) -> Self:
        self._timer.enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_step()
        if self._timer.leave(kind):
            raise ProbeError(Failure.TIMEOUT, self._timed_out()) from None
        if isinstance(error, OSError):
            failure = failure_of(error)
            if failure is not None:
                raise ProbeError(failure, reason_of(error)) from error

    def begin(self, operation: Operation) -> None:
        """End the step before, and give the next one its time."""
        self._end_step()
        self.operation = operation
        self._timer.allow(self.left_us() / 1e6)

    def left_us(self) -> int:
        """Return the time left to the step, microseconds; the probe's deadline bounds it.

        A step that has no limit of its own, as `run`, has the whole of the probe's time.
        """
        step_ends = self._deadline
        if self.operation in self._limits_ms:
            step_ends = min(step_ends, self._step_began + self._limits_ms[self.operation] * 1_000)
        return step_ends - self._clock()

    @property
    def elapsed_us(self) -> int:
        """The time from the beginning of the probe to the end of its last step."""
        return self._step_began - self.began

    @property
    def phases(self) -> Phases:
        """How long the ended steps took; over redirects, the sum.

        Negotiating and sending count to the first byte: both are waited for before an answer comes.
        """
        spent = self._spent_us.get
        before_answer = [spent(each) for each in _BEFORE_ANSWER if spent(each) is not None]
        return Phases(
            resolve_us=spent(Operation.RESOLVE),
            connect_us=spent(Operation.CONNECT),
            tls_us=spent(Operation.TLS),
            first_byte_us=sum(filter(None, before_answer)) if before_answer else None,
            transfer_us=spent(Operation.TRANSFER),
        )

    def failed(self, error: ProbeError) -> Observation:
        """Return the observation of a probe that ended by an error."""
        operation = error.operation or self.operation
        return Observation.failed(error.failure, operation, error.detail, phases=self.phases)

    def _end_step(self) -> None:
        now = self._clock()
        before = self._spent_us.get(self.operation, 0)
        self._spent_us[self.operation] = before + now - self._step_began
        self._step_began = now

    def _timed_out(self) -> str:
        limit_ms = self._limits_ms.get(self.operation, 0)
        if self._step_began >= self._deadline:
            whole_ms = (self._deadline - self.began) // 1_000
            return f"not over within the {whole_ms} ms of the whole probe"
        return f"not over within {limit_ms} ms"


class _Timer:
    """Cancels the task it is entered in when the time last allowed is over, as `asyncio.timeout`.

    A step of a probe takes a thousandth of what it may: so the loop is told of the first end only,
    and asked again when that has come.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends = self._armed_for = float("inf")
        self._armed: asyncio.TimerHandle | None = None
        self._expired = False

    def enter(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - what waits runs in a task
        self._task = task
        self._cancelled_before = task.cancelling()

    def allow(self, seconds: float) -> None:
        """Allow so much from now on, in place of what was allowed before."""
        self._ends = self._loop.time() + seconds
        if self._ends < self._armed_for and not self._expired:
            self._arm()

    def leave(self, kind: type[BaseException] | None) -> bool:
        """Return whether what ends now is the cancellation by this timer."""
        if self._armed is not None:
            self._armed.cancel()
        ours_alone = self._expired and self._task.uncancel() <= self._cancelled_before
        return ours_alone and kind is not None and issubclass(kind, asyncio.CancelledError)

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
        self._armed_for = self._ends
        self._armed = self._loop.call_at(self._ends, self._ring)

    def _ring(self) -> None:
        if self._loop.time() < self._ends:
            self._arm()
        else:
            self._expired = True
            self._armed = None
            self._task.cancel()


def slowness(elapsed_us: int, limit_ms: int | None) -> str:
    """Return why a probe was slow enough to be degraded; nothing when it was not."""
    if limit_ms is None or elapsed_us <= limit_ms * 1_000:
        return ""
    return f"took {elapsed_us // 1_000} ms, more than {limit_ms}"


def failure_of(error: OSError) -> Failure | None:
    """Return what an error of the system or of TLS means; None for one that nobody foresaw."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return failure_of_certificate(error)
    if isinstance(error, ssl.SSLError):
        return Failure.TLS_FAILED
    if isinstance(error, socket.gaierror):
        return _failure_of_resolution(error)
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT
    return _ERRNOS.get(error.errno or 0)


def failure_of_certificate(error: ssl.SSLCertVerificationError) -> Failure:
    """Return what is wrong with a certificate."""
    return _CERTIFICATES.get(error.verify_code, Failure.CERTIFICATE_UNTRUSTED)


def reason_of(error: OSError) -> str:
    """Return an error in the words of the system: never anything the target said."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        if error.reason in _NO_TLS:
            return "what answers speaks no TLS"
        return (error.reason or "ended in the handshake").lower().replace("_", " ")
    if isinstance(error, socket.gaierror):
        return (error.strerror or "no answer").lower()
    # The loop writes the address into the text of its errors; whoever reports adds it where needed.
    return os.strerror(error.errno).lower() if error.errno else "timed out"


def unreadable(path: str, error: OSError) -> ProbeError:
    """Return the error of a file of the configuration that cannot be used."""
    denied = error.errno in (errno.EACCES, errno.EPERM)
    failure = Failure.PERMISSION_DENIED if denied else Failure.BAD_CONFIGURATION
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        failure = Failure.OUT_OF_RESOURCES
    return ProbeError(failure, f"cannot read {path}: {reason_of(error)}", Operation.SCHEDULE)


_BEFORE_ANSWER: Final = (Operation.NEGOTIATE, Operation.SEND, Operation.FIRST_BYTE)
# Codes of OpenSSL's x509_vfy.h: 62 host name, 64 IP address, 9 not yet valid, 10 expired.
_CERTIFICATES: Final = {
    9: Failure.CERTIFICATE_NOT_YET_VALID,
    10: Failure.CERTIFICATE_EXPIRED,
    62: Failure.CERTIFICATE_NAME_MISMATCH,
    64: Failure.CERTIFICATE_NAME_MISMATCH,
}
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST"})
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY})
_ERRNOS: Final = {
    errno.ECONNREFUSED: Failure.CONNECTION_REFUSED,
    errno.ENOPROTOOPT: Failure.CONNECTION_REFUSED,  # an ICMP "protocol unreachable"
    errno.ECONNRESET: Failure.CONNECTION_RESET,
    errno.ECONNABORTED: Failure.CONNECTION_RESET,
    errno.EPIPE: Failure.CONNECTION_RESET,
    errno.ENOTCONN: Failure.CONNECTION_RESET,  # reset between the answer and the next call
    errno.EHOSTUNREACH: Failure.HOST_UNREACHABLE,
    errno.EHOSTDOWN: Failure.HOST_UNREACHABLE,
    errno.ENETUNREACH: Failure.NETWORK_UNREACHABLE,
    errno.ENETDOWN: Failure.NETWORK_UNREACHABLE,
    errno.EAFNOSUPPORT: Failure.NETWORK_UNREACHABLE,  # this host has no IPv6
    errno.ETIMEDOUT: Failure.TIMEOUT,
    errno.EMFILE: Failure.OUT_OF_RESOURCES,
    errno.ENFILE: Failure.OUT_OF_RESOURCES,
    errno.ENOMEM: Failure.OUT_OF_RESOURCES,
    errno.ENOBUFS: Failure.OUT_OF_RESOURCES,
    errno.EADDRNOTAVAIL: Failure.OUT_OF_RESOURCES,  # every port of this host is in use
    errno.EACCES: Failure.PERMISSION_DENIED,
    errno.EPERM: Failure.PERMISSION_DENIED,
}


def _failure_of_resolution(error: socket.gaierror) -> Failure | None:
    if error.errno == socket.EAI_MEMORY:
        return Failure.OUT_OF_RESOURCES
    if error.errno in _NO_SUCH_NAME:
        return Failure.NAME_NOT_FOUND
    return Failure.RESOLUTION_FAILED
