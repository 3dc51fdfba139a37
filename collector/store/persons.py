"""Names and addresses, apart from the log: the only rows of the register that may be erased."""

from typing import Final, NamedTuple

from collector.evidence.names import Person, commitment
from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId

PERSON_ERASED: Final = "person.erased"


class KeptPerson(NamedTuple):
    """A person, the commitment that stands for them in the log, and its salt."""

    commitment: str
    person: Person
    salt: bytes


async def add_person(
    connection: Connection, tenant_id: TenantId, person: Person, salt: bytes
) -> str:
    """Keep a person beside the log; return the commitment to seal in it."""
    standing = commitment(person, salt)
    await connection.execute(
        "INSERT INTO person (tenant_id, commitment, salt, name, email, company)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        tenant_id,
        standing,
        salt,
        person.name,
        person.email,
        person.company,
    )
    return standing


async def read_persons(connection: Connection, tenant_id: TenantId) -> list[KeptPerson]:
    """Return the persons of a hospital who were not erased, by name."""
    rows = await connection.fetch(
        "SELECT commitment, name, email, company, salt FROM person WHERE tenant_id = $1"
        " ORDER BY name, email, commitment",
        tenant_id,
    )
    return [
        KeptPerson(standing, Person(name, email, company), salt)
        for standing, name, email, company, salt in rows
    ]


async def forget_person(
    connection: Connection,
    tenant_id: TenantId,
    index: int,  # noqa: ARG001 - a projection
    entry: RegisterEntry,
) -> None:
    """Erase the person an entry says; made again from the log, nobody who was erased is back."""
    await connection.execute(
        "DELETE FROM person WHERE tenant_id = $1 AND commitment = $2",
        tenant_id,
        entry.body["person"],
    )
