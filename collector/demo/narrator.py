"""What the demonstration says while it runs: dated lines, and a countdown on a terminal."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from collector.demo.scenario import Scenario, Unit, Ward

_TICK_S = 0.2


class Narrator:
    """Tells the story on a terminal, or in plain lines when the output goes elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    @property
    def on_terminal(self) -> bool:
        """Whether somebody watches, rather than reads later."""
        return self._console.is_terminal

    def open(self, scenario: Scenario) -> None:
        """Announce the scenario and its terms, which are not those of a real contract."""
        self._print(
            Text.assemble(("Constat demo", "bold"), f" · {scenario.name}: {scenario.story}")
        )
        for line in scaled_terms(scenario):
            self._print(Text(line, "yellow"))
        self._print(Text())

    def say(self, what: str, style: str = "") -> None:
        """Say what has happened, with the seconds since the demonstration began."""
        elapsed = time.monotonic() - self._began
        self._print(Text.assemble((f"{elapsed:6.1f} s  ", "dim"), (what, style)))

    def quote(self, lines: list[str]) -> None:
        """Show what a program said, indented."""
        for line in lines:
            self._print(Text(f"          {line}", "dim"))

    def print(self, line: str = "") -> None:
        """Print a line as it is."""
        self._print(Text(line))

    async def wait_until(self, deadline: float, what: str) -> None:
        """Wait for an instant of the monotonic clock, counting down to it on a terminal."""
        with self.working(what) as update:
            while (left := deadline - time.monotonic()) > 0:
                update(f"{what} in {math.ceil(left)} s")
                await asyncio.sleep(min(left, _TICK_S))

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show on a terminal that something is going on; what it says can be replaced."""
        if self.on_terminal:
            with self._console.status(Text(what)) as status:
                yield lambda line: status.update(Text(line))
        else:
            yield lambda _: None

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def scaled_terms(scenario: Scenario) -> tuple[str, ...]:
    """Say in what the contract of the demonstration differs from a real one."""
    terms = scenario.terms
    notice = {
        Unit.HOURS: "given before the start, whatever the hour (really: days ahead)",
        Unit.CALENDAR_DAYS: f"of {terms.notice_amount} clear days (as in a real contract)",
    }[terms.notice_unit]
    return (
        "The terms of the contract are scaled to the demo:",
        f"  unavailability   at most {terms.limit_s} s (really: 4 h)",
        f"  return           for {terms.return_hold_s} s at least (really: 5 min)",
        f"  notice           {notice}",
        f"  proof            by {terms.quorum} workstations of {len(Ward)} at once",
    )
