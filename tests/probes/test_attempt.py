"""One timer for every step, and a total that bounds them all."""

import asyncio
import errno
import os

import pytest

from probes.attempt import Attempt, ProbeError, failure_of, reason_of, slowness, unreadable
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome, Phases
from probes.model.target import Timeouts

HOUR_US = 3_600_000_000


class FakeClock:
    def __init__(self) -> None:
        self.now_us = 7_000

    def __call__(self) -> int:
        return self.now_us


async def _wait_for_ever(attempt: Attempt, operation: Operation) -> None:
    async with attempt:
        attempt.begin(operation)
        await asyncio.get_running_loop().create_future()


async def test_every_step_is_told_its_own_time() -> None:
    clock = FakeClock()
    async with Attempt(Timeouts(), HOUR_US, clock) as attempt:
        for operation, spent_us in [
            (Operation.RESOLVE, 1),
            (Operation.CONNECT, 20),
            (Operation.SEND, 300),
            (Operation.FIRST_BYTE, 4_000),
            (Operation.TRANSFER, 50_000),
            (Operation.CONNECT, 600_000),
        ]:
            attempt.begin(operation)
            clock.now_us += spent_us

    # 20 + 600 000 connecting twice; sending counts to the first byte: 300 + 4 000.
    assert attempt.phases == Phases(1, 600_020, None, 4_300, 50_000)
    assert attempt.elapsed_us == 654_321


async def test_a_step_has_the_time_left_of_its_own_or_of_the_whole() -> None:
    clock = FakeClock()
    attempt = Attempt(Timeouts(connect_ms=5, tls_ms=50), clock.now_us + 20_000, clock)
    async with attempt:
        attempt.begin(Operation.CONNECT)
        clock.now_us += 2_000
        assert attempt.left_us() == 3_000
        attempt.begin(Operation.TLS)
        assert attempt.left_us() == 18_000


async def test_a_step_that_takes_too_long_says_its_limit() -> None:
    attempt = Attempt(Timeouts(tls_ms=1), HOUR_US, FakeClock())
    with pytest.raises(ProbeError) as raised:
        await _wait_for_ever(attempt, Operation.TLS)

    seen = attempt.failed(raised.value)
    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TIMEOUT)
    assert (seen.operation, seen.detail) == (Operation.TLS, "not over within 1 ms")


async def test_a_probe_that_takes_too_long_says_the_limit_of_the_whole() -> None:
    clock = FakeClock()
    attempt = Attempt(Timeouts(), clock.now_us + 8_000, clock)
    clock.now_us += 8_000
    with pytest.raises(ProbeError) as raised:
        await _wait_for_ever(attempt, Operation.FIRST_BYTE)

    assert raised.value.detail == "not over within the 8 ms of the whole probe"
    assert attempt.failed(raised.value).operation is Operation.FIRST_BYTE


async def test_a_cancellation_from_outside_stays_one() -> None:
    attempt = Attempt(Timeouts(), HOUR_US, FakeClock())
    task = asyncio.create_task(_wait_for_ever(attempt, Operation.CONNECT))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_nobody_foresaw_goes_on_as_it_is() -> None:
    with pytest.raises(OSError, match="no such device"):
        async with Attempt(Timeouts(), HOUR_US, FakeClock()):
            raise OSError(errno.ENODEV, "no such device")


async def test_an_error_that_names_its_operation_keeps_it() -> None:
    attempt = Attempt(Timeouts(), HOUR_US, FakeClock())
    error = ProbeError(Failure.REDIRECT_REFUSED, "elsewhere", Operation.ASSERT)

    assert attempt.failed(error).operation is Operation.ASSERT


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (errno.ECONNREFUSED, Failure.CONNECTION_REFUSED),
        (errno.ECONNRESET, Failure.CONNECTION_RESET),
        (errno.EPIPE, Failure.CONNECTION_RESET),
        (errno.EHOSTUNREACH, Failure.HOST_UNREACHABLE),
        (errno.ENETUNREACH, Failure.NETWORK_UNREACHABLE),
        (errno.ETIMEDOUT, Failure.TIMEOUT),
        (errno.EMFILE, Failure.OUT_OF_RESOURCES),
        (errno.ENOMEM, Failure.OUT_OF_RESOURCES),
        (errno.EADDRNOTAVAIL, Failure.OUT_OF_RESOURCES),
        (errno.EACCES, Failure.PERMISSION_DENIED),
        (errno.EPERM, Failure.PERMISSION_DENIED),
        (errno.ENODEV, None),
    ],
)
def test_an_error_of_the_system_has_one_meaning(code: int, failure: Failure | None) -> None:
    assert failure_of(OSError(code, os.strerror(code))) is failure


def test_a_reason_is_in_the_words_of_the_system() -> None:
    assert reason_of(ConnectionRefusedError(111, "Connection refused")) == "connection refused"
    assert reason_of(TimeoutError()) == "timed out"


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (errno.ENOENT, Failure.BAD_CONFIGURATION),
        (errno.EACCES, Failure.PERMISSION_DENIED),
        (errno.EMFILE, Failure.OUT_OF_RESOURCES),
    ],
)
def test_a_file_of_ours_that_cannot_be_read_is_never_the_targets_fault(
    code: int, failure: Failure
) -> None:
    error = unreadable("/etc/ca.pem", OSError(code, os.strerror(code)))

    assert error.failure is failure
    assert error.failure.of_instrument
    assert error.detail.startswith("cannot read /etc/ca.pem: ")


def test_a_probe_is_slow_only_beyond_its_threshold() -> None:
    assert slowness(3_000_000, None) == ""
    assert slowness(3_000_000, 3_000) == ""
    assert slowness(3_000_001, 3_000) == "took 3000 ms, more than 3000"
