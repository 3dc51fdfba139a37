import re
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.collector.demo.processes import Start, Started, next_line

Serve = Callable[[int], str]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "dossier.db"


@pytest.fixture
def password(start: Start, database: Path) -> str:
    created = start("patient_record", "--database", str(database), "--create", "500")
    return next_line(created).rpartition(" ")[2]


@pytest.fixture
def serve(start: Start, database: Path) -> Serve:
    def serve_version(version: int) -> str:
        arguments = ("--database", str(database), "--version", str(version))
        return next_line(start("patient_record", *arguments))

    return serve_version


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    cookies = aiohttp.CookieJar(unsafe=True)  # aiohttp calls a cookie from an address unsafe
    async with aiohttp.ClientSession(cookie_jar=cookies) as session:
        yield session


def migrated(start: Start, database: Path) -> Started:
    process = start("patient_record", "--database", str(database), "--migrate")
    process.wait()
    return process


def refusal_of(process: Started) -> str:
    assert process.stderr is not None
    assert process.wait() == 2
    return process.stderr.read()


async def log_in(browser: aiohttp.ClientSession, url: str, password: str) -> tuple[int, str]:
    form = {"identifiant": "infirmerie", "mot_de_passe": password}
    async with browser.post(url + "connexion", data=form) as response:
        return response.status, await response.text()


async def page(browser: aiohttp.ClientSession, url: str) -> str:
    async with browser.get(url) as response:
        assert response.status == 200
        return await response.text()


async def assert_it_says_it_is(browser: aiohttp.ClientSession, url: str, release: str) -> None:
    login = await page(browser, url)
    assert "Connexion au dossier patient" in login
    assert f'<meta name="application-version" content="{release}">' in login
    assert f"<footer>Dossier patient — version {release}</footer>" in login
    async with browser.get(url + "sante") as response:
        health = await response.json()
    assert health == {"application": "dossier-patient", "version": release, "patients": 500}


@pytest.mark.usefixtures("password")
async def test_each_version_says_which_it_is(
    browser: aiohttp.ClientSession, start: Start, serve: Serve, database: Path
) -> None:
    await assert_it_says_it_is(browser, serve(1), "1.8.4")
    migrated(start, database)
    await assert_it_says_it_is(browser, serve(2), "2.0.0")


async def test_the_right_password_opens_the_patients_and_logging_out_closes_them(
    browser: aiohttp.ClientSession, serve: Serve, password: str
) -> None:
    url = serve(1)
    status, patients = await log_in(browser, url, password)
    assert status == 200
    assert "Connecté : infirmerie" in patients
    assert "MARTIN" in await page(browser, url + "patients?q=MARTIN")
    async with browser.post(url + "deconnexion") as response:
        assert "Connexion au dossier patient" in await response.text()
    assert "Connexion au dossier patient" in await page(browser, url + "patients")


@pytest.mark.usefixtures("password")
async def test_a_wrong_password_is_refused(browser: aiohttp.ClientSession, serve: Serve) -> None:
    url = serve(1)
    status, refusal = await log_in(browser, url, "wrong")
    assert status == 401
    assert "Identifiant ou mot de passe incorrect." in refusal
    assert "Connexion au dossier patient" in await page(browser, url + "patients")


async def test_accounts_and_patients_survive_the_migration_and_accents_no_longer_matter(
    browser: aiohttp.ClientSession, start: Start, serve: Serve, database: Path, password: str
) -> None:
    assert migrated(start, database).returncode == 0
    url = serve(2)
    status, _ = await log_in(browser, url, password)
    assert status == 200
    found = await page(browser, url + "patients?q=menard")
    assert re.search(r"<td>MÉNARD \w", found)
    assert re.search(r"<td>\d{15}</td>", found)


async def test_a_search_is_never_html(
    browser: aiohttp.ClientSession, serve: Serve, password: str
) -> None:
    url = serve(1)
    await log_in(browser, url, password)
    found = await page(browser, url + "patients?q=%22%3E%3Cscript%3E")
    assert "<script>" not in found
    assert "&quot;&gt;&lt;script&gt;" in found


def test_the_password_is_not_in_the_database(password: str, database: Path) -> None:
    assert password.encode() not in database.read_bytes()


@pytest.mark.usefixtures("password")
def test_version_2_refuses_schema_1_and_version_1_refuses_schema_2(
    start: Start, database: Path
) -> None:
    arguments = ("patient_record", "--database", str(database), "--version")
    early = refusal_of(start(*arguments, "2"))
    assert early == (
        f"patient record: version 2 cannot serve {database}: it holds schema 1;"
        " run --migrate first\n"
    )
    migrated(start, database)
    assert "it holds schema 2; start the newer version" in refusal_of(start(*arguments, "1"))


@pytest.mark.usefixtures("password")
async def test_sigterm_stops_it_at_once_even_with_a_connection_open(
    start: Start, database: Path
) -> None:
    process = start("patient_record", "--database", str(database), "--version", "1")
    port = urlsplit(next_line(process)).port or 0
    with socket.create_connection(("127.0.0.1", port)) as idle:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_maintenance_answers_200_with_a_french_page_to_whatever_is_asked(
    browser: aiohttp.ClientSession, start: Start
) -> None:
    url = next_line(start("patient_record", "--maintenance"))
    for path in ("", "sante", "patients?q=MARTIN"):
        answer = await page(browser, url + path)
        assert "Le dossier patient est en cours de mise à jour" in answer
        assert "Connexion au dossier patient" not in answer


def test_a_database_is_asked_for_by_every_other_mode(start: Start) -> None:
    assert "--database is required" in refusal_of(start("patient_record", "--migrate"))


def test_a_missing_database_is_one_clear_line(start: Start, database: Path) -> None:
    process = start("patient_record", "--database", str(database), "--version", "1")
    assert refusal_of(process).startswith(f"patient record: cannot open {database}: ")


@pytest.mark.usefixtures("password")
def test_a_port_in_use_is_one_clear_line(start: Start, database: Path) -> None:
    arguments = ("patient_record", "--database", str(database), "--version", "1", "--port")
    port = urlsplit(next_line(start(*arguments, "0"))).port
    assert "address already in use" in refusal_of(start(*arguments, str(port)))
