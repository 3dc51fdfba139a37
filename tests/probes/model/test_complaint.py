"""Errors that quote what came from elsewhere."""

from probes.model.complaint import LONGEST, shortened


def test_a_complaint_that_fits_is_left_alone() -> None:
    assert shortened("a" * LONGEST) == "a" * LONGEST


def test_one_that_does_not_loses_its_middle() -> None:
    cut = shortened("start " + "a" * LONGEST + " end")
    assert len(cut) == LONGEST
    assert cut.startswith("start aaa")
    assert cut.endswith("aaa end")
