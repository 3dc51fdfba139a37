"""The migration of the patient record from schema 1 to schema 2, in durable batches.

Version 2 splits the name, qualifies the identity (INS: the NIR with its key and its authority)
and indexes a search key without accents. The batches are copied beside the version 1 table,
which stays whole until the copy has been verified: an interrupted migration leaves a database
that version 1 can still serve, and is taken up where its last commit left it.
"""

import sqlite3
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from collector.demo.patient_schema import PatientV1, Schema, SchemaError, opened, schema_of

BATCH = 300

# INS-NIR for demonstrations (Agence du numérique en santé, list of the INS authorities' OIDs).
INS_AUTHORITY = "1.2.250.1.213.1.4.11"

_TARGET = """
CREATE TABLE IF NOT EXISTS patient_v2 (
    id INTEGER PRIMARY KEY,
    birth_name TEXT NOT NULL,
    first_names TEXT NOT NULL,
    born_on TEXT NOT NULL,
    ins TEXT NOT NULL CHECK (length(ins) = 15),
    ins_authority TEXT NOT NULL,
    ward TEXT NOT NULL,
    search_key TEXT NOT NULL
)
"""
_SWITCH = """
BEGIN IMMEDIATE;
DROP TABLE patient;
ALTER TABLE patient_v2 RENAME TO patient;
CREATE INDEX patient_search ON patient (search_key);
CREATE INDEX patient_ins ON patient (ins);
PRAGMA user_version = 2;
COMMIT;
"""


class PatientV2(NamedTuple):
    """One patient as version 2 stores it."""

    identifier: int
    birth_name: str
    first_names: str
    born_on: str
    ins: str
    ins_authority: str
    ward: str
    search_key: str


def migrate(database: Path, report: Callable[[int, int], None]) -> int:
    """Bring the database from schema 1 to schema 2 and return the number of patients.

    `report(done, total)` is called after every durable batch. Raises `SchemaError` when the
    database is not of schema 1, or holds a patient that cannot be migrated.
    """
    with opened(database) as connection:
        schema = schema_of(connection)
        if schema is not Schema.V1:
            raise SchemaError(f"nothing to migrate: {database} is of schema {schema} already")
        connection.execute(_TARGET)
        (total,) = connection.execute("SELECT count(*) FROM patient").fetchone()
        (done,) = connection.execute("SELECT count(*) FROM patient_v2").fetchone()
        report(done, total)
        while copied := _copy_batch(connection):
            done += copied
            report(done, total)
        _verify(connection)
        connection.executescript(_SWITCH)
        connection.execute("VACUUM")
    return int(total)


def upgraded(patient: PatientV1) -> PatientV2:
    """Turn a version 1 patient into a version 2 patient."""
    birth_name, first_names = split_name(patient.full_name)
    return PatientV2(
        identifier=patient.identifier,
        birth_name=birth_name,
        first_names=first_names,
        born_on=patient.born_on,
        ins=patient.nir + nir_key(patient.nir),
        ins_authority=INS_AUTHORITY,
        ward=patient.ward,
        search_key=search_key(patient.full_name),
    )


def split_name(full_name: str) -> tuple[str, str]:
    """Split "DE LA TOUR Anne Sophie" into birth name and first names."""
    words = full_name.split()
    capitals = next((i for i, word in enumerate(words) if word != word.upper()), len(words))
    if capitals in {0, len(words)}:
        raise SchemaError(f"cannot tell birth name from first names in {full_name!r}")
    return " ".join(words[:capitals]), " ".join(words[capitals:])


def nir_key(nir: str) -> str:
    """Compute the two-digit key of a 13-digit NIR: the complement to 97 of its remainder."""
    return f"{97 - int(nir) % 97:02}"


def search_key(name: str) -> str:
    """Reduce a name to what a search compares: capitals, no accents, single spaces."""
    letters = unicodedata.normalize("NFKD", name.upper())
    bare = "".join(letter if letter.isalnum() else " " for letter in letters if letter.isascii())
    return " ".join(bare.split())


def _copy_batch(connection: sqlite3.Connection) -> int:
    batch = connection.execute(
        "SELECT id, full_name, born_on, nir, ward FROM patient"
        " WHERE id > (SELECT coalesce(max(id), 0) FROM patient_v2) ORDER BY id LIMIT ?",
        (BATCH,),
    ).fetchall()
    if batch:
        rows = [upgraded(PatientV1(*row)) for row in batch]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO patient_v2 VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    return len(batch)


def _verify(connection: sqlite3.Connection) -> None:
    """Compare old and new row by row before the old table is dropped."""
    (lost,) = connection.execute(
        "SELECT count(*) FROM patient AS old LEFT JOIN patient_v2 AS new ON new.id = old.id"
        " WHERE new.id IS NULL OR new.birth_name || ' ' || new.first_names <> old.full_name"
        " OR substr(new.ins, 1, 13) <> old.nir"
        " OR (new.born_on, new.ward) <> (old.born_on, old.ward)"
    ).fetchone()
    (damage,) = connection.execute("PRAGMA integrity_check").fetchone()
    if lost or damage != "ok":
        raise SchemaError(f"the migrated copy is not faithful: {lost} patients differ; {damage}")
