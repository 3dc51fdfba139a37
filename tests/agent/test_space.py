"""When there is no room: probing goes on, changes are kept, what is lost is counted and signed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from agent.cursors import Cursor
from agent.database import SpoolFullError
from agent.sample import Sample
from agent.seal import Run, seal
from agent.sealer import seal_all
from agent.space import DAYS_HELD, Capacity
from agent.spool import Spool
from probes.model.instant import DAY, SECOND
from probes.model.measurement import Outcome
from tests.agent.spools import FORGE, HERE, THERE, chain, opened
from tests.agent.worlds import IDENTITY, KEY, draft, sample

SMALL = Capacity(max_bytes=512 << 10, ballast_bytes=64 << 10)
GROUP = 40
_RANDOM = Random(4)


def bulky(outcome: Outcome = Outcome.UP) -> Sample:
    """Make a sample that no compression makes small."""
    return sample(outcome=outcome, detail=_RANDOM.randbytes(1_500).hex())


async def fill(spool: Spool) -> int:
    """Record steady samples, some at once, until none is kept; return how many were."""
    kept = 0
    for _ in range(200):
        numbers = await asyncio.gather(*(spool.record(bulky()) for _ in range(GROUP)))
        kept += sum(number is not None for number in numbers)
        if numbers == [None] * GROUP:
            return kept
    pytest.fail("the spool took everything")


def hog(disk: Path) -> Path:
    """Fill a disk to the last block; return the file that does."""
    path = disk / "hog"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4_096)):
            pass
    return path


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 4 MiB; only root can make one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", tmp_path],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


async def test_at_the_cap_changes_are_kept_with_the_sample_before_them(tmp_path: Path) -> None:
    spool = await opened(tmp_path, capacity=SMALL)
    await fill(spool)
    assert (await spool.held()).scarce
    last_up = bulky()
    assert await spool.record(last_up) is None
    down = bulky(Outcome.DOWN)
    number = await spool.record(down)
    assert number is not None
    lost = (await spool.held()).lost
    assert lost > 0

    await seal_all(spool, FORGE)
    batches = await chain(spool)
    starts = [start for batch in batches for start in batch.checks[0].starts_us]
    assert starts[-2:] == [last_up.start_us, down.start_us]
    assert batches[-1].last == number
    assert batches[-1].lost == lost
    await spool.close()


async def test_every_sample_is_kept_counted_or_held(tmp_path: Path) -> None:
    spool = await opened(tmp_path, capacity=SMALL)
    recorded = 0
    for _ in range(20):
        burst = [bulky() for _ in range(GROUP)] + [bulky(Outcome.DOWN)]
        await asyncio.gather(*map(spool.record, burst))
        recorded += len(burst)
    await seal_all(spool, FORGE)
    sealed = sum(batch.last - batch.first + 1 for batch in await chain(spool))
    lost = (await spool.held()).lost
    assert lost > 0
    assert sealed + lost == recorded  # the last was a change: none is held back
    await spool.close()


async def test_what_was_acknowledged_makes_room_for_new_samples(tmp_path: Path) -> None:
    spool = await opened(tmp_path, capacity=SMALL)
    await fill(spool)
    await seal_all(spool, FORGE)
    held = await spool.held()
    await spool.move_cursor(HERE, Cursor(held.next_batch - 1, held.depth))
    numbers = await asyncio.gather(*(spool.record(bulky()) for _ in range(3)))
    assert None not in numbers
    assert not (await spool.held()).scarce
    await spool.close()


async def test_what_no_collector_has_is_never_deleted(tmp_path: Path) -> None:
    spool = await opened(tmp_path, HERE, THERE, capacity=SMALL)
    await spool.record(bulky())
    await spool.seal(FORGE)
    await fill(spool)
    await fill(spool)
    assert await spool.oldest_batch() == 1
    await spool.close()


async def test_a_collector_that_is_away_does_not_stop_the_delivery_to_another(
    tmp_path: Path,
) -> None:
    spool = await opened(tmp_path, HERE, THERE, capacity=SMALL)
    await fill(spool)
    await seal_all(spool, FORGE)
    held = await spool.held()
    await spool.move_cursor(HERE, Cursor(held.next_batch - 1, held.depth))
    assert await spool.record(bulky()) is not None
    assert await spool.oldest_batch() == held.next_batch
    await spool.close()


async def test_the_count_of_what_was_lost_survives(tmp_path: Path) -> None:
    spool = await opened(tmp_path, capacity=SMALL)
    await fill(spool)
    await fill(spool)
    lost = (await spool.held()).lost
    await spool.close()
    spool = await opened(tmp_path, capacity=SMALL)
    assert (await spool.held()).lost == lost > 0
    await spool.close()


async def test_a_full_disk_is_survived_and_left_behind(full_disk: Path) -> None:
    folder = full_disk / "state"
    folder.mkdir(mode=0o700)
    spool = await opened(folder, capacity=Capacity(64 << 20, ballast_bytes=512 << 10))
    await spool.record(bulky())
    filler = hog(full_disk)
    kept = await fill(spool)
    last_up, down = bulky(), bulky(Outcome.DOWN)
    assert await spool.record(last_up) is None
    assert await spool.record(down) is not None
    lost = (await spool.held()).lost
    assert lost > 0
    assert not (folder / "spool.ballast").exists()

    filler.unlink()
    assert await spool.record(bulky(Outcome.DOWN)) is not None
    assert (folder / "spool.ballast").stat().st_blocks * 512 >= 512 << 10
    await seal_all(spool, FORGE)
    batches = await chain(spool)
    assert batches[-1].last >= kept + 4  # the first, those kept, the pair, the last
    assert batches[-1].lost == lost
    await spool.close()


async def test_a_disk_that_is_full_at_the_start_still_lets_the_agent_start(full_disk: Path) -> None:
    capacity = Capacity(64 << 20, ballast_bytes=512 << 10)
    spool = await opened(full_disk, capacity=capacity)
    await spool.record(bulky())
    await spool.close()
    hog(full_disk)
    spool = await opened(full_disk, capacity=capacity)
    assert await spool.record(sample(outcome=Outcome.DOWN)) == 2
    await spool.close()


LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from tests.agent.spools import opened
from tests.agent.test_space import bulky

async def main() -> None:
    spool = await opened(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400 << 10, 400 << 10))
    kept = []
    for _ in range(10):
        kept += await asyncio.gather(*(spool.record(bulky()) for _ in range(40)))
    print(sum(number is not None for number in kept), (await spool.held()).lost)
    await spool.close()

asyncio.run(main())
"""


