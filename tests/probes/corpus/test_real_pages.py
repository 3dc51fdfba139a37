"""The pages of the corpus are those that the real programs show."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from probes.model.failure import Failure
from probes.model.http_target import HttpSpec
from probes.model.measurement import Outcome
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.corpus.situation import MARKER, PAGES
from tests.servers.fronts import apache, haproxy, nginx, tomcat
from tests.servers.listening import nobody

pytestmark = pytest.mark.servers
Front = Callable[[Path, int], AbstractContextManager[int]]

STOPPED = [
    (nginx, "/login", "nginx-502.html"),
    (nginx, "/closed", "nginx-503.html"),
    (haproxy, "/login", "haproxy-503.html"),
    (apache, "/login", "apache-503.html"),
]
SILENT = [
    (nginx, "/login", "nginx-504.html"),
    (haproxy, "/login", "haproxy-504.html"),
]


@pytest.fixture
def silent() -> Iterator[int]:
    """Give the port of an application that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


def shown(address: str) -> str:
    """Return a page, whatever its status."""
    try:
        with urlopen(address) as answer:
            page: bytes = answer.read()
    except HTTPError as error:
        page = error.read()
    return page.decode()


def common(page: str) -> str:
    """Return a page without what is another on every host: versions, ports, dates, spaces."""
    page = re.sub(r"<!DOCTYPE[^>]*>", "", page)  # Apache has changed its own over the years
    page = re.sub(r"(nginx|Apache|Tomcat)/[\d.]+", r"\1/0", page)
    page = re.sub(r"Port \d+|\d\d-\w{3}-\d{4} \d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d", "0", page)
    return " ".join(re.sub(r"> ", ">", " ".join(page.split())).split())


async def _verdict(port: int, path: str) -> tuple[Outcome, Failure | None]:
    seen = await run(
        kinds()["http"],
        HttpSpec(f"http://127.0.0.1:{port}{path}", expect_markers=(MARKER,)),
    )
    return seen.outcome, seen.failure


@pytest.mark.parametrize(("front", "path", "page"), STOPPED)
async def test_before_an_application_that_is_stopped(
    front: Front, path: str, page: str, tmp_path: Path
) -> None:
    with nobody() as application, front(tmp_path, application) as port:
        assert common(shown(f"http://127.0.0.1:{port}{path}")) == common(_kept(page))
        assert await _verdict(port, path) == (Outcome.DOWN, Failure.UNEXPECTED_STATUS)


@pytest.mark.parametrize(("front", "path", "page"), SILENT)
async def test_before_an_application_that_does_not_answer(
    front: Front, path: str, page: str, silent: int, tmp_path: Path
) -> None:
    with front(tmp_path, silent) as port:
        assert common(shown(f"http://127.0.0.1:{port}{path}")) == common(_kept(page))
        assert await _verdict(port, path) == (Outcome.DOWN, Failure.UNEXPECTED_STATUS)


@pytest.mark.parametrize("front", [nginx, apache])
async def test_a_listing_of_a_folder(front: Front, tmp_path: Path) -> None:
    (tmp_path / "listed").mkdir()
    with nobody() as application, front(tmp_path, application) as port:
        assert "<title>Index of /listed" in shown(f"http://127.0.0.1:{port}/listed/")
        assert await _verdict(port, "/listed/") == (Outcome.DOWN, Failure.MARKER_MISSING)


async def test_an_application_that_is_not_deployed(tmp_path: Path) -> None:
    with tomcat(tmp_path) as port:
        page = shown(f"http://127.0.0.1:{port}/login")
        assert common(page) == common(_kept("tomcat-404.html"))
        assert await _verdict(port, "/login") == (Outcome.DOWN, Failure.UNEXPECTED_STATUS)


def _kept(page: str) -> str:
    return (PAGES.folder / page).read_text("utf-8")
