"""What an http probe asks, follows and accepts."""

import asyncio
import base64
import gzip
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec, Method, Version
from probes.model.measurement import Observation, Outcome
from probes.model.target import Family, Regex, Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.servers.certificates import authority
from tests.servers.listening import fall_silent, serving
from tests.servers.web import LOGIN, answering, page, read_request, redirect, site

HTTP = kinds()["http"]


async def _ask(answer: bytes, **options: object) -> Observation:
    async with serving(answering(answer)) as port:
        return await run(HTTP, _spec(port, "/login", **options))


def _spec(port: int, path: str = "/login", /, **options: object) -> HttpSpec:
    changes: dict[str, Any] = {"expect_markers": ("Connexion",)} | options
    return HttpSpec(f"http://127.0.0.1:{port}{path}", **changes)


async def test_a_page_that_holds_all_that_is_expected_is_up() -> None:
    answer = page(headers=("Content-Type: text/html", "X-Dpi: v2.1"))

    seen = await _ask(
        answer,
        expect_markers=("Connexion", Regex("Dossier +patient")),
        expect_headers={"x-dpi": Regex("^v2"), "Content-Type": "html"},
        min_bytes=10,
        max_bytes=1_000,
    )

    assert (seen.outcome, seen.failure) == (Outcome.UP, None)
    assert seen.detail.startswith(f"status 200, {len(LOGIN.encode())} bytes from 127.0.0.1:")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"status": "pass"}', {"/status": "pass"}),
        ('{"nodes": [{"up": true}, {"up": false}]}', {"/nodes/0/up": True, "/nodes/1/up": False}),
        ('{"a/b": {"c~d": 3}}', {"/a~1b/c~0d": 3}),
        ('{"n": 3.0}', {"/n": 3}),
    ],
)
async def test_a_json_value_is_found_where_its_pointer_leads(
    body: str, expected: dict[str, str | int | bool]
) -> None:
    seen = await _ask(page(body), expect_markers=(), expect_json=expected)

    assert seen.outcome is Outcome.UP


@pytest.mark.parametrize(
    ("body", "expected", "reason"),
    [
        ('{"n": 1}', {"/n": True}, "/n is not 'True'"),
        ('{"n": true}', {"/n": 1}, "/n is not '1'"),
        ('{"n": null}', {"/n": "x"}, "/n is not 'x'"),
        ('{"n": [1]}', {"/n/1": 1}, "/n/1 is missing"),
        ('{"n": [1]}', {"/n/-": 1}, "/n/- is missing"),
        ('{"n": 1}', {"/n/m": 1}, "/n/m is missing"),
        ("", {"/n": 1}, "the body is not JSON"),
    ],
)
async def test_another_json_value_is_named_but_never_quoted(
    body: str, expected: dict[str, str | int | bool], reason: str
) -> None:
    seen = await _ask(page(body), expect_markers=(), expect_json=expected)

    assert seen.failure is Failure.UNEXPECTED_VALUE
    assert seen.detail.endswith(reason)


@pytest.mark.parametrize("ending", ["", "\r\nTransfer-Encoding: chunked"])
async def test_an_answer_may_end_with_the_connection_or_by_its_last_chunk(ending: str) -> None:
    body = LOGIN.encode()
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if ending else body

    seen = await _ask(f"HTTP/1.1 200 OK{ending}\r\n\r\n".encode() + framed)

    assert seen.outcome is Outcome.UP


async def test_an_answer_that_is_whole_is_not_waited_on() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(page())
        await fall_silent(reader)

    async with serving(talk) as port:
        seen = await run(HTTP, _spec(port))

    assert seen.outcome is Outcome.UP


async def test_informational_answers_are_passed_over() -> None:
    seen = await _ask(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + page())

    assert seen.outcome is Outcome.UP


async def test_a_compressed_page_is_read() -> None:
    answer = page(gzip.compress(LOGIN.encode()), headers=("Content-Encoding: gzip",))

    assert (await _ask(answer)).outcome is Outcome.UP


async def test_a_marker_may_be_written_with_entities_in_the_page() -> None:
    seen = await _ask(page("<p>Déconnexion r&eacute;ussie</p>"), expect_markers=("réussie",))

    assert seen.outcome is Outcome.UP


async def test_the_answer_to_head_has_no_body() -> None:
    seen = await _ask(
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nServer: dpi\r\n\r\n",
        method=Method.HEAD,
        expect_markers=(),
        expect_headers={"Server": "dpi"},
    )

    assert seen.outcome is Outcome.UP


async def test_no_content_can_be_what_is_expected() -> None:
    seen = await _ask(
        b"HTTP/1.1 204 No Content\r\nX-Health: ok\r\n\r\n",
        expect_status=("200-204",),
        expect_markers=(),
        expect_headers={"X-Health": "ok"},
    )

    assert seen.outcome is Outcome.UP


