"""Whose keys speak for a hospital's evidence, as the database has them."""

from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.report.value import HeldKey, KeyHolder
from collector.store.checkpoints import add_cosignature, keep_checkpoint
from collector.store.keys import read_keys
from collector.store.pool import Pool, connected, transaction
from collector.store.tenants import tenant_named
from probes.model.checkpoint import cosign
from probes.model.keys import SigningKey
from tests.collector.cli.conftest import CATALOGUE

WITNESS = SigningKey.from_seed(bytes([7] * 32))
HOSPITAL = "CH-EXEMPLE"


async def test_a_witness_is_known_by_its_first_cosignature(pool: Pool, sealer: Sealer) -> None:
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        kept = await keep_checkpoint(connection, tenant_id, HOSPITAL, sealer.key, 1)
        line = cosign(kept.note.checkpoint, "temoin.example", WITNESS, 1_794_000_000)
        size = kept.note.checkpoint.size
        assert await add_cosignature(connection, tenant_id, size, line, 2)
        await connection.execute(
            "INSERT INTO stamp (tenant_id, entry, size, at_us, authority, token, sealed_at)"
            " VALUES ($1, 90, 9, 1, 'CN=TSA', '', 1), ($1, 80, 8, 1, 'CN=TSA', '', 1)",
            tenant_id,
        )
    async with connected(pool) as connection:
        keys = await read_keys(connection, tenant_id)
    [_, signature] = kept.note.with_lines([line]).signatures
    assert keys == [
        HeldKey(KeyHolder.LOG, "", sealer.key.verifying_key.key_id, 0),
        HeldKey(KeyHolder.WITNESS, "temoin.example", signature.key_id.hex(), size),
        HeldKey(KeyHolder.AUTHORITY, "CN=TSA", "", 8),
    ]
