"""Applying a catalogue seals what differs, and nothing else."""

from pathlib import Path

import pytest

from collector.record.catalogue import ITEM_SET, ItemKey, ItemKind, Value, read_catalogue
from collector.record.entry import RegisterEntry
from collector.register.applying import apply, preview
from collector.register.changes import Edit
from collector.register.sealing import Sealer
from collector.store.log import entries, read_head
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from tests.collector.conftest import Clock

HOSPITAL = "CH-EXEMPLE"
DPI = ItemKey(ItemKind.SERVICE, "dpi")
Catalogue = dict[str, dict[ItemKey, Value]]


@pytest.fixture
def catalogue() -> Catalogue:
    return read_catalogue(Path(__file__).parents[3] / "docs/examples/catalogue.yaml")


async def _entries(pool: Pool) -> list[RegisterEntry]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        return [
            RegisterEntry.decode(entry.envelope.payload)
            async for entry in entries(connection, tenant_id)
        ]


async def test_every_item_of_a_new_catalogue_is_an_entry_with_its_author(
    pool: Pool, sealer: Sealer, clock: Clock, catalogue: Catalogue
) -> None:
    [applied] = await apply(pool, sealer, catalogue, "C. Martin")
    assert len(applied.changes) == 10
    sealed = await _entries(pool)
    assert [(entry.body["item"], entry.body["name"]) for entry in sealed] == [
        ("group", "GHT-EXEMPLE"), ("hospital", HOSPITAL),
        ("contact", "dsi"), ("contact", "rssi"), ("contact", "astreinte-1"),
        ("product", "dossier-patient"), ("product", "gestion-administrative"),
        ("site", "principal"), ("service", "dpi"), ("service", "gap"),
    ]  # fmt: skip
    assert {entry.kind for entry in sealed} == {ITEM_SET}
    assert {(entry.author, entry.at_us, entry.tenant) for entry in sealed} == {
        ("C. Martin", clock.now_us, HOSPITAL)
    }


async def test_the_entries_are_signed_by_the_log_key(
    pool: Pool, sealer: Sealer, catalogue: Catalogue
) -> None:
    await apply(pool, sealer, catalogue, "me")
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        async for entry in entries(connection, tenant_id):
            assert entry.envelope.signed_by(sealer.key.verifying_key)


async def test_applying_twice_seals_nothing_the_second_time(
    pool: Pool, sealer: Sealer, catalogue: Catalogue
) -> None:
    await apply(pool, sealer, catalogue, "me")
    [applied] = await apply(pool, sealer, catalogue, "me")
    assert applied.changes == ()
    assert len(await _entries(pool)) == 10


async def test_a_preview_shows_the_same_changes_and_seals_nothing(
    pool: Pool, sealer: Sealer, catalogue: Catalogue
) -> None:
    assert len((await preview(pool, catalogue))[0].changes) == 10
    await apply(pool, sealer, catalogue, "me")
    catalogue[HOSPITAL][DPI]["class"] = "standard"
    [previewed] = await preview(pool, catalogue)
    assert [change.key for change in previewed.changes] == [DPI]
    assert previewed.changes[0].edits == (Edit("class", "strategic", "standard"),)
    async with connected(pool) as connection:
        head = await read_head(connection, await tenant_named(connection, HOSPITAL))
    assert head.size == 10
    [applied] = await apply(pool, sealer, catalogue, "me")
    assert applied == previewed


async def test_what_a_catalogue_does_not_mention_is_kept_and_said(
    pool: Pool, sealer: Sealer, catalogue: Catalogue
) -> None:
    await apply(pool, sealer, catalogue, "me")
    del catalogue[HOSPITAL][DPI]
    [applied] = await apply(pool, sealer, catalogue, "me")
    assert applied.changes == ()
    assert applied.unmentioned == (DPI,)
