"""Names are nowhere in the log, can be erased, and what was sealed stays provable."""

from hashlib import sha256
from pathlib import Path

import pytest

from collector.errors import NotFoundError
from collector.evidence.names import Person, commitment
from collector.record.catalogue import read_catalogue
from collector.record.entry import RegisterEntry
from collector.register.applying import apply, preview
from collector.register.names import erase_person, list_persons
from collector.register.sealing import Sealer
from collector.store.log import entries
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named

HOSPITAL = "CH-EXEMPLE"
CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
SALT = bytes(range(32))


def test_a_commitment_is_the_hash_of_salt_and_name() -> None:
    said = b'{"company":"","email":"d@x.example","name":"Camille Martin"}'
    expected = sha256(b"constat.person/1\x00" + SALT + said).hexdigest()
    assert commitment(Person("Camille Martin", "d@x.example"), SALT) == expected


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="a salt has 32 bytes, not 8"):
        commitment(Person("Camille Martin"), b"too few!")


async def _payloads(pool: Pool) -> list[bytes]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        return [entry.envelope.payload async for entry in entries(connection, tenant_id)]


async def test_no_name_and_no_address_of_a_contact_is_in_the_log(
    pool: Pool, sealer: Sealer
) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    payloads = b"".join(await _payloads(pool)).decode()
    for person in ("Camille", "Martin", "dsi@ch-exemple.example", "Sacha"):
        assert person not in payloads
    assert '"role":"astreinte"' in payloads


async def test_what_is_kept_opens_what_is_sealed(pool: Pool, sealer: Sealer) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    kept = {each.commitment: each for each in await list_persons(pool, HOSPITAL)}
    sealed = [RegisterEntry.decode(payload).body for payload in await _payloads(pool)]
    standing = {b["name"]: b["value"]["person"] for b in sealed if b["item"] == "contact"}
    assert kept.keys() == set(standing.values())
    dsi = kept[standing["dsi"]]
    assert dsi.person.name == "Camille Martin"
    assert commitment(dsi.person, dsi.salt) == dsi.commitment


async def test_a_contact_that_did_not_change_is_not_sealed_again_and_one_that_did_is(
    pool: Pool, sealer: Sealer, tmp_path: Path
) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    assert (await apply(pool, sealer, read_catalogue(CATALOGUE), "me"))[0].changes == ()
    changed = tmp_path / "catalogue.yaml"
    changed.write_text(CATALOGUE.read_text().replace("Camille Martin", "Claude Martin"))
    [applied] = await apply(pool, sealer, read_catalogue(changed), "me")
    [change] = applied.changes
    assert [tuple(edit) for edit in change.edits] == [("name", "Camille Martin", "Claude Martin")]


async def test_an_erased_name_is_gone_its_entry_is_not_and_the_catalogue_says_what_differs(
    pool: Pool, sealer: Sealer
) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    before = await _payloads(pool)
    camille = (await list_persons(pool, HOSPITAL))[0]
    await erase_person(pool, sealer, HOSPITAL, camille.commitment, "dpo")
    assert camille.commitment not in {p.commitment for p in await list_persons(pool, HOSPITAL)}
    after = await _payloads(pool)
    assert after[:-1] == before
    erased = RegisterEntry.decode(after[-1])
    assert (erased.kind, erased.author) == ("person.erased", "dpo")
    [previewed] = await preview(pool, read_catalogue(CATALOGUE))
    assert [edit.path for edit in previewed.changes[0].edits] == ["email", "name"]
    with pytest.raises(NotFoundError, match="constat names list"):
        await erase_person(pool, sealer, HOSPITAL, camille.commitment, "dpo")