async def test_files_that_may_not_grow_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIMITED, tmp_path),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    out, _ = await child.communicate()
    kept, lost = map(int, out.split())
    assert 0 < kept < 400
    assert kept + lost in (399, 400)  # the newest may be held, and stored at the end
    spool = await opened(tmp_path)
    await seal_all(spool, FORGE)
    assert (await chain(spool))[-1].last >= kept
    await spool.close()


async def test_sealing_goes_on_at_the_cap(tmp_path: Path) -> None:
    spool = await opened(tmp_path, capacity=SMALL)
    await fill(spool)
    with suppress(SpoolFullError):
        await seal_all(spool, FORGE)
    assert (await spool.held()).next_batch > 1
    await spool.close()


def test_the_capacity_holds_seven_days_of_the_checks_at_their_pace() -> None:
    intervals = {f"check-{number}": 10 * SECOND for number in range(20)}
    run = Run("boot", "0.1.0", "c" * 64, intervals)
    taken = [
        replace(
            sample(check=check, start_us=DAY + slot * 10 * SECOND + _RANDOM.randrange(999) * 1_000),
            duration_us=_RANDOM.randrange(20, 400) * 1_000,
        )
        for slot in range(3)
        for check in intervals
    ]
    batch = seal(replace(draft(taken), run=run), IDENTITY, KEY)
    pages = -(-len(batch.body) // 4_096)
    needed = DAYS_HELD * DAY // (30 * SECOND) * pages * 4_096
    assert Capacity.holding(intervals.values()).max_bytes > 1.2 * needed
