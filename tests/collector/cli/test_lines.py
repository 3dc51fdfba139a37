"""A running collector says what happens in lines, whatever a library has to add."""

import logging

from collector.cli.lines import OneLine


def _line(message: str, fault: BaseException | None = None) -> str:
    info = (type(fault), fault, None) if fault is not None else None
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, message, (), info)
    return OneLine().format(record)


def test_a_warning_is_one_line() -> None:
    assert _line("the agent ended:\n  starting it again") == (
        "constat: the agent ended: starting it again"
    )


def test_an_exception_is_named_without_its_traceback() -> None:
    assert _line("cannot restore", ConnectionError("gone\naway")) == (
        "constat: cannot restore: ConnectionError: gone away"
    )


def test_an_exception_that_says_nothing_is_named_all_the_same() -> None:
    assert _line("cannot restore", TimeoutError()) == "constat: cannot restore: TimeoutError()"
