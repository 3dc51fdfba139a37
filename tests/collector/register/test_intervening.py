"""Interventions of persons: registered, ended, corrected, and what a window makes of them."""

from pathlib import Path

import pytest

from collector.assess import record_verdict, report_on
from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.evidence.names import Person, commitment
from collector.interventions import attended_in
from collector.record.catalogue import read_catalogue
from collector.record.entry import RegisterEntry
from collector.record.interventions import Mode
from collector.register.applying import apply
from collector.register.attendance import Attendance
from collector.register.intervening import (
    Registered,
    correct_intervention,
    end_intervention,
    locate_intervention,
    start_intervention,
)
from collector.register.names import erase_person, list_persons
from collector.register.planning import (
    Announcement,
    Where,
    announce,
    cancel,
    close,
    finish,
    start,
)
from collector.register.rebuilding import rebuild
from collector.register.sealing import Sealer
from collector.store.log import entries
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import HOUR, MINUTE, parse_instant
from probes.model.interval import Interval
from tests.collector.conftest import Clock

HOSPITAL = "CH-EXEMPLE"
CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
SACHA = Person("Sacha Legrand", company="Intégration SA")
PLAN = Interval(parse_instant("2026-11-14T21:00:00Z"), parse_instant("2026-11-15T01:00:00Z"))


