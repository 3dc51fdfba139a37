"""The canonical bytes, and the strict reader."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from probes.model.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    JsonValue,
    MalformedError,
    array,
    decode,
    decode_object,
    encode,
    integer,
    mapping,
    text,
)

INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
).filter(lambda value: depth(value) <= MAX_DEPTH)


def depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


@given(VALUES)
def test_the_bytes_are_those_of_an_independent_rfc_8785_implementation(value: JsonValue) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_every_value_survives_its_bytes(value: JsonValue) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    try:
        value = decode(data)
    except MalformedError:
        return
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'{"a":1,"a":2}', "'a' appears twice"),
        (b'{"a":{"b":1,"b":1}}', "'b' appears twice"),
        (b"1.5", "1.5 is not an integer"),
        (b"1e3", "1e3 is not an integer"),
        (b"NaN", "NaN is not an integer"),
        (b"[Infinity]", "Infinity is not an integer"),
        (b"null", "null has no canonical form"),
        (b'{"a":null}', "null has no canonical form"),
        (b"9007199254740992", "beyond"),
        (b"[-9007199254740992]", "beyond"),
        (b"9" * 5000, "beyond"),
        (b"[" * 9 + b"]" * 9, "deeper than 8"),
        (b"[" * 9 + b"1" + b"]" * 9, "deeper than 8"),
        (b"[" * 100_000 + b"]" * 100_000, "deeper than 8"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\xc3\xa9":1}', "not an ASCII string"),
        (b"{", "not JSON at character 2"),
        (b"", "not JSON at character 1"),
        (b"1 2", "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(MalformedError, match=fault):
        decode(data)


@pytest.mark.parametrize("value", [1.5, None, {1: 2}, {"é": 1}, b"x", MAX_INTEGER + 1, {1, 2}])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(MalformedError):
        encode(value)


def test_the_largest_integers_and_the_deepest_nesting_are_allowed() -> None:
    assert decode(b"[9007199254740991,-9007199254740991]") == [MAX_INTEGER, -MAX_INTEGER]
    deepest = b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH
    assert encode(decode(deepest)) == deepest


def test_only_an_object_is_an_object() -> None:
    assert decode_object(b'{"a":1}') == {"a": 1}
    with pytest.raises(MalformedError, match="expected an object, got an array"):
        decode_object(b"[]")


def test_a_field_of_another_type_is_named_with_what_it_is() -> None:
    fields: dict[str, object] = {"n": True, "t": 3, "a": {}, "m": []}
    with pytest.raises(MalformedError, match="n: expected an integer, got a boolean"):
        integer(fields, "n")
    with pytest.raises(MalformedError, match="t: expected a string, got an integer"):
        text(fields, "t")
    with pytest.raises(MalformedError, match="a: expected an array, got an object"):
        array(fields, "a")
    with pytest.raises(MalformedError, match="m: expected an object, got an array"):
        mapping(fields, "m")


@pytest.mark.parametrize("read", [integer, text, array, mapping])
def test_a_missing_field_is_named(read: object) -> None:
    assert callable(read)
    with pytest.raises(MalformedError, match="size: is missing"):
        read({}, "size")


def test_a_missing_integer_may_have_a_default() -> None:
    assert integer({}, "clock_error_us", default=0) == 0


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert encode({"b": [1, 2], "a": "é\n"}) == '{"a":"é\\n","b":[1,2]}'.encode()
    assert json.loads(encode({"a": "\x1f"})) == {"a": "\x1f"}


def test_a_key_given_twice_is_found_at_once_among_very_many() -> None:
    # Compared with each other, these keys of two megabytes would stop a server for minutes.
    keys = ",".join(f'"{number}":1' for number in range(200_000))
    with pytest.raises(MalformedError, match="the key '199999' appears twice"):
        decode(f'{{{keys},"199999":2}}'.encode())


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (f'{{"{"a" * 9999}":1,"{"a" * 9999}":2}}', "aaa' appears twice"),
        (f'{{"é{"a" * 9999}":1}}', "aaa' is not an ASCII string"),
        ("1." + "0" * 9999, "000 is not an integer"),
    ],
)
def test_a_complaint_is_short_however_long_what_it_quotes(data: str, ends: str) -> None:
    with pytest.raises(MalformedError) as caught:
        decode(data.encode())
    assert len(str(caught.value)) == 300
    assert str(caught.value).endswith(ends)
