"""Spools as the tests open them, and the chain found in one, verified."""

from itertools import pairwise
from pathlib import Path
from typing import Final

from agent.seal import forge_for
from agent.space import Capacity
from agent.spool import Spool
from probes.model.batch import Batch
from tests.agent.reading import batch_of
from tests.agent.worlds import IDENTITY, KEY, RUN, FakeClock

CAPACITY: Final = Capacity(max_bytes=16 << 20, ballast_bytes=1 << 20)
FORGE: Final = forge_for(IDENTITY, KEY)
HERE: Final = "https://here.example"
THERE: Final = "https://there.example"


async def opened(folder: Path, *collectors: str, capacity: Capacity = CAPACITY) -> Spool:
    """Open the spool of a folder as its agent does when it starts."""
    spool = await Spool.open(folder / "spool.db", capacity)
    await spool.claim(IDENTITY.agent, collectors or (HERE,))
    await spool.begin(RUN, FakeClock(RUN.boot_id).reading)
    return spool


async def chain(spool: Spool) -> list[Batch]:
    """Return every batch held, each with its signature, number and links verified."""
    numbers = range(await spool.oldest_batch(), (await spool.held()).next_batch)
    sealed = [batch for number in numbers if (batch := await spool.batch(number))]
    assert [batch.number for batch in sealed] == list(numbers)
    batches = [batch_of(batch, KEY.verifying_key) for batch in sealed]
    for before, (earlier, later) in zip(sealed, pairwise(batches), strict=False):
        assert later.previous == before.digest
        assert later.first == earlier.last + 1
        assert later.epoch == earlier.epoch
    return batches
