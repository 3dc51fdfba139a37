"""Errors that quote what came from elsewhere."""

from probes.model.complaint import LONGEST, on_one_line, shortened


def test_a_complaint_that_fits_is_left_alone() -> None:
    assert shortened("a" * LONGEST) == "a" * LONGEST


def test_one_that_does_not_loses_its_middle() -> None:
    cut = shortened("start " + "a" * LONGEST + " end")
    assert len(cut) == LONGEST
    assert cut.startswith("start aaa")
    assert cut.endswith("aaa end")


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert on_one_line("état é → ✓") == "état é → ✓"
    assert on_one_line("a\nb\x1b[2J\u202ec\ud800") == "a\\nb\\x1b[2J\\u202ec\\ud800"
    assert shortened("\x9b") == "\\x9b"