async def test_a_page_with_a_degraded_marker_is_degraded() -> None:
    seen = await _ask(
        page("<h1>Connexion</h1> mode lecture seule"), degraded_markers=("lecture seule",)
    )

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("degraded marker 'lecture seule'")


async def test_a_pattern_that_is_not_on_the_page_changes_nothing() -> None:
    seen = await _ask(page(), degraded_markers=("lecture seule",), maintenance_patterns=("fermé",))

    assert seen.outcome is Outcome.UP


async def test_a_page_that_takes_too_long_is_degraded() -> None:
    async with serving(answering(page())) as port:
        spec = _spec(port, degraded_after_ms=5)
        seen = await HTTP.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


async def test_a_failure_outweighs_a_degraded_marker() -> None:
    seen = await _ask(page("lecture seule"), degraded_markers=("lecture seule",))

    assert seen.failure is Failure.MARKER_MISSING


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Version(regex=r"v(\d+\.\d+)"), "4.2"),
        (Version(regex=r"v\d+"), "v4"),
        (Version(regex="no such"), None),
        (Version(json="/software/version"), "4.2.1"),
        (Version(json="/software/build"), "17"),
        (Version(json="/software"), None),
        (Version(json="/software/beta"), None),
        (Version(header="X-Version"), "4.2-rc1"),
        (Version(header="X-None"), None),
        (Version(header="X-Long"), None),
    ],
)
async def test_the_version_shown_is_recorded(place: Version, shown: str | None) -> None:
    body = '{"software": {"version": "4.2.1", "build": 17, "beta": true}, "text": "v4.2 Connexion"}'
    headers = ("X-Version: 4.2-rc1 ", f"X-Long: {'9' * 65}")

    seen = await _ask(page(body, headers=headers), version=place)

    assert (seen.outcome, seen.version) == (Outcome.UP, shown)


async def test_a_page_that_lacks_something_still_shows_its_version() -> None:
    seen = await _ask(page("v4.2"), version=Version(regex=r"v(\S+)"))

    assert (seen.failure, seen.version) == (Failure.MARKER_MISSING, "4.2")


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable", "404 Not Found"])
async def test_a_page_that_says_maintenance_is_one_whatever_its_status(status: str) -> None:
    seen = await _ask(page("<h1>Connexion</h1>Le site est en maintenance.", status=status))

    assert seen.failure is Failure.MAINTENANCE_PAGE
    assert "'est en maintenance'" in seen.detail
    assert seen.version is None


async def test_built_in_maintenance_patterns_can_be_left_out() -> None:
    answer = page("<h1>Connexion</h1>Le site est en maintenance.")

    seen = await _ask(answer, builtin_maintenance_patterns=False)

    assert seen.outcome is Outcome.UP


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        ("200 OK", "Service momentanément indisponible", Failure.MAINTENANCE_PAGE),
        ("503 No", "Service momentanément indisponible", Failure.UNEXPECTED_STATUS),
        ("503 No", "Mise à jour en cours", Failure.MAINTENANCE_PAGE),
        ("200 OK", "Connexion. Messagerie momentanément indisponible", None),
        ("200 OK", "Connexion. Mise à jour en cours", None),
    ],
)
async def test_a_doubtful_sign_names_a_failure_but_makes_none(
    status: str, body: str, failure: Failure | None
) -> None:
    assert (await _ask(page(body, status=status))).failure is failure


async def test_a_redirect_is_followed_on_its_own_host() -> None:
    pages = {"/login": redirect("/sso?next=%2F"), "/sso?next=%2F": page()}

    async with serving(site(pages.__getitem__)) as port:
        seen = await run(HTTP, _spec(port))

    assert seen.outcome is Outcome.UP
    assert f"127.0.0.1:{port} at 127.0.0.1:{port}" in seen.detail


async def test_a_redirect_is_followed_to_a_host_that_is_allowed() -> None:
    async with serving(answering(page())) as there:
        answer = redirect(f"http://LOCALHOST:{there}/")
        async with serving(answering(answer)) as here:
            seen = await run(HTTP, _spec(here, allowed_hosts=("localhost",), family=Family.IPV4))

    assert seen.outcome is Outcome.UP
    assert f"localhost:{there} at 127.0.0.1:{there}" in seen.detail
    assert seen.phases.resolve_us is not None


async def test_a_redirect_that_is_expected_is_judged_and_not_followed() -> None:
    seen = await _ask(
        redirect("https://sso.example/"),
        expect_status=(302,),
        expect_markers=(),
        expect_headers={"Location": "https://sso.example/"},
    )

    assert seen.outcome is Outcome.UP