@pytest.fixture
async def register(pool: Pool, sealer: Sealer) -> Pool:
    """A database with the example's hospital in its register."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    return pool


def _attendance(window: str = "", at_us: int | None = None, site: str = "") -> Attendance:
    return Attendance(
        HOSPITAL, SACHA, "montée de version", Mode.REMOTE, window=window, site=site, at_us=at_us
    )


async def _start(
    pool: Pool, sealer: Sealer, window: str = "", at_us: int | None = None
) -> Registered:
    return await start_intervention(pool, sealer, _attendance(window, at_us), "ops")


async def _window(pool: Pool, sealer: Sealer) -> Where:
    window = await announce(pool, sealer, Announcement(HOSPITAL, "dpi", PLAN), "ops")
    return Where(HOSPITAL, window.id, "dpi")


async def _payloads(pool: Pool) -> list[bytes]:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        return [entry.envelope.payload async for entry in entries(connection, tenant_id)]


async def test_an_intervention_is_numbered_in_its_year_and_on_the_clocks_of_its_site(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    first, second = await _start(register, sealer), await _start(register, sealer)
    assert (first.intervention.id, second.intervention.id) == ("INT-2026-0001", "INT-2026-0002")
    assert first.zone.key == "Europe/Paris"
    assert first.intervention.start_us == clock.now_us
    clock.set("2026-12-31T23:30:00Z")  # half past midnight in Paris
    assert (await _start(register, sealer)).intervention.id == "INT-2027-0001"


async def test_the_person_is_nowhere_in_the_log_and_what_is_kept_opens_what_is_sealed(
    register: Pool, sealer: Sealer
) -> None:
    made = await _start(register, sealer)
    log = b"".join(await _payloads(register)).decode()
    assert "Legrand" not in log
    assert "Intégration" not in log
    [kept] = [each for each in await list_persons(register, HOSPITAL) if each.person == SACHA]
    assert kept.commitment == made.intervention.person
    assert commitment(SACHA, kept.salt) == made.intervention.person


async def test_an_erased_person_leaves_the_intervention_and_no_name(
    register: Pool, sealer: Sealer
) -> None:
    made = await _start(register, sealer)
    before = await _payloads(register)
    await erase_person(register, sealer, HOSPITAL, made.intervention.person, "dpo")
    [attended] = await attended_in(register, HOSPITAL)
    assert attended.identity is None
    assert attended.intervention == made.intervention
    assert (await _payloads(register))[:-1] == before


async def test_an_entry_names_its_window_or_that_there_is_none(
    register: Pool, sealer: Sealer
) -> None:
    made = await _start(register, sealer)
    entry = RegisterEntry.decode((await _payloads(register))[-1])
    assert entry.kind == "intervention.started"
    assert entry.body == {
        "intervention": "INT-2026-0001",
        "window": "",
        "site": "principal",
        "person": made.intervention.person,
        "purpose": "montée de version",
        "start_us": made.intervention.start_us,
        "mode": "remote",
    }


async def test_an_intervention_for_a_window_widens_it(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = await _window(register, sealer)
    clock.now_us = PLAN.start
    early = await _start(register, sealer, where.window_id, PLAN.start - HOUR)
    await start(register, sealer, where, None, "ops")
    clock.now_us = PLAN.end + 2 * HOUR
    open_yet = await report_on(register, where, clock.now_us)
    assert open_yet.assessment.window.hull == Interval(PLAN.start - HOUR, clock.now_us)
    await end_intervention(register, sealer, early, PLAN.end + HOUR, "ops")
    report = await report_on(register, where, clock.now_us)
    assert report.assessment.window.hull.start == PLAN.start - HOUR
    assert report.surroundings.fixed_at_us == PLAN.start - HOUR
    # The window's own intervention has not finished: it is registered apart.
    with pytest.raises(RefusedError, match="still runs: constat window finish"):
        await close(register, sealer, where, "ops")


async def test_a_window_is_not_closed_while_somebody_still_works_on_it(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = await _window(register, sealer)
    clock.now_us = PLAN.start
    made = await _start(register, sealer, where.window_id)
    await start(register, sealer, where, None, "ops")
    clock.now_us = PLAN.end
    await finish(register, sealer, where, None, "ops")
    with pytest.raises(RefusedError, match="is still open: constat intervention end INT-2026-0001"):
        await close(register, sealer, where, "ops")
    await end_intervention(register, sealer, made, None, "ops")
    await close(register, sealer, where, "ops")
    with pytest.raises(RefusedError, match="is closed: nothing more can be registered for it"):
        await _start(register, sealer, where.window_id)


async def test_a_window_somebody_intervened_for_is_judged_not_cancelled(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = await _window(register, sealer)
    clock.now_us = PLAN.start
    await end_intervention(
        register,
        sealer,
        await _start(register, sealer, where.window_id, PLAN.start - HOUR),
        None,
        "ops",
    )
    with pytest.raises(RefusedError, match=r"INT-2026-0001 was registered for MAJ-.* be judged"):
        await cancel(register, sealer, where, "ops")


async def test_nothing_is_registered_for_a_cancelled_window(register: Pool, sealer: Sealer) -> None:
    where = await _window(register, sealer)
    await cancel(register, sealer, where, "ops")
    with pytest.raises(RefusedError, match="is cancelled: nothing more"):
        await _start(register, sealer, where.window_id)


async def test_a_correction_after_the_close_is_seen_beside_the_verdict(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = await _window(register, sealer)
    clock.now_us = PLAN.start
    made = await _start(register, sealer, where.window_id)
    await start(register, sealer, where, None, "ops")
    clock.now_us = PLAN.end + HOUR
    await finish(register, sealer, where, PLAN.end, "ops")
    made = await end_intervention(register, sealer, made, None, "ops")
    await close(register, sealer, where, "ops")
    clock.advance(HOUR)
    await record_verdict(register, where, sealer, "collector")
    changed = {"end_us": PLAN.end + MINUTE}
    await correct_intervention(register, sealer, made, "ops", changed, "journal système")
    report = await report_on(register, where, clock.now_us)
    assert report.assessment.window.hull.end == PLAN.end + MINUTE
    [correction] = report.surroundings.corrections
    assert [tuple(change) for change in correction.changes] == [
        ("intervention.INT-2026-0001.end_us", PLAN.end + HOUR, PLAN.end + MINUTE)
    ]
    assert correction.reason == "journal système"


async def test_what_an_intervention_does_not_allow_is_refused_with_the_reason(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    made = await _start(register, sealer)
    now_us = clock.now_us
    refusals: list[tuple[dict[str, str | int], str]] = [
        ({"purpose": "montée de version"}, "says so already"),
        ({"end_us": now_us}, "has not ended: constat intervention end INT-2026-0001"),
        ({"start_us": now_us + 1}, "still to come"),
    ]
    for fields, reason in refusals:
        with pytest.raises(RefusedError, match=reason):
            await correct_intervention(register, sealer, made, "ops", fields, "why")
    with pytest.raises(RefusedError, match="still to come"):
        await _start(register, sealer, at_us=now_us + 1)
    with pytest.raises(RefusedError, match="ends after it started"):
        await end_intervention(register, sealer, made, now_us, "ops")
    clock.advance(HOUR)
    ended = await end_intervention(register, sealer, made, None, "ops")
    with pytest.raises(RefusedError, match="has ended: to put its end right"):
        await end_intervention(register, sealer, ended, None, "ops")
    with pytest.raises(RefusedError, match="ends after it started"):
        await correct_intervention(
            register, sealer, ended, "ops", {"start_us": clock.now_us}, "why"
        )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (_attendance("MAJ-1"), "there is no window MAJ-1 in CH-EXEMPLE"),
        (_attendance(site="ailleurs"), "there is no site 'ailleurs'"),
    ],
)
async def test_what_does_not_exist_is_not_found(
    register: Pool, sealer: Sealer, wrong: Attendance, reason: str
) -> None:
    with pytest.raises(NotFoundError, match=reason):
        await start_intervention(register, sealer, wrong, "ops")
    async with connected(register) as connection:
        with pytest.raises(NotFoundError, match="constat intervention list"):
            await locate_intervention(connection, "INT-2026-0009")


@pytest.mark.parametrize(
    ("person", "purpose", "reason"),
    [
        ("", "x", "person: expected some text"),
        ("A\nB", "x", "person: expected some text"),
        ("A", " ", "purpose: expected some text"),
        ("A", "x" * 501, "purpose: has more than 500 characters"),
    ],
)
def test_what_says_nothing_or_cannot_be_printed_is_refused(
    person: str, purpose: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        Attendance(HOSPITAL, Person(person), purpose)


async def test_at_a_hospital_with_several_sites_it_is_said_at_which(
    pool: Pool, sealer: Sealer, tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.yaml"
    sites = "      principal: {timezone: Europe/Paris}\n      sud: {timezone: Indian/Reunion}\n"
    file.write_text(
        "hospitals:\n  CH-EXEMPLE:\n    name: CH\n    contract:\n"
        "      max_downtime: {strategic: PT4H}\n"
        "      notice: {amount: 3, unit: calendar_days}\n"
        f"    sites:\n{sites}    services:\n      dpi:\n        class: strategic\n"
        "        site: sud\n        checks: {login: {interval: PT10S}}\n"
    )
    await apply(pool, sealer, read_catalogue(file), "me")
    with pytest.raises(ConfigurationError, match=r"at which site\? .* principal, sud"):
        await _start(pool, sealer)
    made = await start_intervention(pool, sealer, _attendance(site="principal"), "ops")
    assert made.zone.key == "Europe/Paris"
    where = await _window(pool, sealer)
    assert (await _start(pool, sealer, where.window_id)).intervention.site == "sud"
    with pytest.raises(ConfigurationError, match="the window is of the site sud, not principal"):
        await start_intervention(
            pool, sealer, _attendance(where.window_id, site="principal"), "ops"
        )


async def test_interventions_come_out_of_the_log_row_by_row(
    register: Pool, sealer: Sealer, clock: Clock
) -> None:
    where = await _window(register, sealer)
    made = await _start(register, sealer, where.window_id)
    await _start(register, sealer)
    clock.advance(HOUR)
    ended = await end_intervention(register, sealer, made, None, "ops")
    await correct_intervention(register, sealer, ended, "ops", {"mode": ""}, "sur site ?")
    [rebuilt] = [each async for each in rebuild(register, HOSPITAL)]
    assert rebuilt.differed == ()
    assert rebuilt.tables["intervention"].rows == 2
    assert rebuilt.tables["window_step"].rows == 4
