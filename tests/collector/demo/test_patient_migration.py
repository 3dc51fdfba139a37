import sqlite3
from pathlib import Path

import pytest

from collector.demo import patient_migration
from collector.demo.patient_migration import migrate, nir_key, search_key, split_name
from collector.demo.patient_schema import (
    Account,
    Schema,
    SchemaError,
    create_database,
    fictitious_patients,
    opened,
    schema_of,
)

ACCOUNT = Account("infirmerie", b"salt", b"key")
PATIENTS = 2 * patient_migration.BATCH + 1


class PowerCutError(Exception):
    pass


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "dossier.db"
    create_database(path, PATIENTS, ACCOUNT)
    return path


def ignore(_done: int, _total: int) -> None:
    pass


def names_in(database: Path, column: str) -> list[str]:
    with opened(database) as connection:
        rows = connection.execute(f"SELECT {column} FROM patient ORDER BY id").fetchall()
    return [name for (name,) in rows]


def schema_in(database: Path) -> Schema:
    with opened(database) as connection:
        return schema_of(connection)


@pytest.mark.parametrize(
    ("full_name", "parts"),
    [
        ("MARTIN Zoé", ("MARTIN", "Zoé")),
        ("DE LA TOUR Anne Sophie", ("DE LA TOUR", "Anne Sophie")),
        ("D'ANGELO Jean-Pierre", ("D'ANGELO", "Jean-Pierre")),
        ("MÉNARD Élodie", ("MÉNARD", "Élodie")),
    ],
)
def test_a_name_is_split_where_its_capitals_end(full_name: str, parts: tuple[str, str]) -> None:
    assert split_name(full_name) == parts


@pytest.mark.parametrize("full_name", ["Zoé", "MARTIN", ""])
def test_a_name_that_cannot_be_split_is_refused(full_name: str) -> None:
    with pytest.raises(SchemaError, match="cannot tell birth name from first names"):
        split_name(full_name)


def test_the_key_of_a_nir_is_the_one_of_the_published_example() -> None:
    # 2 69 05 49 588 157, key 80: the specimen of the Assurance Maladie.
    assert nir_key("2690549588157") == "80"


def test_a_search_key_has_neither_accents_nor_punctuation() -> None:
    assert search_key("D'Angelo-Lefèvre  Zoé") == "D ANGELO LEFEVRE ZOE"


def test_every_patient_is_migrated_with_a_valid_identity(database: Path) -> None:
    assert migrate(database, ignore) == PATIENTS
    assert schema_in(database) is Schema.V2
    assert names_in(database, "birth_name || ' ' || first_names") == [
        patient.full_name for patient in fictitious_patients(PATIENTS)
    ]
    identities = names_in(database, "ins")
    assert all((int(ins[:13]) + int(ins[13:])) % 97 == 0 for ins in identities)


def test_progress_is_told_after_each_durable_batch(database: Path) -> None:
    told: list[tuple[int, int]] = []
    migrate(database, lambda done, total: told.append((done, total)))
    batch = patient_migration.BATCH
    assert [done for done, _ in told] == [0, batch, 2 * batch, PATIENTS]
    assert {total for _, total in told} == {PATIENTS}


def test_an_interrupted_migration_leaves_version_1_whole_and_is_taken_up(database: Path) -> None:
    before = names_in(database, "full_name")

    def cut_the_power(done: int, _total: int) -> None:
        if done:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        migrate(database, cut_the_power)
    assert schema_in(database) is Schema.V1
    assert names_in(database, "full_name") == before

    told: list[int] = []
    migrate(database, lambda done, _total: told.append(done))
    assert told[0] == patient_migration.BATCH
    assert names_in(database, "birth_name || ' ' || first_names") == before


def test_a_patient_changed_behind_the_migration_s_back_stops_it(database: Path) -> None:
    def change_a_copied_patient(done: int, _total: int) -> None:
        if done:
            with opened(database) as connection:
                connection.execute("UPDATE patient SET full_name = 'AUTRE Nom' WHERE id = 1")

    with pytest.raises(SchemaError, match="not faithful: 1 patients differ"):
        migrate(database, change_a_copied_patient)
    assert schema_in(database) is Schema.V1


def test_a_migrated_database_is_not_migrated_again(database: Path) -> None:
    migrate(database, ignore)
    with pytest.raises(SchemaError, match="nothing to migrate"):
        migrate(database, ignore)


def test_the_search_of_version_2_uses_its_index(database: Path) -> None:
    migrate(database, ignore)
    with opened(database) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM patient WHERE search_key >= 'A' AND search_key < 'B'"
        ).fetchall()
    assert "patient_search" in plan[0][3]


def test_a_database_is_never_overwritten(database: Path) -> None:
    with pytest.raises(SchemaError, match="already exists"):
        create_database(database, 1, ACCOUNT)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with opened(path) as opened_connection, pytest.raises(SchemaError, match="not a patient"):
        schema_of(opened_connection)


def test_a_schema_of_the_future_is_refused(database: Path) -> None:
    with opened(database) as connection:
        connection.execute("PRAGMA user_version = 3")
        with pytest.raises(SchemaError, match="schema 3 is of no known version"):
            schema_of(connection)


def test_a_text_file_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("hello " * 100)
    for path in (text, tmp_path / "missing.db"):
        with pytest.raises(SchemaError, match=f"cannot open {path}"), opened(path):
            pass


def test_a_database_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no such folder"):
        create_database(tmp_path / "nowhere" / "dossier.db", 1, ACCOUNT)
