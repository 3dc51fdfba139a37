"""What is asked is what OpenSSL asks; of an answer, only a token that verifies is kept."""

import subprocess
from pathlib import Path

import pytest

from collector.evidence.der import (
    INTEGER,
    SEQUENCE,
    UTF8_STRING,
    Reader,
    write,
    write_integer,
)
from collector.evidence.stamp import StampError, verify_stamp
from collector.evidence.stamp_exchange import read_response, request
from tests.servers.timestamps import Authority, token_of

NOTE = b"constat.example/log\n3\n47DEQpj8HBSa+/TImW+5JA==\n"
NONCE = 0x8000_0000_0000_0001


@pytest.fixture(scope="session")
def response(authority: Authority) -> bytes:
    return authority.reply(request(NOTE, NONCE))


def test_a_request_is_what_openssl_asks(tmp_path: Path) -> None:
    note, query = tmp_path / "note", tmp_path / "query"
    note.write_bytes(NOTE)
    command = ["openssl", "ts", "-query", "-sha256", "-cert"]
    files = ["-data", str(note), "-out", str(query)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    theirs = query.read_bytes()
    fields = Reader(theirs, "query").open(SEQUENCE, "query")
    fields.take(INTEGER)
    fields.take(SEQUENCE)
    nonce = int.from_bytes(fields.take(INTEGER).body)
    assert request(NOTE, nonce) == theirs


def test_the_token_that_is_kept_verifies(authority: Authority, response: bytes) -> None:
    token, stamp = read_response(response, NOTE, NONCE, [authority.root])
    assert verify_stamp(token, NOTE, [authority.root]) == stamp
    assert authority.approves(token, NOTE)


def test_certificates_that_no_path_needs_are_left_out(
    authority: Authority, response: bytes, tmp_path: Path
) -> None:
    # The authority sends its root along; an auditor has it, or does not trust it.
    whole = token_of(response, tmp_path)
    token, _ = read_response(response, NOTE, NONCE, [authority.root])
    assert len(whole) > len(token)
    token, _ = read_response(response, NOTE, NONCE, [authority.middle])
    verify_stamp(token, NOTE, [authority.middle])


def test_a_refusal_is_told_in_the_authoritys_words(authority: Authority) -> None:
    refusal = authority.reply(request(NOTE, NONCE), "refusing")
    with pytest.raises(StampError, match="the authority rejected: Message digest algorithm"):
        read_response(refusal, NOTE, NONCE, [authority.root])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (2, "rejected: no\\\\x1b\\\\n more"),
        (3, "has it wait: no\\\\x1b\\\\n more"),
        (9, "answers with status 9: no\\\\x1b\\\\n more"),
    ],
)
def test_whatever_is_no_grant_is_refused(authority: Authority, status: int, told: str) -> None:
    words = write(SEQUENCE, write(UTF8_STRING, b"no\x1b\n more"))
    answer = write(SEQUENCE, write(SEQUENCE, write_integer(status), words))
    with pytest.raises(StampError, match=told):
        read_response(answer, NOTE, NONCE, [authority.root])


def test_a_grant_without_a_token_is_refused(authority: Authority) -> None:
    answer = write(SEQUENCE, write(SEQUENCE, write_integer(0)))
    with pytest.raises(StampError):
        read_response(answer, NOTE, NONCE, [authority.root])


def test_the_answer_to_another_request_is_refused(authority: Authority, response: bytes) -> None:
    with pytest.raises(StampError, match="another request"):
        read_response(response, NOTE, NONCE + 1, [authority.root])
    with pytest.raises(StampError, match="another checkpoint"):
        read_response(response, NOTE + b"\n", NONCE, [authority.root])


def test_an_authority_that_is_not_pinned_is_refused(
    rsa_authority: Authority, response: bytes
) -> None:
    with pytest.raises(StampError, match="not trusted"):
        read_response(response, NOTE, NONCE, [rsa_authority.root])


def test_an_answer_that_is_cut_short_or_longer_is_refused(
    authority: Authority, response: bytes
) -> None:
    for end in range(len(response)):
        with pytest.raises(StampError):
            read_response(response[:end], NOTE, NONCE, [authority.root])
    with pytest.raises(StampError):
        read_response(response + b"\x00", NOTE, NONCE, [authority.root])


def test_a_changed_answer_is_refused_or_leaves_the_same_token(
    authority: Authority, response: bytes
) -> None:
    # Words of a status, and certificates that are left out, are nobody's statement.
    kept = read_response(response, NOTE, NONCE, [authority.root])[0]
    others = set()
    for position in range(8 * len(response)):
        changed = bytearray(response)
        changed[position // 8] ^= 1 << position % 8
        try:
            others.add(read_response(bytes(changed), NOTE, NONCE, [authority.root])[0])
        except StampError:
            continue
    assert others == {kept}
