"""Tables made again from the log are the same rows, and what somebody changed in them is found."""

from pathlib import Path

import pytest

from collector.errors import NotFoundError
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.names import erase_person, list_persons
from collector.register.planning import Announcement, announce, cancel
from collector.register.planning import Where as Window
from collector.register.projections import TABLES
from collector.register.rebuilding import Rebuilt, rebuild
from collector.register.sealing import Sealer
from collector.store.pool import Pool, connected
from collector.store.rebuild import SERIES_TABLES
from probes.model.instant import HOUR
from probes.model.interval import Interval
from tests.collector.conftest import Clock
from tests.collector.store.agents import Sender, columns
from tests.collector.test_assess import closed_window, measured

HOSPITAL = "CH-EXEMPLE"
CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"


@pytest.fixture
async def register(pool: Pool, sealer: Sealer, clock: Clock) -> Pool:
    """A database with a hospital, measurements, a closed window and a cancelled one."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    await measured(
        pool,
        Sender(vantage="accueil-03"),
        (columns("U" * 90, check="dpi-login"),),
        (columns("DDDD", first_s=3_700, check="dpi-login"),),
        (columns("U" * 90, first_s=3_800, check="dpi-login"),),
    )
    await closed_window(pool, sealer, clock)
    later = Interval(clock.now_us + HOUR, clock.now_us + 2 * HOUR)
    window = await announce(pool, sealer, Announcement(HOSPITAL, "dpi", later), "me")
    await cancel(pool, sealer, Window(HOSPITAL, window.id, "dpi"), "me")
    return pool


async def _rebuilt(pool: Pool, *, measurements: bool = False, keep: bool = True) -> Rebuilt:
    found = [each async for each in rebuild(pool, measurements=measurements, keep=keep)]
    assert [each.hospital for each in found] == [HOSPITAL]
    return found[0]


async def test_the_register_comes_out_of_the_log_row_by_row(register: Pool) -> None:
    rebuilt = await _rebuilt(register)
    assert rebuilt.differed == ()
    assert rebuilt.tables.keys() == set(TABLES)
    assert rebuilt.tables["catalogue_item"].rows == 10
    assert rebuilt.tables["window_step"].rows == 6
    assert rebuilt.tables["planned_window"].rows == 2


async def test_so_do_the_time_series(register: Pool) -> None:
    rebuilt = await _rebuilt(register, measurements=True)
    assert rebuilt.differed == ()
    assert rebuilt.tables["span"].rows == 3
    assert all(rebuilt.tables[table].rows for table in SERIES_TABLES)


async def test_a_row_somebody_changed_is_found_and_a_rebuild_puts_it_right(register: Pool) -> None:
    async with connected(register) as connection:
        await connection.execute("UPDATE planned_window SET plan_end = plan_end + 1")
    assert (await _rebuilt(register, keep=False)).differed == ("planned_window",)
    assert (await _rebuilt(register)).differed == ("planned_window",)
    assert (await _rebuilt(register)).differed == ()


async def test_a_row_somebody_deleted_or_added_is_found(register: Pool) -> None:
    async with connected(register) as connection:
        await connection.execute("DELETE FROM window_step WHERE kind = 'window.cancelled'")
        await connection.execute(
            "INSERT INTO window_verdict SELECT tenant_id, window_id, 999, 0, 'compliant',"
            " 'respected', '{}' FROM planned_window LIMIT 1"
        )
    found = await _rebuilt(register, keep=False)
    assert found.differed == ("window_step", "window_verdict")


async def test_a_name_that_was_erased_does_not_come_back(register: Pool, sealer: Sealer) -> None:
    [first, *others] = await list_persons(register, HOSPITAL)
    await erase_person(register, sealer, HOSPITAL, first.commitment, "dpo")
    assert (await _rebuilt(register)).differed == ()
    assert await list_persons(register, HOSPITAL) == others


async def test_a_hospital_nobody_knows_is_not_found(register: Pool) -> None:
    with pytest.raises(NotFoundError):
        assert [each async for each in rebuild(register, "CH-X")] == []
