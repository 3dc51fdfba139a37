"""Debian's MariaDB on a port of the loopback, with a world of its own."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pymysql

from tests.servers.certificates import authority
from tests.servers.real import folder_of, free_port, real, running
from tests.servers.web import PATIENT

PASSWORD: Final = "Été 2026 !"
_ACCOUNT: Final = "mysql"


@contextmanager
def mariadb(scratch: Path) -> Iterator[int]:
    """Run a server that speaks TLS when asked to; give its port."""
    server = real("mariadbd")
    authority().server(scratch)
    with folder_of(_ACCOUNT) as folder:
        _initialise(folder)
        pem = folder / "server.pem"
        pem.write_bytes((scratch / "server.pem").read_bytes())
        pem.chmod(0o644)
        port = free_port()
        command = [
            server,
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--init-file={folder / 'world.sql'}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--ssl-cert={pem}",
            f"--ssl-key={pem}",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        with running(*command, port=port, user=_ACCOUNT):
            yield port


def administer(port: int, *statements: str) -> Any:  # noqa: ANN401 - a value of the server's
    """Do some statements as who may do all, and return the first value of the last."""
    session = pymysql.connect(
        host="127.0.0.1", port=port, user="gardien", password=PASSWORD.encode()
    )
    with session, session.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None


def _initialise(folder: Path) -> None:
    account = pwd.getpwnam(_ACCOUNT) if os.geteuid() == 0 else None
    command = [
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    ]
    subprocess.run(
        command,
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=[] if account else None,
        capture_output=True,
        check=True,
    )
    world = folder / "world.sql"
    world.write_text(_WORLD)
    world.chmod(0o644)


# Each statement of an init file is one line.
_WORLD: Final = "\n".join(
    [
        "CREATE DATABASE dpi;",
        "CREATE TABLE dpi.patient (name text);",
        f"INSERT INTO dpi.patient VALUES ('{PATIENT}'), ('{PATIENT}');",
        f"CREATE USER constat@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';",
        "GRANT SELECT ON dpi.* TO constat@'127.0.0.1';",
        f"CREATE USER locked@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' ACCOUNT LOCK;",
        f"CREATE USER inside@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;",
        f"CREATE USER gardien@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';",
        "GRANT ALL ON *.* TO gardien@'127.0.0.1' WITH GRANT OPTION;",
        "",
    ]
)
