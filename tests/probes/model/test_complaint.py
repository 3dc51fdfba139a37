"""Errors that quote what came from elsewhere."""

import json

from probes.model.complaint import LONGEST, on_one_line, plain_json, shortened


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


def test_json_escapes_what_a_terminal_would_obey_and_says_the_same() -> None:
    value = {"é": "état → ✓", "text": 'a"\n\x1b[2J\x7f\x9b\xa0\u200b\u202e\u2028\ud800\U000e0041'}
    text = plain_json(value)
    assert text == (
        '{"é": "état → ✓", "text": "a\\"\\n\\u001b[2J\\u007f\\u009b\\u00a0\\u200b\\u202e\\u2028'
        '\\ud800\\udb40\\udc41"}'
    )
    assert json.loads(text) == value


def test_json_on_several_lines_has_the_lines_it_was_asked_for() -> None:
    assert plain_json({"a": ["\n\x9b"]}, indent=2).split("\n") == [
        "{",
        '  "a": [',
        '    "\\n\\u009b"',
        "  ]",
        "}",
    ]
