import io
import re
import time

import pytest
from rich.console import Console

from collector.demo.narrator import Narrator, scaled_terms
from collector.demo.scenario import SCENARIOS, Scenario


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


def test_where_there_is_no_terminal_there_are_plain_lines_however_long(
    output: io.StringIO,
) -> None:
    narrator = Narrator(Console(file=output, width=20))
    narrator.say("a line much longer than the width of that terminal [which is no markup]")
    assert re.fullmatch(
        r" +\d+\.\d s  a line much longer than the width of that terminal"
        r" \[which is no markup\]\n",
        output.getvalue(),
    )


async def test_nothing_is_counted_down_where_there_is_no_terminal(output: io.StringIO) -> None:
    await Narrator(Console(file=output)).wait_until(time.monotonic(), "the window opens")
    assert not output.getvalue()


async def test_a_terminal_shows_what_is_waited_for(output: io.StringIO) -> None:
    narrator = Narrator(Console(file=output, force_terminal=True))
    await narrator.wait_until(time.monotonic() + 0.01, "the window opens")
    assert "the window opens" in output.getvalue()


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_every_demonstration_says_that_its_terms_are_scaled(
    scenario: Scenario, output: io.StringIO
) -> None:
    Narrator(Console(file=output)).open(scenario)
    said = output.getvalue()
    assert "The terms of the contract are scaled to the demo" in said
    assert "at most 20 s (really: 4 h)" in said


def test_a_notice_of_days_is_said_not_to_be_scaled() -> None:
    assert any("3 clear days" in line for line in scaled_terms(SCENARIOS["short-notice"]))
    assert not any("clear days" in line for line in scaled_terms(SCENARIOS["compliant"]))
