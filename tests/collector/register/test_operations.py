"""One operation over several hospitals, and what its announcement says."""

from dataclasses import replace
from pathlib import Path

import pytest

from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.evidence.names import Person
from collector.judge.operation import UNDESCRIBED, Exclusion, Instance, Operation, VersionKind
from collector.judge.terms import ServiceClass
from collector.record.agreed import judged_window
from collector.record.catalogue import ItemKind, read_catalogue
from collector.record.steps import RegisteredWindow, StepKind
from collector.register.agreements import agreed_for
from collector.register.applying import apply
from collector.register.clearing import clear
from collector.register.correcting import correct
from collector.register.membership import hospitals_asked
from collector.register.names import persons_of
from collector.register.planning import Announcement, Where, announce, announce_all, extend
from collector.register.sealing import Sealer
from collector.store.log import read_head
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from collector.store.windows import list_windows
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval
from tests.collector.conftest import Clock

EVENING = parse_instant("2026-11-14T22:00:00+01:00")
PLAN = Interval(EVENING, EVENING + 4 * HOUR)
HOSPITAL, OTHER = "CH-EXEMPLE", "CH-AUTRE"
DPI = Announcement(HOSPITAL, "dpi", PLAN)
CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
DESCRIBED = Operation(
    version_from="8.4.1",
    version_to="9.0.0",
    version_kind=VersionKind.MAJOR,
    exclusion=Exclusion.REGULATORY,
    instance=Instance.SAAS,
    hot=True,
    off_hours=True,
    pilot=True,
    limit_us=2 * HOUR,
    prerequisites=("SGBD 16",),
)


@pytest.fixture
async def register(pool: Pool, sealer: Sealer) -> Pool:
    """A database with two hospitals of one group."""
    catalogue = read_catalogue(CATALOGUE)
    other = {
        key._replace(name=OTHER) if key == (ItemKind.HOSPITAL, HOSPITAL) else key: value
        for key, value in catalogue[HOSPITAL].items()
    }
    await apply(pool, sealer, {**catalogue, OTHER: other}, "me")
    return pool


def _where(window: RegisteredWindow) -> Where:
    return Where(window.hospital, window.id, window.service)


async def _size(pool: Pool, hospital: str) -> int:
    async with connected(pool) as connection:
        return (await read_head(connection, await tenant_named(connection, hospital))).size


@pytest.mark.parametrize("operation", [UNDESCRIBED, DESCRIBED])
def test_an_operation_is_read_back_as_it_was_written(operation: Operation) -> None:
    assert Operation.from_json(operation.to_json()) == operation


async def test_one_operation_makes_a_window_in_each_hospital(
    register: Pool, sealer: Sealer
) -> None:
    both = [replace(DPI, operation=DESCRIBED), replace(DPI, hospital=OTHER, operation=DESCRIBED)]
    mine, theirs = await announce_all(register, sealer, both, "vendor")
    assert (mine.id, theirs.id) == ("MAJ-2026-0001", "MAJ-2026-0002")
    assert mine.operation == theirs.operation == replace(DESCRIBED, id="OP-2026-0001")
    async with connected(register) as connection:
        rows = await list_windows(connection, operation="OP-2026-0001")
    assert {(row.tenant, row.version_to, row.exclusion, row.hot) for row in rows} == {
        (HOSPITAL, "9.0.0", "regulatory", True),
        (OTHER, "9.0.0", "regulatory", True),
    }


async def test_an_operation_is_announced_everywhere_or_nowhere(
    register: Pool, sealer: Sealer
) -> None:
    before = await _size(register, HOSPITAL)
    with pytest.raises(NotFoundError, match="has no service 'x'"):
        await announce_all(
            register, sealer, [DPI, replace(DPI, hospital=OTHER, service="x")], "vendor"
        )
    assert await _size(register, HOSPITAL) == before


async def test_a_single_window_is_no_shared_operation_unless_it_says_so(
    register: Pool, sealer: Sealer
) -> None:
    assert (await announce(register, sealer, DPI, "me")).operation.id is None
    named = replace(DPI, operation=Operation(id="OP-1"))
    assert (await announce(register, sealer, named, "me")).operation.id == "OP-1"
    with pytest.raises(ConfigurationError, match="is no id for an operation"):
        replace(DPI, operation=Operation(id="a b"))


