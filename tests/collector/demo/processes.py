"""Starts the demonstration's own programs for a test, and always ends them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Started = subprocess.Popen[str]
Start = Callable[..., Started]


@contextmanager
def starting() -> Iterator[Start]:
    """Give a function that starts `python -m collector.demo.MODULE ARGUMENTS`."""
    started: list[Started] = []

    def start(module: str, *arguments: str) -> Started:
        command = [sys.executable, "-m", f"collector.demo.{module}", *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.communicate()


def next_line(process: Started) -> str:
    """Wait for the next line of standard output."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: Started, line: str) -> str:
    """Write a command on standard input and wait for its answer."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return next_line(process)
