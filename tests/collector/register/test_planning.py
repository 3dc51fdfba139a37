"""Announcing a window and taking its steps, on a real log."""

from dataclasses import replace
from pathlib import Path

import pytest

from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.judge.terms import WindowStatus
from collector.record.catalogue import read_catalogue
from collector.record.steps import RegisteredWindow
from collector.register.applying import apply
from collector.register.planning import (
    Announcement,
    Where,
    announce,
    cancel,
    finish,
    locate,
    reschedule,
    start,
)
from collector.register.projections import window_row
from collector.register.sealing import Sealer
from collector.store.pool import Pool, connected
from collector.store.windows import list_windows
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval
from tests.collector.conftest import Clock

HOSPITAL = "CH-EXEMPLE"
EVENING = parse_instant("2026-11-14T22:00:00+01:00")
PLAN = Interval(EVENING, EVENING + 4 * HOUR)
DPI = Announcement(HOSPITAL, "dpi", PLAN)


@pytest.fixture
async def register(pool: Pool, sealer: Sealer) -> Pool:
    """A database to which the example catalogue was applied."""
    catalogue = read_catalogue(Path(__file__).parents[3] / "docs/examples/catalogue.yaml")
    await apply(pool, sealer, catalogue, "me")
    return pool


def _where(window: RegisteredWindow) -> Where:
    return Where(window.hospital, window.id, window.service)


async def test_the_notice_is_the_collectors_clock_when_the_announcement_was_sealed(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    window = await announce(register, sealer, DPI, "me")
    assert window.revisions[0].notified_at_us == clock.now_us
    assert window.plan == PLAN


async def test_a_window_declared_once_it_has_begun_gives_no_notice(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    clock.now_us = PLAN.start
    window = await announce(register, sealer, DPI, "me")
    assert window.revisions[0].notified_at_us is None


async def test_ids_are_numbered_by_the_year_the_window_opens_in(
    register: Pool, sealer: Sealer
) -> None:
    new_year = parse_instant("2026-12-31T23:30:00Z")  # already 2027 in Paris
    later = replace(DPI, plan=Interval(new_year, new_year + HOUR))
    chosen = replace(DPI, window_id="MAJ-2026-0141")
    assert (await announce(register, sealer, DPI, "me")).id == "MAJ-2026-0001"
    assert (await announce(register, sealer, chosen, "me")).id == "MAJ-2026-0141"
    assert (await announce(register, sealer, DPI, "me")).id == "MAJ-2026-0142"
    assert (await announce(register, sealer, later, "me")).id == "MAJ-2027-0001"


async def test_an_id_is_given_once(register: Pool, sealer: Sealer) -> None:
    await announce(register, sealer, replace(DPI, window_id="MAJ-1"), "me")
    with pytest.raises(RefusedError, match="MAJ-1 exists already"):
        await announce(register, sealer, replace(DPI, window_id="MAJ-1"), "me")


@pytest.mark.parametrize("window_id", ["MAJ 1", "MAJ/1", "é", "-" * 5, "x" * 65, "a\nb"])
def test_an_id_that_could_not_be_typed_or_named_a_file_is_refused(window_id: str) -> None:
    with pytest.raises(ConfigurationError, match="is no id for a window"):
        Announcement(HOSPITAL, "dpi", PLAN, window_id)


async def test_what_does_not_exist_is_said_with_what_does(register: Pool, sealer: Sealer) -> None:
    with pytest.raises(NotFoundError, match="there is no hospital 'CH-AUTRE'"):
        await announce(register, sealer, replace(DPI, hospital="CH-AUTRE"), "me")
    with pytest.raises(NotFoundError, match="has no service 'x'; it has: dpi, gap"):
        await announce(register, sealer, replace(DPI, service="x"), "me")


async def test_a_refused_step_leaves_nothing_behind(register: Pool, sealer: Sealer) -> None:
    window = await announce(register, sealer, DPI, "me")
    with pytest.raises(RefusedError):
        await finish(register, sealer, _where(window), None, "me")
    async with connected(register) as connection:
        [row] = await list_windows(connection)
    assert row == window_row(window)


async def test_the_table_says_where_the_last_step_left_the_window(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = _where(await announce(register, sealer, DPI, "me"))
    clock.advance()
    await reschedule(register, sealer, where, Interval(EVENING, EVENING + HOUR), "me")
    clock.advance()
    cancelled = await cancel(register, sealer, where, "me")
    async with connected(register) as connection:
        assert await list_windows(connection) == [window_row(cancelled)]
        assert await list_windows(connection, statuses=["announced"]) == []
        assert await list_windows(connection, tenant="CH-AUTRE") == []
    assert cancelled.status is WindowStatus.CANCELLED
    assert cancelled.closed_at_us == clock.now_us
    assert [revision.plan.length for revision in cancelled.revisions] == [4 * HOUR, HOUR]


async def test_an_operation_is_registered_now_or_earlier(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = _where(await announce(register, sealer, DPI, "me"))
    clock.set("2026-11-14T22:30:00+01:00")
    running = await start(register, sealer, where, EVENING, "me")
    assert running.running is not None
    assert running.running.start_us == EVENING
    finished = await finish(register, sealer, where, None, "me")
    assert finished.interventions[0].end_us == clock.now_us


async def test_a_window_is_found_by_its_id_alone_unless_two_hospitals_have_it(
    register: Pool, sealer: Sealer
) -> None:
    catalogue = read_catalogue(Path(__file__).parents[3] / "docs/examples/catalogue.yaml")
    items = {
        key._replace(name="CH-AUTRE") if key.name == HOSPITAL else key: value
        for key, value in catalogue[HOSPITAL].items()
    }
    await apply(register, sealer, {"CH-AUTRE": items}, "me")
    mine = replace(DPI, window_id="MAJ-1")
    await announce(register, sealer, mine, "me")
    async with connected(register) as connection:
        assert await locate(connection, "MAJ-1") == Where(HOSPITAL, "MAJ-1", "dpi")
        with pytest.raises(NotFoundError, match="there is no window MAJ-2"):
            await locate(connection, "MAJ-2")
    await announce(register, sealer, replace(mine, hospital="CH-AUTRE"), "me")
    async with connected(register) as connection:
        with pytest.raises(ConfigurationError, match="say which: --hospital CH-AUTRE"):
            await locate(connection, "MAJ-1")
        assert (await locate(connection, "MAJ-1", HOSPITAL)).hospital == HOSPITAL
