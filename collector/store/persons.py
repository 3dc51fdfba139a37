"""Names and addresses, apart from the log: the only rows of the register that may be erased."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.evidence.names import Person, commitment
from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId

PERSON_ERASED: Final = "person.erased"


class KeptPerson(NamedTuple):
    """A person, the commitment that stands for them in the log, its salt, and since when."""

    commitment: str
    person: Person
    salt: bytes
    kept_us: int

    @property
    def opening(self) -> tuple[str, Person, bytes]:
        """The commitment, and what opens it."""
        return self.commitment, self.person, self.salt


# A contact is of use until it is replaced or withdrawn, an intervention's person until its end.
_NO_LONGER_OF_USE: Final = """
WITH use AS (
    SELECT person, end_us AS until_us FROM intervention WHERE tenant_id = $1
    UNION ALL
    SELECT value ->> 'person', lead(at_us) OVER (PARTITION BY name ORDER BY entry)
    FROM catalogue_item WHERE tenant_id = $1 AND kind = 'contact'
)
SELECT commitment FROM person WHERE tenant_id = $1 AND kept_us < $2
AND NOT EXISTS (SELECT FROM use
    WHERE use.person = commitment AND (until_us IS NULL OR until_us >= $2))
ORDER BY kept_us, commitment
"""


async def add_person(
    connection: Connection, tenant_id: TenantId, person: Person, salt: bytes, kept_us: int
) -> str:
    """Keep a person beside the log; return the commitment to seal in it."""
    standing = commitment(person, salt)
    await connection.execute(
        "INSERT INTO person (tenant_id, commitment, salt, name, email, company, kept_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        standing,
        salt,
        person.name,
        person.email,
        person.company,
        kept_us,
    )
    return standing


async def read_persons(connection: Connection, tenant_id: TenantId) -> list[KeptPerson]:
    """Return the persons of a hospital who were not erased, by name."""
    rows = await connection.fetch(
        "SELECT commitment, name, email, company, salt, kept_us FROM person WHERE tenant_id = $1"
        " ORDER BY name, email, commitment",
        tenant_id,
    )
    return [
        KeptPerson(standing, Person(name, email, company), salt, kept_us)
        for standing, name, email, company, salt, kept_us in rows
    ]


async def unused_since(
    connection: Connection, tenant_id: TenantId, before_us: int
) -> Sequence[str]:
    """Return the commitments of the persons last of use before an instant, the longest kept first.

    Somebody who was told or who authorised is of use when that is registered; who intervenes, until
    the intervention is over; a contact, until the catalogue has another or none.
    """
    rows = await connection.fetch(_NO_LONGER_OF_USE, tenant_id, before_us)
    return [row["commitment"] for row in rows]


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
