"""Names in the register: kept beside the log, named in it by a commitment, erased on request."""

from collections.abc import Mapping
from secrets import token_bytes

from collector.errors import NotFoundError
from collector.evidence.names import SALT_BYTES, Person
from collector.record.catalogue import ItemKind, Value
from collector.register.sealing import Desk, Sealer, open_desk
from collector.store.persons import (
    PERSON_ERASED,
    KeptPerson,
    add_person,
    read_persons,
    unused_since,
)
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import TenantId, tenant_named, tenant_names


async def keep_person(desk: Desk, person: Person) -> str:
    """Keep a person of the desk's hospital; return the commitment to seal in their place.

    The same person kept twice has two commitments: leaves do not tell who is the same.
    """
    salt = token_bytes(SALT_BYTES)
    return await add_person(desk.connection, desk.tenant_id, person, salt, desk.at_us)


async def persons_of(connection: Connection, tenant_id: TenantId) -> dict[str, Person]:
    """Return the persons of a hospital who were not erased, by their commitments."""
    kept = await read_persons(connection, tenant_id)
    return {each.commitment: each.person for each in kept}


def as_written(kind: str, value: Value, persons: Mapping[str, Person]) -> Value:
    """Return an item as it was written; a contact that was erased has neither name nor address."""
    if kind != ItemKind.CONTACT:
        return value
    said = dict(value)
    person = persons.get(said.pop("person"))
    return said if person is None else {**said, "name": person.name, "email": person.email}


async def list_persons(pool: Pool, hospital: str) -> list[KeptPerson]:
    """Return the persons named in the register of a hospital, by name."""
    async with connected(pool) as connection:
        return await read_persons(connection, await tenant_named(connection, hospital))


async def erase_person(
    pool: Pool, sealer: Sealer, hospital: str, standing: str, author: str
) -> None:
    """Erase a person; that it was done is an entry, who it was is nowhere any more."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
        desk = await open_desk(connection, tenant_id, hospital, sealer, author)
        if standing not in await persons_of(connection, tenant_id):
            raise NotFoundError(f"{hospital} has nobody kept as {standing}: constat names list")
        await desk.seal(PERSON_ERASED, {"person": standing})


async def erase_unused(pool: Pool, sealer: Sealer, for_us: int, author: str) -> int:
    """Erase whoever has been of no use for so long, in every hospital; return how many.

    Each is an entry, as when somebody asks for it.
    """
    erased = 0
    async with connected(pool) as connection:
        hospitals = await tenant_names(connection)
    for hospital in hospitals:
        async with transaction(pool) as connection:
            tenant_id = await tenant_named(connection, hospital)
            before_us = sealer.now_us() - for_us
            if not await unused_since(connection, tenant_id, before_us):
                continue
            desk = await open_desk(connection, tenant_id, hospital, sealer, author)
            for standing in await unused_since(connection, tenant_id, before_us):
                await desk.seal(PERSON_ERASED, {"person": standing})
                erased += 1
    return erased
