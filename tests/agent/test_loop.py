"""The loop that wakes in time: it must still do all that a loop does."""

import asyncio
import os
import signal
import socket
from selectors import EVENT_READ

import pytest

from agent.loop import PunctualSelector, run_punctually


async def _loops_selector() -> object:
    return getattr(asyncio.get_running_loop(), "_selector", None)


def test_what_runs_on_it_runs_to_its_end_on_that_selector() -> None:
    assert isinstance(run_punctually(_loops_selector()), PunctualSelector)


def test_an_error_of_what_runs_comes_out() -> None:
    async def fail() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here"):
        run_punctually(fail())


@pytest.mark.parametrize("timeout", [None, 0, -1, 60])
def test_what_is_ready_is_told_at_once_whatever_the_timeout(timeout: float | None) -> None:
    here, there = socket.socketpair()
    with here, there, PunctualSelector() as selector:
        selector.register(here, EVENT_READ, "data")
        there.send(b"x")
        assert [(key.data, mask) for key, mask in selector.select(timeout)] == [
            ("data", EVENT_READ)
        ]


@pytest.mark.parametrize("timeout", [0, -1, 0.0001])
def test_nothing_is_told_when_the_time_is_over(timeout: float) -> None:
    here, there = socket.socketpair()
    with here, there, PunctualSelector() as selector:
        selector.register(here, EVENT_READ)
        assert selector.select(timeout) == []


def test_a_timer_is_never_early() -> None:
    async def delays() -> list[float]:
        loop = asyncio.get_running_loop()
        seen = []
        for pause_us in (1, 50, 300, 700, 1_200):
            due = loop.time() + pause_us / 1e6
            await asyncio.sleep(pause_us / 1e6)
            seen.append(loop.time() - due)
        return seen

    assert min(run_punctually(delays())) >= 0


def test_a_signal_wakes_a_loop_that_waits_for_a_minute() -> None:
    async def told() -> str:
        loop = asyncio.get_running_loop()
        signalled = asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, signalled.set)
        loop.call_later(60, signalled.set)
        loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
        await signalled.wait()
        return "told"

    assert run_punctually(told()) == "told"
