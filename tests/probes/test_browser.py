"""A user's way is gone in a real Chromium: where it ends is told, and no page is kept."""

import asyncio
import datetime as dt
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from agent.config_check import make_checks
from probes import browser, chromium
from probes.model.browser_target import BrowserSpec, Step, Typing
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.target import Regex
from probes.registry import kinds
from tests.debian import MissingError, program
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.certificates import authority
from tests.servers.listening import Talk, fall_silent, nobody, reset, serving
from tests.servers.login import PASSWORD, USER, application
from tests.servers.programs import all_gone, family, shell_script
from tests.servers.web import PATIENT, answering, page, read_request, redirect

BROWSER = kinds()["browser"]


def _program(name: str) -> str:
    """Return the path of a program; skip the test where it is missing, or fail in CI."""
    try:
        return program(name)
    except MissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{missing}; make test-browser installs it")


@pytest.fixture
def real_chromium() -> str:
    return _program("chromium")


async def _probe(spec: BrowserSpec, within_us: int = AMPLE_US) -> Observation:
    return await BROWSER.probe(spec, monotonic_us() + within_us, monotonic_us)


async def _opened(url: str, *steps: Step, **options: Any) -> Observation:  # noqa: ANN401 - any option of a spec
    given = {"expect_markers": ("Connexion",), "step_timeout_ms": 1_500, **options}
    return await _probe(BrowserSpec(url, steps=steps, **given))


@asynccontextmanager
async def _application(opened: str = "Ouvert") -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(application(await read_request(reader), opened))
        await writer.drain()

    async with serving(talk) as port:
        yield f"http://127.0.0.1:{port}/"


def _login(folder: Path, password: str = PASSWORD) -> tuple[Step, ...]:
    secret = folder / "password"
    secret.write_text(f"{password}\n", encoding="utf-8")
    return (
        Step(expect="Connexion"),
        Step(type=Typing("#user", text=USER)),
        Step(type=Typing("#password", text_file=str(secret))),
        Step(press="Enter"),
    )


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_a_login_that_only_lives_in_javascript_is_gone_through(tmp_path: Path) -> None:
    async with _application() as url:
        seen = await _opened(
            url,
            *_login(tmp_path),
            Step(wait_for="iframe"),
            Step(click="text=Ouvrir"),
            expect_markers=("Tableau de bord", Regex("Ouvert$")),
            version=Regex(r"Version (\S+)"),
        )

    assert (seen.outcome, seen.version) == (Outcome.UP, "4.2.1")
    assert seen.detail.startswith("7 steps in ")
    assert PATIENT not in repr(seen)


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_what_is_degraded_is_told(tmp_path: Path) -> None:
    async with _application() as url:
        marked = await _opened(
            url, *_login(tmp_path), expect_markers=("Tableau",), degraded_markers=("Version 4",)
        )
        slow = await _opened(url, degraded_after_ms=1)

    assert (marked.outcome, slow.outcome) == (Outcome.DEGRADED, Outcome.DEGRADED)
    assert marked.detail.endswith(": degraded marker 'Version 4'")
    assert slow.detail.endswith(" ms, more than 1")


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_the_step_that_fails_is_named_by_its_number(tmp_path: Path) -> None:
    async with _application() as url:
        wrong = await _opened(
            url, *_login(tmp_path, "wrong"), Step(expect="Tableau"), step_timeout_ms=700
        )
        absent = await _opened(url, Step(click="#absent"), step_timeout_ms=300)
        at_end = await _opened(url, expect_markers=("Accueil",), step_timeout_ms=300)

    for seen in (wrong, absent, at_end):
        assert (seen.failure, seen.operation) == (Failure.MARKER_MISSING, Operation.ASSERT)
    assert wrong.detail == "step 5 (expect): no text 'Tableau' was shown"
    assert absent.detail == "step 1 (click): no element '#absent' was shown"
    assert at_end.detail == "at the end: no text 'Accueil' was shown"


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_nothing_is_remembered_from_one_probe_to_the_next() -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        cookie = ("Content-Type: text/html", "Set-Cookie: session=1; Max-Age=99999")
        writer.write(page("<p>Connexion</p>", headers=cookie))

    before = set(Path(tempfile.gettempdir()).glob("constat-browser-*"))
    async with serving(talk) as port:
        for _ in range(2):
            assert (await _opened(f"http://127.0.0.1:{port}/")).outcome is Outcome.UP

    assert requests
    assert not [each for each in requests if each.startswith(b"GET / ") and b"Cookie" in each]
    assert b"Accept-Language: fr" in requests[0]
    assert set(Path(tempfile.gettempdir()).glob("constat-browser-*")) <= before


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await fall_silent(reader)


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)
    reset(writer)


