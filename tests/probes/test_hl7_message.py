"""A message is cut by the separators it names, and read by nothing else."""

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.hl7_message import Message, NoMessageError
from probes.model.hl7_target import FieldPath

ANSWER = (
    b"MSH|^~\\&|EAI^1.2|CHU|CONSTAT||20261114220000||RSP^K22|77|P|2.5\r"
    b"MSA|AA|42|DUPONT Jeanne\rQAK|1|OK~NF\r"
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("MSH-3", b"EAI^1.2"),
        ("MSH-3.2", b"1.2"),
        ("MSH-3.3", b""),
        ("MSH-12", b"2.5"),
        ("MSA-1", b"AA"),
        ("MSA-2", b"42"),
        ("MSA-9", b""),
        ("QAK-2", b"OK~NF"),
        ("QAK-2.1", b"OK"),
        ("PID-5", b""),
    ],
)
def test_a_field_is_counted_as_the_standard_counts(path: str, value: bytes) -> None:
    assert Message(ANSWER).field(FieldPath.read(path)) == value


def test_another_library_reads_the_same_fields() -> None:
    theirs = hl7.parse(ANSWER.decode())
    for segment, field in (("MSH", 3), ("MSH", 10), ("MSA", 1), ("MSA", 2), ("QAK", 1)):
        assert Message(ANSWER).field(FieldPath(segment, field)).decode() == str(
            theirs.segment(segment)[field]
        )


def test_other_separators_are_honoured() -> None:
    message = Message(b"MSH!:*?%!A:B!\rMSA!AA!42\r")
    assert message.field(FieldPath("MSH", 3, 2)) == b"B"
    assert message.field(FieldPath("MSA", 2)) == b"42"


def test_line_feeds_end_segments_too() -> None:
    assert Message(b"MSH|^~\\&|\r\nMSA|AE|1\n").field(FieldPath("MSA", 1)) == b"AE"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin"),
        (b"MSH|^~", "does not begin"),
        (b"MSA|AA|1\r", "does not begin"),
        (b"MSH|||||||\r", "separators are the same"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NoMessageError, match=reason):
        Message(data)


@given(data=st.binary(max_size=100), segment=st.sampled_from(["MSH", "MSA", "ZZZ"]))
def test_whatever_follows_a_header_no_field_of_it_fails(data: bytes, segment: str) -> None:
    message = Message(b"MSH|^~\\&|" + data)
    for field in (1, 2, 50):
        message.field(FieldPath(segment, field, 3))
    message.has(segment)
