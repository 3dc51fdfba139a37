"""A data folder that is ready to start, copied for each test from one that was made once."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.embedded.server import EmbeddedPostgres
from tests.postgres import in_own_loop


async def _make(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "data"
    in_own_loop(_make(folder))
    return folder


@pytest.fixture
def data_dir(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    subprocess.run(["cp", "-a", made, folder], check=True)  # as shutil does not, owners and all
    return folder


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Path:
    folder = tmp_path_factory.mktemp("served") / "data"
    subprocess.run(["cp", "-a", made, folder], check=True)
    return folder


@pytest.fixture(scope="session")
def running(served: Path) -> Iterator[EmbeddedPostgres]:
    """A server for the tests that only look at it."""
    server = EmbeddedPostgres(served)
    in_own_loop(server.start())
    yield server
    in_own_loop(server.stop())
