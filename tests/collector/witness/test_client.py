"""Whatever a collector answers, a witness gets what it asked for or one line."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest
from aiohttp import web

from collector.errors import ConfigurationError
from collector.witness.client import LogClient
from collector.witness.errors import UnusableLogError
from tests.servers.certificates import authority
from tests.servers.listening import nobody
from tests.servers.witnessed import HOSPITAL, TOKEN, WitnessedLog, shown

HASH = b64encode(bytes(32)).decode()


def _client(log: WitnessedLog, token: str = TOKEN) -> LogClient:
    return LogClient(log.url, HOSPITAL, token)


@pytest.mark.parametrize(
    "url", ["", "constat.example", "ftp://constat.example", "http://", "http://a:b", "http://a:0"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address"):
        LogClient(url, HOSPITAL, TOKEN)


def test_a_token_that_is_refused_says_so(log: WitnessedLog) -> None:
    with pytest.raises(UnusableLogError, match=r"no such token \(401\)"):
        _client(log, "another").checkpoint()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"", "not a signed note"),
        (b"<h1>Welcome to the guest network</h1>", "not a signed note"),
        (b"x" * 70_000, "more than 65536 bytes"),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), "status 302"),
        (web.Response(status=503, text='{"reason":"\x1b[2Jgone"}'), "status 503"),
        (web.Response(status=503, text=json.dumps({"reason": "é" * 201})), "status 503"),
        (web.Response(status=503, text='{"reason":7}'), "status 503"),
        (web.Response(status=503, text='{"reason":"busy"}'), r"busy \(503\)"),
    ],
)
def test_what_is_no_checkpoint_is_one_line(
    log: WitnessedLog, answer: web.Response | bytes, complaint: str
) -> None:
    log.instead["checkpoint"] = answer
    with pytest.raises(UnusableLogError, match=complaint):
        _client(log).checkpoint()


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ([], "expected an object"),
        ({"hashes": []}, "from: is missing"),
        ({"from": 2, "hashes": []}, "from: expected 3"),
        ({"from": 3}, "hashes: is missing"),
        ({"from": 3, "hashes": [1]}, "expected strings"),
        ({"from": 3, "hashes": ["AA*A"]}, "base64"),
        ({"from": 3, "hashes": ["é"]}, "ASCII"),
        ({"from": 3, "hashes": ["AAAA"]}, "expected hashes"),
        ({"from": 3, "hashes": [HASH] * 65}, "expected hashes"),
        ({"from": 3, "hashes": [HASH] * 500}, "more than 16384 bytes"),
    ],
)
def test_what_is_no_proof_is_one_line(log: WitnessedLog, fields: object, complaint: str) -> None:
    log.instead["consistency"] = json.dumps(fields).encode()
    with pytest.raises(UnusableLogError, match=complaint):
        _client(log).consistency(3, 5)


@pytest.mark.parametrize("leaves", [[], ["AAAA"] * 3])
def test_leaves_are_as_many_as_were_asked_for_at_most(log: WitnessedLog, leaves: list[str]) -> None:
    log.instead["leaves"] = json.dumps({"from": 0, "leaves": leaves}).encode()
    with pytest.raises(UnusableLogError, match="expected 1 to 2"):
        _client(log).leaves(0, 2)


def test_a_checkpoint_that_was_never_cosigned_is_none(log: WitnessedLog) -> None:
    assert _client(log).cosigned_by("temoin.example") is None


def test_nobody_there_is_one_line() -> None:
    with nobody() as port:
        client = LogClient(f"http://127.0.0.1:{port}/below/", HOSPITAL, TOKEN)
    with pytest.raises(UnusableLogError, match=r"cannot reach http://.*/below: Connection refused"):
        client.checkpoint()


@contextmanager
def _saying(data: bytes, *, for_ever: bool = False) -> Iterator[str]:
    """Yield the address of a server that says the same to everybody, and hangs up or drips on."""
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(data)
                try:
                    while for_ever:
                        connection.sendall(b"x")
                except OSError:
                    return

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "it does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", "only a part of its answer"),
        (b"", "it does not speak HTTP|RemoteDisconnected"),
    ],
)
def test_what_is_no_whole_answer_is_one_line(data: bytes, complaint: str) -> None:
    with _saying(data) as url, pytest.raises(UnusableLogError, match=complaint):
        LogClient(url, HOSPITAL, TOKEN).checkpoint()


def test_an_answer_that_never_ends_is_cut() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Endless: "
    with _saying(head, for_ever=True) as url, pytest.raises(UnusableLogError):
        LogClient(url, HOSPITAL, TOKEN).checkpoint()


def test_a_silent_collector_is_cut_off_in_time() -> None:
    with create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = LogClient(url, HOSPITAL, TOKEN, total_s=0.05)
        with pytest.raises(UnusableLogError, match="cannot reach"):
            client.checkpoint()


def test_a_collector_is_known_by_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = authority()
    monkeypatch.setenv("SSL_CERT_FILE", trusted.write(tmp_path))
    with shown(WitnessedLog().grow(3), trusted.server(tmp_path)) as log:
        assert _client(log).checkpoint() == log.note()
    others = authority("Others").server(tmp_path)
    with (
        shown(WitnessedLog().grow(3), others) as log,
        pytest.raises(UnusableLogError, match="certificate verify failed"),
    ):
        _client(log).checkpoint()