async def _close(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(65_536)


_MAINTENANCE = "<h1>Le service est en cours de maintenance</h1><p>Connexion</p>"
_ANSWERS: list[tuple[str, Talk, Failure]] = [
    ("it closes", _close, Failure.CONNECTION_CLOSED),
    ("it resets", _reset, Failure.CONNECTION_RESET),
    ("it is silent", _silent, Failure.TIMEOUT),
    ("it fails", answering(page(PATIENT, status="500 Oops")), Failure.UNEXPECTED_STATUS),
    ("it is in maintenance", answering(page(_MAINTENANCE)), Failure.MAINTENANCE_PAGE),
    (
        "it is in maintenance by its status too",
        answering(page(_MAINTENANCE, status="503 Service Unavailable")),
        Failure.MAINTENANCE_PAGE,
    ),
    ("it leads in circles", answering(redirect("/")), Failure.TOO_MANY_REDIRECTS),
    ("it is cut short", answering(page(length=9_999)), Failure.RESPONSE_TRUNCATED),
    ("it speaks no HTTP", answering(b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"), Failure.PROTOCOL_ERROR),
    ("it shows another page", answering(page(PATIENT)), Failure.MARKER_MISSING),
]


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
@pytest.mark.parametrize(
    ("talk", "failure"), [each[1:] for each in _ANSWERS], ids=[each[0] for each in _ANSWERS]
)
async def test_what_a_server_does_wrong_is_told(talk: Talk, failure: Failure) -> None:
    async with serving(talk) as port:
        seen = await _opened(f"http://127.0.0.1:{port}/", step_timeout_ms=700)

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, failure)
    assert PATIENT not in repr(seen)


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_a_place_that_is_not_there_is_told() -> None:
    with nobody() as port:
        refused = await _opened(f"http://127.0.0.1:{port}/")
    nameless = await _opened("http://service.invalid/")

    assert (refused.failure, refused.operation) == (Failure.CONNECTION_REFUSED, Operation.CONNECT)
    assert refused.detail == "opening the page: Chromium says ERR_CONNECTION_REFUSED"
    assert nameless.failure in (Failure.NAME_NOT_FOUND, Failure.RESOLUTION_FAILED)


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_a_server_that_went_between_two_steps_is_told() -> None:
    with nobody() as port:
        link = f'<a href="http://127.0.0.1:{port}/">Suite</a>'
        async with serving(answering(page(link))) as here:
            url = f"http://127.0.0.1:{here}/"
            seen = await _opened(url, Step(click="text=Suite"), step_timeout_ms=700)

    assert (seen.failure, seen.operation) == (Failure.CONNECTION_REFUSED, Operation.CONNECT)


@pytest.fixture
def trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be at home where Chromium finds the authority of the tests trusted."""
    certutil = _program("certutil")
    store = tmp_path / ".pki/nssdb"
    store.mkdir(parents=True)
    place = f"sql:{store}"
    ours = authority().write(tmp_path)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "tests", "-i", ours]):
        subprocess.run([certutil, "-d", place, *words], check=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_each_fault_of_a_certificate_is_told(trusting: Path) -> None:
    seen = []
    for made in (
        authority().server(trusting),
        authority().server(trusting, until=dt.timedelta(days=-1)),
        authority().server(trusting, until=dt.timedelta(days=11)),
        authority().server(trusting, address="127.0.0.9"),
        authority("Stranger").server(trusting),
    ):
        async with serving(answering(page()), made) as port:
            seen.append((await _opened(f"https://127.0.0.1:{port}/")).failure)

    assert seen[0] is None
    assert seen[1:] == [
        Failure.CERTIFICATE_EXPIRED,
        Failure.CERTIFICATE_NOT_YET_VALID,
        Failure.CERTIFICATE_NAME_MISMATCH,
        Failure.CERTIFICATE_UNTRUSTED,
    ]


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_a_port_without_tls_is_told_from_a_bad_certificate() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(page(status="400 Bad Request"))

    async with serving(talk) as port:
        seen = await _opened(f"https://127.0.0.1:{port}/")

    assert (seen.failure, seen.operation) == (Failure.TLS_FAILED, Operation.TLS)


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
@pytest.mark.parametrize("step", [Step(click="##"), Step(press="Entrer")])
async def test_what_chromium_does_not_understand_is_our_own_fault(step: Step) -> None:
    async with _application() as url:
        seen = await _opened(url, step)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_a_secret_that_cannot_be_read_is_our_own_fault() -> None:
    async with _application() as url:
        seen = await _opened(url, Step(type=Typing("#user", text_file="/nonexistent")))

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)
    assert seen.detail.startswith("step 1 (type): cannot read /nonexistent: ")


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
@pytest.mark.parametrize(("answers", "place"), [(True, "at the end"), (False, "opening the page")])
async def test_a_page_that_crashes_says_nothing_of_the_service(answers: bool, place: str) -> None:
    asked = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        if answers:
            writer.write(application(request))
            await writer.drain()
        asked.set()
        await reader.read()

    async with serving(talk) as port:
        spec = BrowserSpec(f"http://127.0.0.1:{port}/", ("never shown",), step_timeout_ms=20_000)
        task = asyncio.create_task(_probe(spec))
        await asked.wait()
        if answers:
            await asyncio.sleep(1)  # what has been sent is shown
        while not task.done():
            for renderer in _descendants("--type=renderer"):
                _kill(renderer)
            await asyncio.wait([task], timeout=0.05)
        seen = await task

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.INTERNAL_ERROR)
    assert seen.detail == f"{place}: the page crashed in Chromium"


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_an_answer_without_a_page_is_no_crash() -> None:
    async with serving(answering(page(status="204 No Content"))) as port:
        seen = await _opened(f"http://127.0.0.1:{port}/")

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.PROTOCOL_ERROR)
    assert seen.detail == "opening the page: Chromium says ERR_ABORTED"


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_its_time_over_no_browser_is_left() -> None:
    before = family()
    async with serving(_silent) as port:
        spec = BrowserSpec(f"http://127.0.0.1:{port}/", ("x",), step_timeout_ms=60_000)
        seen = await _probe(spec, 4_000_000)

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.TIMEOUT)
    assert seen.detail.startswith("opening the page: not over within the ")
    assert family() <= before


@pytest.mark.chromium
@pytest.mark.usefixtures("real_chromium")
async def test_when_nobody_waits_any_more_no_browser_is_left() -> None:
    before = family()
    async with serving(_silent) as port:
        spec = BrowserSpec(f"http://127.0.0.1:{port}/", ("x",), step_timeout_ms=60_000)
        task = asyncio.create_task(_probe(spec))
        while not _descendants("--type=renderer"):
            await asyncio.wait([task], timeout=0.01)
        left = sorted(family() - before)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await all_gone(left)


async def test_a_browser_that_is_not_there_is_our_own_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = await _opened("http://dpi.example/", executable="/nonexistent")
    crashing = await _opened("http://dpi.example/", executable=shell_script(tmp_path, "exit 1"))
    monkeypatch.setattr(browser, "_BROWSERS", ())
    none = await _opened("http://dpi.example/")

    assert (missing.outcome, missing.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)
    assert missing.detail == "cannot start /nonexistent: there is no such executable"
    assert (crashing.outcome, crashing.failure) == (Outcome.UNKNOWN, Failure.INTERNAL_ERROR)
    assert none.detail.startswith("there is no Chromium: install it")


async def test_a_browser_that_does_not_start_in_time_is_a_stall(tmp_path: Path) -> None:
    before = family()
    spec = BrowserSpec("http://a.example/", ("x",), executable=shell_script(tmp_path, "sleep 1000"))
    seen = await _probe(spec, 2_500_000)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.STALL)
    assert family() <= before


def test_whatever_chromium_says_is_a_failure_that_is_declared() -> None:
    meanings = {*chromium._ERRORS.values(), *chromium._FAMILIES.values()}
    failures = {meaning.failure for meaning in meanings}
    failures |= {failure for _, failure, _ in chromium._CANNOT_START}

    assert failures <= BROWSER.produces


def test_a_secret_is_taken_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    options = {
        "kind": "browser",
        "url": "https://dpi.example/",
        "expect_markers": ["x"],
        "steps": [{"type": {"into": "#p", "text_file": "secret"}}, {"press": "Enter"}],
    }

    (check,) = make_checks("dpi", options, tmp_path)

    assert check.spec.steps[0].type.text_file == str(tmp_path / "secret")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"url": "about:blank"}, "url: 'about:blank' is not an http or https URL"),
        ({"expect_markers": []}, "expect_markers: is empty; say what a user finds"),
        ({"expect_markers": [""]}, "expect_markers: an empty text is found"),
        ({"steps": [{}]}, "open: give one of open, type, press"),
        ({"steps": [{"click": "a", "press": "b"}]}, "open: give one of open, type, press"),
        ({"steps": [{"click": " "}]}, "click: an empty text"),
        ({"steps": [{"open": "file:///etc/passwd"}]}, "url: 'file:///etc/passwd' is not"),
        ({"steps": [{"type": {"into": "a"}}]}, "text: give text, or else text_file"),
        ({"step_timeout_ms": 0}, "step_timeout_ms: 0 is not more than 0"),
        ({"executable": "chromium"}, "executable: 'chromium' is not an absolute path"),
    ],
)
def test_a_fault_of_a_browser_check_begins_with_its_field(
    options: dict[str, Any], fault: str
) -> None:
    given = {"url": "https://dpi.example/", "expect_markers": ["x"]}
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(given | options, BrowserSpec)

    assert str(raised.value).startswith(fault)


def _descendants(word: str) -> list[psutil.Process]:
    """Return the processes below this one whose command line holds a word."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if word in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
