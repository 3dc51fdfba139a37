"""Whom PostgreSQL runs as."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from collector.embedded.account import account_for
from collector.embedded.errors import EmbeddedError
from collector.embedded.folder import dsn_of
from collector.embedded.server import EmbeddedPostgres
from tests.postgres import ask

AS_ROOT = os.geteuid() == 0
OURS = pwd.getpwuid(os.geteuid()).pw_name
root_only = pytest.mark.skipif(not AS_ROOT, reason="only root becomes someone else")
ordinary_only = pytest.mark.skipif(AS_ROOT, reason="root becomes someone else")


@root_only
def test_root_becomes_someone_unprivileged(tmp_path: Path) -> None:
    assert account_for(tmp_path / "cluster", None).name in ("postgres", "nobody")


@root_only
async def test_root_becomes_whom_it_is_told(data_dir: Path) -> None:
    shutil.chown(data_dir / "cluster", "daemon", "daemon")
    for path in (data_dir / "cluster").rglob("*"):
        shutil.chown(path, "daemon", "daemon")
    async with EmbeddedPostgres(data_dir, user="daemon") as server:
        assert await ask(server.dsn, "SELECT 1") == 1
        assert Path("/proc", str(server.pid)).owner() == "daemon"


@root_only
async def test_data_keep_their_owner(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    os.chown(tmp_path / "cluster", pwd.getpwnam("daemon").pw_uid, 0)
    assert account_for(tmp_path / "cluster", None).name == "daemon"
    assert account_for(tmp_path / "cluster", "daemon").name == "daemon"
    with pytest.raises(EmbeddedError, match="as nobody: it belongs to daemon"):
        account_for(tmp_path / "cluster", "nobody")


@root_only
def test_data_of_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    with pytest.raises(EmbeddedError, match="it belongs to root, as whom PostgreSQL never runs"):
        account_for(tmp_path / "cluster", None)


@root_only
@pytest.mark.parametrize(
    ("user", "reason"), [("root", "name an unprivileged user"), ("nemo", "there is no such user")]
)
def test_a_user_that_will_not_do_is_refused(tmp_path: Path, user: str, reason: str) -> None:
    with pytest.raises(EmbeddedError, match=f"cannot run PostgreSQL as {user}.*{reason}"):
        account_for(tmp_path / "cluster", user)


@root_only
def test_a_server_of_someone_else_is_not_said_to_be_stopped(data_dir: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    data_dir.parent.chmod(0o700)
    os.seteuid(nobody)
    try:
        with pytest.raises(EmbeddedError, match="closed to you; run as the user who started it"):
            dsn_of(data_dir)
    finally:
        os.seteuid(0)


@ordinary_only
def test_an_ordinary_user_stays_who_it_is(tmp_path: Path) -> None:
    assert account_for(tmp_path / "cluster", None).is_ours
    assert account_for(tmp_path / "cluster", OURS).is_ours


@ordinary_only
def test_an_ordinary_user_becomes_no_one_else(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="cannot run PostgreSQL as daemon: only root can"):
        account_for(tmp_path / "cluster", "daemon")


@ordinary_only
def test_data_of_someone_else_are_refused() -> None:
    with pytest.raises(EmbeddedError, match="it belongs to root"):
        account_for(Path("/etc"), None)
