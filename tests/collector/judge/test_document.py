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
        (f"a: {'1' * 5000}", "line 1, column 4: is no int"),
        ("a: !!timestamp 2026-99-99", "line 1, column 4: is no timestamp"),
        ("a: !!bool x", "line 1, column 4: is no bool"),
        ("a: !!map 3", "line 1, column 4: expected a mapping node"),
        ("? [a]\n: 1", "line 1, column 3: a key must be a text"),
        ('a: "\\ud800"', "line 1, column 4: holds a lone surrogate"),
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
        ("1" * 5000, "an integer has thousands of digits"),
        ('["\\ud800"]', "a text holds a lone surrogate"),
    ],
)
def test_a_json_fault_is_told_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_json(text)
    assert fault in str(caught.value)


def test_plain_values_are_read() -> None:
    assert read_json('{"a":[1,"x",null]}') == {"a": [1, "x", None]}
    assert read_yaml("a: [1, x, null]") == {"a": [1, "x", None]}


def test_a_key_given_twice_is_found_at_once_among_very_many() -> None:
    # Compared with each other, these keys would take minutes.
    keys = ",".join(f'"{number}":1' for number in range(200_000))
    with pytest.raises(DocumentError, match="'199999' is given twice"):
        read_json(f'{{{keys},"199999":2}}')


def test_a_fault_is_told_in_a_line_however_long_what_it_quotes() -> None:
    with pytest.raises(DocumentError) as caught:
        read_json(f'{{"{"a" * 9999}":1,"{"a" * 9999}":2}}')
    assert len(str(caught.value)) == 300
    assert str(caught.value).endswith("aaa' is given twice in one object")