async def test_a_group_is_the_hospitals_that_have_the_service(
    register: Pool,
) -> None:
    async with connected(register) as connection:
        asked = await hospitals_asked(connection, [], "GHT-EXEMPLE", "dpi")
        assert asked == [OTHER, HOSPITAL]
        assert await hospitals_asked(connection, [HOSPITAL], None, "dpi") == [HOSPITAL]
        assert await hospitals_asked(connection, [HOSPITAL], "GHT-EXEMPLE", "dpi") == [
            HOSPITAL,
            OTHER,
        ]
        with pytest.raises(NotFoundError, match="no hospital with a service 'x'"):
            await hospitals_asked(connection, [], "GHT-EXEMPLE", "x")
        with pytest.raises(NotFoundError, match="has no hospital: see"):
            await hospitals_asked(connection, [], "GHT-X", "dpi")
        with pytest.raises(ConfigurationError, match="Give --hospital, or --group"):
            await hospitals_asked(connection, [], None, "dpi")


async def test_the_instance_is_what_the_product_says_unless_the_announcement_does(
    register: Pool, sealer: Sealer
) -> None:
    assert (await announce(register, sealer, DPI, "me")).operation.instance is Instance.DEDICATED
    shared = replace(DPI, operation=Operation(instance=Instance.SAAS))
    assert (await announce(register, sealer, shared, "me")).operation.instance is Instance.SAAS


async def test_a_hot_correction_says_whose_instance_it_is_on(
    pool: Pool, sealer: Sealer, tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.read_text().replace("    instance: dedicated", "    #"))
    await apply(pool, sealer, read_catalogue(file), "me")
    with pytest.raises(ConfigurationError, match="say --instance dedicated"):
        await announce(pool, sealer, replace(DPI, operation=Operation(hot=True)), "me")


@pytest.mark.parametrize(("agreed_h", "limit_h"), [(2, 2), (6, 4)])
async def test_the_limit_agreed_for_an_operation_holds_and_never_above_four_hours(
    register: Pool, sealer: Sealer, agreed_h: int, limit_h: int
) -> None:
    operation = Operation(limit_us=agreed_h * HOUR)
    window = await announce(register, sealer, replace(DPI, operation=operation), "me")
    async with connected(register) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        agreed = await agreed_for(connection, tenant_id, HOSPITAL, "dpi")
    judged = judged_window(window, agreed, (), PLAN.end)
    assert judged.service_class is ServiceClass.STRATEGIC
    assert judged.limit_us == limit_h * HOUR


async def test_who_authorised_is_kept_beside_the_log_and_when_is_the_collectors_clock(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    hot = replace(DPI, operation=Operation(hot=True))
    where = _where(await announce(register, sealer, hot, "me"))
    clock.advance()
    cleared = await clear(
        register, sealer, where, "me", StepKind.AUTHORISED, Person("Camille Martin"), "BT 118"
    )
    [given] = cleared.clearances
    assert (given.at_us, given.reference) == (clock.now_us, "BT 118")
    async with connected(register) as connection:
        persons = await persons_of(connection, await tenant_named(connection, HOSPITAL))
    assert persons[given.by].name == "Camille Martin"


async def test_a_correction_moves_what_the_table_says_and_an_extension_its_end(
    register: Pool, sealer: Sealer
) -> None:
    where = _where(await announce(register, sealer, replace(DPI, operation=DESCRIBED), "me"))
    await extend(register, sealer, where, PLAN.end + HOUR, "me")
    new = {"version_to": "9.0.1", "exclusion": ""}
    corrected = await correct(register, sealer, where, "me", new, "typed wrong")
    assert {change.field for change in corrected.corrections[0].changes} == {
        "version_to",
        "exclusion",
    }
    async with connected(register) as connection:
        [row] = await list_windows(connection)
    assert (row.version_to, row.exclusion, row.plan_end) == ("9.0.1", None, PLAN.end + HOUR)
    with pytest.raises(RefusedError, match="says so already"):
        await correct(register, sealer, where, "me", new, "typed wrong")
