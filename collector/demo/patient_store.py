"""What the patient record reads from its database: accounts and patients, in either schema."""

import hashlib
import hmac
import secrets
from pathlib import Path

from collector.demo.patient_migration import search_key
from collector.demo.patient_schema import Account, Schema, SchemaError, opened, schema_of

FOUND_AT_MOST = 50

_SEARCH = {
    Schema.V1: (
        "SELECT full_name, born_on, nir, ward FROM patient"
        " WHERE full_name LIKE ? || '%' ORDER BY full_name, id LIMIT ?"
    ),
    Schema.V2: (
        "SELECT birth_name || ' ' || first_names, born_on, ins, ward FROM patient"
        " WHERE search_key >= ?1 AND search_key < ?1 || char(0x10FFFF)"
        " ORDER BY search_key, id LIMIT ?2"
    ),
}


def new_account(login: str, password: str) -> Account:
    """Derive an account's key from its password with scrypt, under a fresh salt."""
    salt = secrets.token_bytes(16)
    return Account(login, salt, _derive(password, salt))


class PatientStore:
    """The database of one version of the service."""

    def __init__(self, database: Path, schema: Schema) -> None:
        """Refuse a database that holds the other version's schema."""
        self._database = database
        self._schema = schema
        with opened(database) as connection:
            found = schema_of(connection)
        if found is not schema:
            raise SchemaError(
                f"version {schema} cannot serve {database}: it holds schema {found}; "
                + ("run --migrate first" if found < schema else "start the newer version")
            )

    def may_log_in(self, login: str, password: str) -> bool:
        """Say whether this is the account's password; an unknown account costs the same time."""
        with opened(self._database) as connection:
            row = connection.execute(
                "SELECT salt, key FROM account WHERE login = ?", (login,)
            ).fetchone()
        salt, key = row or (b"\0" * 16, b"")
        return hmac.compare_digest(_derive(password, salt), key)

    def search(self, name: str) -> list[tuple[str, ...]]:
        """Find patients by the beginning of their name: name, birth date, identity, ward."""
        wanted = search_key(name) if self._schema is Schema.V2 else name
        with opened(self._database) as connection:
            return connection.execute(_SEARCH[self._schema], (wanted, FOUND_AT_MOST)).fetchall()

    def count(self) -> int:
        """Count the patients, which proves that the database answers."""
        with opened(self._database) as connection:
            (patients,) = connection.execute("SELECT count(*) FROM patient").fetchone()
        return int(patients)


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
