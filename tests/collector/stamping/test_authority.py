"""An authority is asked over HTTP; whatever it does instead of answering is told in one line."""

from dataclasses import replace
from pathlib import Path

import pytest

from collector.errors import ConfigurationError
from collector.evidence.stamp import StampError, verify_stamp
from collector.settings import Timestamps
from collector.stamping.authority import Authority as Client
from collector.stamping.authority import read_roots_file
from tests.servers.listening import nobody
from tests.servers.timestamps import Answer, Authority

NOTE = b"constat/00/CH-EXEMPLE\n3\n47DEQpj8HBSa+/TImW+5JA==\n"


async def asked(authority: Authority, *answers: Answer, timeout_s: float = 30.0) -> bytes:
    authority.answers = list(answers)
    async with authority.serving():
        client = Client.of(Timestamps(authority.url, authority.root_file))
        client = replace(client, timeout_s=timeout_s)
        for _ in answers[1:]:
            await client.stamp(NOTE)
        token, stamp = await client.stamp(NOTE)
    assert verify_stamp(token, NOTE, [authority.root]) == stamp
    return token


async def test_a_token_of_a_real_authority_is_taken(authority: Authority) -> None:
    token = await asked(authority)
    assert authority.approves(token, NOTE)


async def test_no_two_requests_are_the_same(authority: Authority) -> None:
    authority.requests.clear()
    await asked(authority, Answer.TOKEN, Answer.TOKEN)
    assert len(set(authority.requests)) == 2


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer.ERROR, "answers with status 503"),
        (Answer.REDIRECT, "answers with status 302"),
        (Answer.REFUSAL, "the authority rejected: Message digest algorithm is not supported"),
        (Answer.GARBAGE, "response: cut short at byte 4"),
        (Answer.PAGE, "response: expected a tag"),
        (Answer.ENDLESS, "the answer is longer than 65536 bytes"),
        (Answer.CUT, "no answer: "),
    ],
)
async def test_what_is_no_token_is_told(authority: Authority, answer: Answer, told: str) -> None:
    with pytest.raises(StampError, match=told):
        await asked(authority, answer)


async def test_an_authority_that_says_nothing_is_not_waited_for(authority: Authority) -> None:
    with pytest.raises(StampError, match="no answer in time"):
        await asked(authority, Answer.NOTHING, timeout_s=0.1)


async def test_the_answer_to_an_earlier_request_is_refused(authority: Authority) -> None:
    with pytest.raises(StampError, match="another request"):
        await asked(authority, Answer.TOKEN, Answer.STALE)


async def test_an_authority_that_is_down_is_told(authority: Authority) -> None:
    with nobody() as port:
        client = Client.of(Timestamps(f"http://127.0.0.1:{port}/tsa", authority.root_file))
        with pytest.raises(StampError, match="no answer: ClientConnectorError"):
            await client.stamp(NOTE)


async def test_a_token_that_leads_to_no_pinned_root_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    other = Authority.make(tmp_path, elliptic=True)
    async with authority.serving():
        client = Client.of(Timestamps(authority.url, other.root_file))
        with pytest.raises(StampError, match="not trusted"):
            await client.stamp(NOTE)


def test_a_file_holds_one_root_or_more(authority: Authority, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes((authority.folder / "chain.pem").read_bytes())
    assert read_roots_file(both) == (authority.middle, authority.root)


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_a_root_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "tsa.pem"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"tsa\.pem: it holds no certificate"):
        read_roots_file(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"tsa\.pem: No such file"):
        read_roots_file(tmp_path / "tsa.pem")
