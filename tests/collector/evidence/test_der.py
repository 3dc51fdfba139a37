"""One value has one sequence of bytes, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.evidence.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    DerError,
    Reader,
    read_integer,
    read_oid,
    read_set,
    write,
    write_integer,
    write_oid,
    write_set,
)


@pytest.mark.parametrize(
    ("number", "encoded"),
    [  # X.690, section 8.3: two's complement, no octet more than needed
        (0, "020100"),
        (127, "02017f"),
        (128, "02020080"),
        (256, "02020100"),
        (-1, "0201ff"),
        (-128, "020180"),
        (-129, "0202ff7f"),
    ],
)
def test_an_integer_has_its_shortest_form(number: int, encoded: str) -> None:
    assert write_integer(number).hex() == encoded
    assert read_integer(Reader(bytes.fromhex(encoded), "it").take(INTEGER).body) == number


@pytest.mark.parametrize("body", ["", "0000", "007f", "ffff", "ff80"])
def test_a_longer_form_of_an_integer_is_refused(body: str) -> None:
    with pytest.raises(DerError):
        read_integer(bytes.fromhex(body))


@pytest.mark.parametrize(
    ("dotted", "encoded"),
    [
        ("2.16.840.1.101.3.4.2.1", "0609608648016503040201"),
        ("1.2.840.113549.1.7.2", "06092a864886f70d010702"),
        ("2.999", "06028837"),  # X.690, section 8.19.5: 2 x 40 + 999 = 1079 = 8 x 128 + 55
    ],
)
def test_an_object_identifier_is_read_as_it_is_written(dotted: str, encoded: str) -> None:
    assert write_oid(dotted).hex() == encoded
    body = Reader(bytes.fromhex(encoded), "it").take(OBJECT_IDENTIFIER).body
    assert read_oid(body) == dotted


@pytest.mark.parametrize("body", ["", "80", "2a80", "2a8001", "2a86"])
def test_a_padded_or_broken_object_identifier_is_refused(body: str) -> None:
    with pytest.raises(DerError):
        read_oid(bytes.fromhex(body))


@pytest.mark.parametrize(
    "encoded",
    [
        "",  # nothing
        "04",  # no length
        "0403abcd",  # two of three bytes
        "0480abcd0000",  # indefinite
        "048102abcd",  # a length of two bytes that one would hold
        "04820002abcd",
        "0485" + "0000000002" + "abcd",
        "1f0401ab",  # a tag of more than one byte
        "0501ab",  # another tag
    ],
)
def test_another_form_of_an_element_is_refused(encoded: str) -> None:
    with pytest.raises(DerError):
        Reader(bytes.fromhex(encoded), "it").take(OCTET_STRING)


def test_what_is_left_over_is_refused() -> None:
    reader = Reader(bytes.fromhex("0401ab00"), "it")
    assert reader.take(OCTET_STRING).body == b"\xab"
    with pytest.raises(DerError, match="it: 1 bytes too many"):
        reader.end()


def test_a_set_out_of_order_or_with_a_member_twice_is_refused() -> None:
    one, two = write_integer(1), write_integer(2)
    assert [each.whole for each in read_set(one + two, "it")] == [one, two]
    assert write_set([two, one])[2:] == one + two
    for body in (two + one, one + one):
        with pytest.raises(DerError):
            read_set(body, "it")


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_a_content_of_any_length_comes_back(size: int) -> None:
    encoded = write(OCTET_STRING, bytes(size))
    reader = Reader(encoded, "it")
    assert reader.take(OCTET_STRING).body == bytes(size)
    reader.end()


@given(st.binary(max_size=80))
def test_what_is_read_is_written_with_the_same_bytes(data: bytes) -> None:
    try:
        elements = Reader(data, "it").rest()
    except DerError:
        return
    assert b"".join(write(each.tag, each.body) for each in elements) == data


@given(st.binary(max_size=80))
def test_nothing_but_a_der_error_is_raised(data: bytes) -> None:
    for read in (read_integer, read_oid, lambda body: read_set(body, "it")):
        try:
            read(data)
            Reader(data, "it").open(SEQUENCE, "it").rest()
        except DerError:
            pass
