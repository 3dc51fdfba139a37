"""YAML and JSON texts, read strictly."""

import pytest

from collector.judge.document import DocumentError, read_json, read_yaml


def test_dates_stay_text_so_that_a_local_time_is_not_silently_converted() -> None:
    assert read_yaml("{at: 2026-11-14T22:00:00+01:00, day: 2026-11-14}") == {
        "at": "2026-11-14T22:00:00+01:00",
        "day": "2026-11-14",
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2", "line 2, column 1: 'a' is given twice"),
        ("a:\n  b: 1\n  c: 1\n  b: 2", "line 4, column 3: 'b' is given twice"),
        ("a: [1", "line 1, column 6: expected ',' or ']'"),
        ("a: !!python/object:os.system 1", "line 1, column 4: could not determine a constructor"),
        ("a: \x07", "special characters are not allowed"),
        ("[" * 3000, "nested too deep"),
    ],
)
def test_a_yaml_fault_is_told_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_yaml(text)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a":1,\n"a":2}', "'a' is given twice in one object"),
        ('{"a":\n}', "line 2, column 1: Expecting value"),
        ("[" * 200_000, "nested too deep"),
    ],
)
def test_a_json_fault_is_told_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_json(text)
    assert fault in str(caught.value)


def test_plain_values_are_read() -> None:
    assert read_json('{"a":[1,"x",null]}') == {"a": [1, "x", None]}
    assert read_yaml("a: [1, x, null]") == {"a": [1, "x", None]}
