"""The bundle of a window has the stamps that count for it, on the checkpoints they are of."""

import io

from collector.evidence.archive import ArchiveReader
from collector.evidence.bundle import CHECKPOINTS, TIMESTAMPS, sized
from collector.evidence.stamp import verify_stamp
from collector.exporting import Export, export
from collector.register.planning import Where, start
from collector.register.sealing import Sealer
from collector.register.stamps import stamp_lines
from collector.store.pool import Pool
from probes.model.checkpoint import read_checkpoint
from probes.model.instant import DAY
from tests.collector.conftest import Clock
from tests.collector.stamping.test_stamper import signed_text, stamper
from tests.servers.timestamps import Authority


async def bundle(pool: Pool, sealer: Sealer, where: Where) -> ArchiveReader:
    file = io.BytesIO()
    await export(pool, sealer, where, "me", file, Export())
    return ArchiveReader(file)


async def test_a_bundle_has_the_first_stamp_over_each_step_and_the_last_of_all(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        assert await working.round() == 1  # the notice
        for _ in range(3):  # two days of no interest, and a last one
            clock.advance(DAY)
            assert await working.round() == 1
    lines = await stamp_lines(register)
    sizes = [line.stamp.size for line in lines if line.stamp]
    archive = await bundle(register, sealer, window)
    held = [name for name in archive.names() if name.startswith(TIMESTAMPS)]
    assert held == sorted(sized(TIMESTAMPS, size, ".tsr") for size in (sizes[0], sizes[-1]))
    for size in (sizes[0], sizes[-1]):
        note = read_checkpoint(archive.read(sized(CHECKPOINTS, size, ".txt"), 9_999))
        token = archive.read(sized(TIMESTAMPS, size, ".tsr"), 9_999)
        verify_stamp(token, signed_text(note, sealer), [authority.root])


async def test_a_bundle_without_stamps_has_none(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    await start(register, sealer, window, None, "me")
    archive = await bundle(register, sealer, window)
    assert not [name for name in archive.names() if name.startswith(TIMESTAMPS)]
