"""What a sql check asks of a database, and what it must be answered.

See `probes.model.target` for what every spec promises.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probes.model.target import Family, Target, Timeouts, Tls, require_threshold


class Dialect(StrEnum):
    """The databases a probe can speak to, by the family of their protocol."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    SQLSERVER = "sqlserver"
    ORACLE = "oracle"


class Role(StrEnum):
    """What the users of a database need it to be: one that accepts writes, or any."""

    PRIMARY = "primary"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class SqlSpec:
    """Logs in to a database, runs one reading statement, and expects something of its rows.

    `dialect` mysql is MariaDB too. `database` is the service name where the dialect is oracle.
    With `tls` the session is encrypted and the server's certificate verified, or it fails; without,
    it is not encrypted.

    `statement` is one SELECT, WITH, SHOW or VALUES, without comments; it runs in a transaction that
    only reads, where the dialect has such, and is ended by the server itself when it takes too
    long. At least `min_rows` rows must come (0 only where `max_rows` says something), at most
    `max_rows`, and the first column of the first must be `expect`, when given. No value of a row
    is ever recorded.

    With `role: primary` a server in recovery, a replica or a database that only reads is
    `degraded`; with `role: any` it is as good as another.
    """

    dialect: Dialect
    host: str
    username: str
    port: int | None = None
    database: str = ""
    password_file: str = ""
    family: Family = Family.ANY
    tls: Tls | None = None
    statement: str = "SELECT 1"
    expect: bool | int | str | None = None
    min_rows: int = 1
    max_rows: int | None = None
    role: Role = Role.PRIMARY
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse a check that asserts nothing, or a statement that could do more than read."""
        _ = self.target
        if not self.username:
            raise ValueError("username: is empty")
        if self.dialect is Dialect.ORACLE and not self.database:
            raise ValueError("database: is missing; oracle asks for the name of a service")
        for name in ("username", "database"):
            if not getattr(self, name).isprintable():
                raise ValueError(f"{name}: is not one line of text")
        _require_reading(self.statement, self.dialect)
        self._check_rows()
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port or _PORTS[self.dialect], self.family)

    @property
    def question(self) -> str:
        """The statement as the dialect takes it, without the semicolon at its end."""
        statement = self.statement.strip().removesuffix(";").rstrip()
        if self.dialect is Dialect.ORACLE and statement.upper() == "SELECT 1":
            return "SELECT 1 FROM dual"
        return statement

    @property
    def most_rows(self) -> int:
        """How many rows are worth reading: one more than may come, when that is limited."""
        return max(self.min_rows, 1) if self.max_rows is None else self.max_rows + 1

    def _check_rows(self) -> None:
        if not 0 <= self.min_rows <= _MOST_ROWS:
            raise ValueError(f"min_rows: {self.min_rows} is not 0 to {_MOST_ROWS}")
        if self.max_rows is not None and not self.min_rows <= self.max_rows <= _MOST_ROWS:
            raise ValueError(f"max_rows: {self.max_rows} is not {self.min_rows} to {_MOST_ROWS}")
        if self.min_rows == 0 and self.max_rows is None:
            raise ValueError("min_rows: 0 proves nothing; give max_rows, or expect a row")
        if self.min_rows == 0 and self.expect is not None:
            raise ValueError("min_rows: 0 contradicts expect, which needs a row")


def _require_reading(statement: str, dialect: Dialect) -> None:
    """Raise `ValueError` unless a text is surely one statement that only reads.

    Each dialect quotes and comments in a way of its own: what one of them could read otherwise is
    refused. An account that may only read is still the better half of this.
    """
    for sign in ("--", "/*", "#", "\\", "$$"):
        if sign in statement:
            raise ValueError(f"statement: holds {sign}, which dialects read differently")
    quoted = _QUOTED_IN_SQLSERVER if dialect is Dialect.SQLSERVER else _QUOTED
    bare = quoted.sub(" ", statement).strip().removesuffix(";")
    if any(quote in bare for quote in "'\"`"):
        raise ValueError("statement: a quote is not closed")
    if ";" in bare:
        raise ValueError("statement: is more than one statement")
    if (bare.split() or [""])[0].upper() not in _READING:
        raise ValueError(f"statement: does not begin with {', '.join(_READING)}")
    if writing := _WRITING.search(bare):
        raise ValueError(f"statement: {writing[0]} does more than read; quote it if it is a name")


_PORTS: Final = {
    Dialect.POSTGRESQL: 5432,
    Dialect.MYSQL: 3306,
    Dialect.SQLSERVER: 1433,
    Dialect.ORACLE: 1521,
}
_MOST_ROWS: Final = 10_000
_READING: Final = ("SELECT", "SHOW", "VALUES", "WITH")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_QUOTED_IN_SQLSERVER: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]")
# SQL Server needs no semicolon between two statements: a second one is found by its first word.
_WRITING: Final = re.compile(
    r"\b(ALTER|BACKUP|BEGIN|BULK|CALL|COMMIT|COPY|CREATE|DBCC|DECLARE|DELETE|DENY|DO|DROP|DUMPFILE"
    r"|EXEC|EXECUTE|GRANT|HANDLER|INSERT|INTO|KILL|LOAD|LOCK|MERGE|OPENQUERY|OPENROWSET|OUTFILE"
    r"|RECONFIGURE|RENAME|RESTORE|REVOKE|SET|SHUTDOWN|TRUNCATE|UPDATE|UPDATETEXT|UPSERT|USE|VACUUM"
    r"|WAITFOR|WRITETEXT)\b",
    re.IGNORECASE,
)
