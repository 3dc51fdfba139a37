"""The database of the demonstration's patient record: which schema it holds, and how it is made.

A database says which schema it holds in `user_version`, and that it is ours in
`application_id`. Nothing here guesses: a foreign, empty or missing file is refused.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

APPLICATION_ID = 0x44504544  # "DPED", so that no other SQLite file is taken for ours

_SCHEMA_1 = f"""
CREATE TABLE account (
    login TEXT PRIMARY KEY,
    salt BLOB NOT NULL,
    key BLOB NOT NULL
);
CREATE TABLE patient (
    id INTEGER PRIMARY KEY,
    full_name TEXT NOT NULL,
    born_on TEXT NOT NULL,
    nir TEXT NOT NULL,
    ward TEXT NOT NULL
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""

_BIRTH_NAMES = (
    "MARTIN", "BERNARD", "LE GALL", "PETIT", "DUBOIS-MOREAU", "GARCIA", "LEFÈVRE", "DE LA TOUR",
    "ROUSSEL", "NGUYEN", "BENALI", "D'ANGELO", "FAURE", "KOWALSKI", "MÉNARD", "TRAORÉ",
)  # fmt: skip
_FIRST_NAMES = (
    "Marie", "Jean-Pierre", "Zoé", "Anne Sophie", "Karim", "Élodie", "Lucien", "Aïssatou",
    "François", "Inès", "Yann", "Thérèse", "Paul", "Chloé", "Mamadou", "Solène",
)  # fmt: skip
_WARDS = ("Urgences", "Bloc opératoire", "Cardiologie", "Maternité", "Pédiatrie", "Réanimation")
_FIRST_BIRTH = date(1925, 1, 1)
_BIRTH_DAYS = 36_000


class Schema(IntEnum):
    """The schema a database holds, which is also the version that can serve it."""

    V1 = 1
    V2 = 2


class SchemaError(Exception):
    """A database the patient record cannot work on."""


class Account(NamedTuple):
    """Who may log in; the password itself is never stored."""

    login: str
    salt: bytes
    key: bytes


class PatientV1(NamedTuple):
    """One patient as version 1 stores it."""

    identifier: int
    full_name: str
    born_on: str
    nir: str
    ward: str


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing database with durable, explicit transactions, and close it again."""
    address = f"{database.absolute().as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError as error:
        raise SchemaError(f"cannot open {database}: {error}") from error
    with closing(connection):
        yield connection


def schema_of(connection: sqlite3.Connection) -> Schema:
    """Read which schema the database holds, refusing what is not a patient record."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise SchemaError("this file is not a patient record")
    try:
        return Schema(version)
    except ValueError:
        raise SchemaError(f"schema {version} is of no known version") from None


def create_database(database: Path, patients: int, account: Account) -> None:
    """Create a version 1 database with that many fictitious patients and one account."""
    if database.exists():
        raise SchemaError(f"{database} already exists")
    if not database.parent.is_dir():
        raise SchemaError(f"cannot create {database}: no such folder")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(_SCHEMA_1)
        connection.execute("INSERT INTO account VALUES (?, ?, ?)", account)
        connection.executemany(
            "INSERT INTO patient VALUES (?, ?, ?, ?, ?)", fictitious_patients(patients)
        )


def fictitious_patients(count: int) -> Iterator[PatientV1]:
    """Invent patients, the same ones every time.

    Their NIR says "born in 99 999", a country INSEE's list does not have: nobody's number.
    """
    chance = random.Random(count)  # noqa: S311 - invented people need no secrecy
    for identifier in range(1, count + 1):
        born = _FIRST_BIRTH + timedelta(days=chance.randrange(_BIRTH_DAYS))
        sex, order = chance.choice("12"), chance.randrange(1, 1000)
        yield PatientV1(
            identifier=identifier,
            full_name=f"{chance.choice(_BIRTH_NAMES)} {chance.choice(_FIRST_NAMES)}",
            born_on=born.isoformat(),
            nir=f"{sex}{born:%y%m}99999{order:03}",
            ward=chance.choice(_WARDS),
        )
