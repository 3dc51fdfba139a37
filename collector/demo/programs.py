"""The programs a demonstration starts: each with its own log, all of them stopped at the end.

Each is put in a session of its own, so that a Ctrl-C reaches the demonstration alone, and it is
the demonstration that stops them, the last started first.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from collector.errors import ConstatError

# -P: a folder named `agent` where the demonstration is started from is not ours.
PYTHON = (sys.executable, "-P")

ANSWER_WITHIN_S = 60
STOP_TIMEOUT_S = 20
_LAST_LINES = 12
_LONGEST_LINE = 16 * 1024 * 1024

LineTaker = Callable[[str], None]


class ProgramError(ConstatError):
    """A program that ended when it should not have, or refused what it was asked."""

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(f"{reason}; see {log}")
        self.log = log

    def last_lines(self) -> list[str]:
        """Read the end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]


@dataclass(frozen=True, slots=True)
class Program:
    """One program that was started, and where it logs."""

    name: str
    process: Process
    log: Path

    async def next_line(self) -> str:
        """Wait for its next line of output; a program that ends instead is an error."""
        assert self.process.stdout is not None, self.name  # noqa: S101 - it was started to talk
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                line = await self.process.stdout.readline()
        except TimeoutError:
            raise ProgramError(f"{self.name} does not answer", self.log) from None
        if not line:
            await self.process.wait()
            raise self.failure()
        return line.decode().strip()

    async def tell(self, line: str) -> str:
        """Give it a line on its standard input, and wait for its answer."""
        assert self.process.stdin is not None, self.name  # noqa: S101 - it was started to talk
        self.process.stdin.write(f"{line}\n".encode())
        return await self.next_line()

    def failure(self) -> ProgramError:
        """Say how it ended."""
        return ProgramError(f"{self.name} ended with code {self.process.returncode}", self.log)


class Finished(NamedTuple):
    """How a program that ran to its end ended, and the lines it wrote."""

    code: int
    lines: list[str]


class Programs:
    """Every program of one demonstration."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        # What a shell says of another collector must not lead a command of this one astray.
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CONSTAT_")
        }
        self._running: list[Program] = []

    async def start(self, name: str, *command: str) -> Program:
        """Start a program that only logs."""
        with self._log(name).open("ab") as log:
            return await self._spawn(name, command, stdin=DEVNULL, stdout=log)

    async def converse(self, name: str, *command: str) -> Program:
        """Start a program that is told lines and answers with lines."""
        return await self._spawn(name, command, stdin=PIPE, stdout=PIPE)

    async def run(
        self,
        name: str,
        *command: str,
        accept: Collection[int] = (0,),
        on_line: LineTaker | None = None,
    ) -> Finished:
        """Run a program to its end, handing on each line as it comes; refuse other exit codes."""
        program = await self._spawn(name, command, stdin=DEVNULL, stdout=PIPE)
        lines: list[str] = []
        assert program.process.stdout is not None, name  # noqa: S101 - it was started to talk
        async for line in program.process.stdout:
            lines.append(line.decode().rstrip("\n"))
            if on_line is not None:
                on_line(lines[-1])
        return Finished(await self._ended(program, accept), lines)

    async def show(self, name: str, *command: str, accept: Collection[int]) -> int:
        """Run a program to its end with our standard output for its own."""
        program = await self._spawn(name, command, stdin=DEVNULL, stdout=None)
        return await self._ended(program, accept)

    def watch(self) -> None:
        """Raise if one of the programs has ended without being asked to."""
        for program in self._running:
            if program.process.returncode is not None:
                raise program.failure()

    async def stop(self, program: Program, how: signal.Signals = signal.SIGTERM) -> None:
        """End a program, by force if it has not ended in time."""
        self._running.remove(program)
        if program.process.returncode is not None:
            return
        program.process.send_signal(how)
        try:
            await asyncio.wait_for(program.process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            os.killpg(program.process.pid, signal.SIGKILL)
            await program.process.wait()

    async def stop_all(self) -> None:
        """End every program that still runs, the last started first."""
        while self._running:
            await self.stop(self._running[-1])

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    async def _spawn(
        self, name: str, command: tuple[str, ...], *, stdin: int, stdout: int | IO[bytes] | None
    ) -> Program:
        log = self._log(name)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=stdin,
                stdout=stdout,
                stderr=errors,
                start_new_session=True,
                limit=_LONGEST_LINE,
                env=self._environment,
            )
        program = Program(name, process, log)
        self._running.append(program)
        return program

    async def _ended(self, program: Program, accept: Collection[int]) -> int:
        code = await program.process.wait()
        self._running.remove(program)
        if code not in accept:
            raise program.failure()
        return code