async def test_a_refused_redirect_names_the_host_it_led_to() -> None:
    seen = await _ask(redirect("https://Maintenance.example/sorry?patient=DUPONT"))

    assert (seen.failure, seen.operation) == (Failure.REDIRECT_REFUSED, Operation.ASSERT)
    assert "redirected to maintenance.example, not in allowed_hosts" in seen.detail
    assert "DUPONT" not in seen.detail


@pytest.mark.parametrize(
    ("status", "methods"),
    [
        ("301 Moved", ["POST", "GET", "GET"]),
        ("302 Found", ["POST", "GET", "GET"]),
        ("303 See Other", ["POST", "GET", "GET"]),
        ("307 Temporary", ["POST", "POST", "POST"]),
        ("308 Permanent", ["POST", "POST", "POST"]),
    ],
)
async def test_most_redirects_make_a_post_a_get(status: str, methods: list[str]) -> None:
    pages = {
        "/login": redirect("/second", status),
        "/second": redirect("/third", "307 Temporary Redirect"),
        "/third": page(),
    }
    requests: list[bytes] = []

    async with serving(site(pages.__getitem__, requests)) as port:
        await run(HTTP, _spec(port, method=Method.POST, body="user=sonde"))

    assert [request.split(b" ")[0].decode() for request in requests] == methods
    bodies = [request.endswith(b"\r\n\r\nuser=sonde") for request in requests]
    assert bodies == [method == "POST" for method in methods]


async def test_the_question_says_who_asks_and_closes() -> None:
    requests: list[bytes] = []

    async with serving(site(lambda _: page(), requests)) as port:
        await run(HTTP, _spec(port, "/a?b=é", headers={"accept": "text/html", "X-Site": "CH"}))

    (request,) = requests
    assert request.decode().split("\r\n") == [
        "GET /a?b=%C3%A9 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"User-Agent: constat-agent/{version('constat')}",
        "Accept-Encoding: gzip, deflate",
        "Cache-Control: no-cache",
        "accept: text/html",
        "X-Site: CH",
        "Connection: close",
        "",
        "",
    ]


async def test_a_password_and_own_headers_stay_with_the_first_origin(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("sésame\n")
    here_asked: list[bytes] = []
    there_asked: list[bytes] = []

    async with serving(site(lambda _: page(), there_asked)) as there:
        answer = redirect(f"http://127.0.0.1:{there}/")
        async with serving(site(lambda _: answer, here_asked)) as here:
            options = {"username": "sonde", "password_file": str(secret)}
            await run(HTTP, _spec(here, headers={"X-Key": "k"}, **options))

    expected = base64.b64encode("sonde:sésame".encode())
    assert b"Authorization: Basic " + expected in here_asked[0]
    assert b"X-Key: k" in here_asked[0]
    assert b"Authorization" not in there_asked[0]
    assert b"X-Key" not in there_asked[0]


async def test_a_token_is_read_again_for_every_probe(tmp_path: Path) -> None:
    token = tmp_path / "token"
    requests: list[bytes] = []

    async with serving(site(lambda _: page(), requests)) as port:
        for secret in ("first", "second"):
            token.write_text(secret)
            await run(HTTP, _spec(port, token_file=str(token)))

    assert [b"Bearer first" in requests[0], b"Bearer second" in requests[1]] == [True, True]


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"\xff", b"\x00", b"a b", b"\xc3\xa9"])
async def test_a_token_that_is_not_one_word_is_our_own_fault(
    tmp_path: Path, content: bytes
) -> None:
    token = tmp_path / "token"
    token.write_bytes(content)

    seen = await _ask(page(), token_file=str(token))

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)
    assert str(token) in seen.detail


async def test_a_secret_that_is_missing_is_our_own_fault(tmp_path: Path) -> None:
    seen = await _ask(page(), token_file=str(tmp_path / "none"))

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)


async def test_a_page_is_read_inside_tls(tmp_path: Path) -> None:
    tls = Tls(ca_file=authority().write(tmp_path))
    requests: list[bytes] = []

    async with serving(
        site(lambda _: page(LOGIN * 2_000), requests), authority().server(tmp_path)
    ) as port:
        spec = HttpSpec(f"https://127.0.0.1:{port}/", tls=tls, expect_markers=("Connexion",))
        seen = await run(HTTP, spec)

    assert seen.outcome is Outcome.UP
    assert seen.phases.tls_us is not None


async def test_every_probe_opens_a_connection_of_its_own() -> None:
    requests: list[bytes] = []

    async with serving(site(lambda _: page(), requests)) as port:
        for _ in range(3):
            await run(HTTP, _spec(port))

    assert len(requests) == 3


async def test_the_time_of_every_step_is_told() -> None:
    seen = await _ask(page())

    assert seen.phases.resolve_us is None
    assert seen.phases.tls_us is None
    for spent in (seen.phases.connect_us, seen.phases.first_byte_us, seen.phases.transfer_us):
        assert spent is not None
        assert spent >= 0
