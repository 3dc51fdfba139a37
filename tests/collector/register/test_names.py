"""Names are nowhere in the log, can be erased, and what was sealed stays provable."""

from hashlib import sha256
from pathlib import Path

import pytest

from collector.errors import NotFoundError
from collector.evidence.names import Person, commitment
from collector.record.catalogue import read_catalogue
from collector.record.entry import RegisterEntry
from collector.register.applying import apply, preview
from collector.register.attendance import Attendance
from collector.register.intervening import end_intervention, start_intervention
from collector.register.names import erase_person, erase_unused, list_persons
from collector.register.sealing import Sealer
from collector.store.commit import COLLECTOR
from collector.store.log import entries
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import DAY, SECOND

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


HALF_A_YEAR = 183 * DAY


async def _names(pool: Pool) -> list[str]:
    return sorted(each.person.name for each in await list_persons(pool, HOSPITAL))


async def _erase(pool: Pool, sealer: Sealer, at_us: int) -> int:
    return await erase_unused(pool, Sealer(sealer.key, lambda: at_us), HALF_A_YEAR, COLLECTOR)


async def test_who_intervened_is_erased_half_a_year_after_the_end_and_not_a_second_before(
    pool: Pool, sealer: Sealer
) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    contacts = await _names(pool)
    began_us = sealer.now_us()
    lasting = Attendance(HOSPITAL, Person("Dominique Petit"), "montée de version")
    made = await start_intervention(pool, sealer, lasting, "me")
    ended_us = began_us + 400 * DAY
    later = Sealer(sealer.key, lambda: ended_us)
    assert await _erase(pool, sealer, ended_us) == 0  # it is not over
    await end_intervention(pool, later, made, ended_us, "me")

    assert await _erase(pool, sealer, ended_us + HALF_A_YEAR) == 0
    assert await _names(pool) == sorted([*contacts, "Dominique Petit"])
    assert await _erase(pool, sealer, ended_us + HALF_A_YEAR + SECOND) == 1
    assert await _names(pool) == contacts
    assert await _erase(pool, sealer, ended_us + HALF_A_YEAR + SECOND) == 0
    last = RegisterEntry.decode((await _payloads(pool))[-1])
    assert (last.kind, last.author) == ("person.erased", COLLECTOR)


async def test_a_contact_is_erased_half_a_year_after_another_took_its_place(
    pool: Pool, sealer: Sealer, tmp_path: Path
) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    changed = tmp_path / "catalogue.yaml"
    changed.write_text(CATALOGUE.read_text().replace("Camille Martin", "Claude Martin"))
    replaced_us = sealer.now_us() + 1000 * DAY
    await apply(pool, Sealer(sealer.key, lambda: replaced_us), read_catalogue(changed), "me")
    assert {"Camille Martin", "Claude Martin"} <= set(await _names(pool))

    assert await _erase(pool, sealer, replaced_us + HALF_A_YEAR) == 0
    assert await _erase(pool, sealer, replaced_us + HALF_A_YEAR + SECOND) == 1
    assert "Camille Martin" not in await _names(pool)
    assert await _erase(pool, sealer, replaced_us + 20 * HALF_A_YEAR) == 0
    assert "Claude Martin" in await _names(pool)
