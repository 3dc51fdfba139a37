"""From the log to a verdict: the database, the files and the brute-force reading say the same."""

import json
import random
from pathlib import Path

import pytest

from collector.assess import measurements_for, record_verdict, report_on
from collector.errors import NotFoundError
from collector.evidence.folder import (
    read_measurements_file,
    read_window_file,
    write_measurements_file,
)
from collector.evidence.window_file import window_document, write_window_file
from collector.judge.assessment import assess
from collector.judge.verdict import DurationVerdict
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.sealing import Sealer
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from collector.store.windows import verdicts_of
from probes.model.batch import CheckColumns
from probes.model.instant import HOUR, MINUTE, SECOND
from probes.model.interval import Interval
from tests.collector.conftest import Clock
from tests.collector.store.agents import NOON_US, TENANT, Sender, columns, enrolled
from tests.collector.store.test_ingest import running
from tests.oracle import brute_force

CATALOGUE = Path(__file__).parents[2] / "docs/examples/catalogue.yaml"
PLAN = Interval(NOON_US + HOUR, NOON_US + 2 * HOUR)


@pytest.fixture
async def hospital(pool: Pool, sealer: Sealer) -> Pool:
    """A database with the example's hospital in its register."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    return pool


async def closed_window(pool: Pool, sealer: Sealer, clock: Clock) -> Where:
    """Announce a window, carry the operation out and close it, two days later."""
    window = await announce(pool, sealer, Announcement(TENANT, "dpi", PLAN), "vendor")
    where = Where(TENANT, window.id, "dpi")
    clock.now_us = PLAN.end + 30 * MINUTE
    await start(pool, sealer, where, PLAN.start + 2 * MINUTE, "vendor")
    await finish(pool, sealer, where, PLAN.end + 5 * MINUTE, "vendor")
    clock.now_us = PLAN.end + 40 * HOUR
    await close(pool, sealer, where, "vendor")
    return where


async def measured(pool: Pool, sender: Sender, *batches: tuple[CheckColumns, ...]) -> None:
    await enrolled(pool, sender)
    async with running(pool) as ingest:
        for checks in batches:
            await ingest.submit(sender.seal(*checks, error_us=sender.number % 4 * 700_000))


def drawn(seed: int) -> list[tuple[CheckColumns, ...]]:
    """Draw an afternoon of one vantage point, from long before the window to long after."""
    chosen = random.Random(seed)
    batches, at_s = [], -80_000.0
    while at_s < 100_000:
        near = PLAN.start - HOUR < NOON_US + at_s * SECOND < PLAN.end + HOUR
        length = chosen.randint(1, 60)
        outcomes = chosen.choice("UUDG" if near else "U") * length
        if chosen.random() < 0.2:
            outcomes = "".join(chosen.choices("UDX", k=length))
        checks = [columns(outcomes, first_s=at_s, check="dpi-login")]
        if chosen.random() < 0.7:
            checks.append(columns("U" * length, first_s=at_s + 3, check="dpi-hl7"))
        batches.append(tuple(checks))
        at_s += length * 10 + chosen.choice([0, 0, 5, 60] if near else [0, 9_000])
    return batches


@pytest.mark.parametrize("seed", range(6))
async def test_database_files_and_brute_force_give_the_same_object(
    hospital: Pool, sealer: Sealer, clock: Clock, tmp_path: Path, seed: int
) -> None:
    await measured(hospital, Sender(vantage="accueil-03"), *drawn(seed))
    await measured(hospital, Sender(vantage="labo-02"), *drawn(seed + 100))
    where = await closed_window(hospital, sealer, clock)
    as_of_us = random.Random(seed).choice([clock.now_us, PLAN.end, PLAN.start + 20 * MINUTE])
    report = await report_on(hospital, where, as_of_us)
    window, intervals_us, measurements = await measurements_for(hospital, where, as_of_us)
    write_window_file(tmp_path, window_document(window, intervals_us))
    write_measurements_file(tmp_path, measurements)
    read, strangers = read_window_file(tmp_path)
    from_files = assess(read, read_measurements_file(tmp_path)).to_json()
    assert strangers == []
    assert report.assessment.to_json() == from_files
    document = json.loads((tmp_path / "window.json").read_text())
    text = (tmp_path / "measurements.ndjson").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert brute_force.assess(document, lines) == from_files


async def test_who_lost_it_last_and_got_it_back_first_is_said_with_the_versions_seen(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    # In seconds from the start of the window, 3 600 s after noon.
    def outage(lost_s: int, back_s: int) -> tuple[CheckColumns, ...]:
        def row(outcomes: str, first_s: int, version: str) -> CheckColumns:
            return columns(
                outcomes, first_s=3_600 + first_s, check="dpi-login", versions=[(0, version)]
            )

        down = columns("D" * ((back_s - lost_s) // 10), first_s=3_600 + lost_s, check="dpi-login")
        before, after = row("U" * 30, lost_s - 300, "1.0"), row("U" * 60, back_s, "2.0")
        return before, down, after

    for vantage, lost_s, back_s in (("accueil-03", 0, 900), ("labo-02", 60, 600)):
        await measured(hospital, Sender(vantage=vantage), *((c,) for c in outage(lost_s, back_s)))
    where = await closed_window(hospital, sealer, clock)
    report = await report_on(hospital, where, clock.now_us)
    [turn] = report.turns
    assert (turn.lost_last, turn.back_first) == (("labo-02",), ("labo-02",))
    # Errors of 0, 0.7 and 1.4 s by batch: last up 50 s - 0, first failure 60.05 s + 0.7.
    assert report.assessment.verdict is DurationVerdict.COMPLIANT
    assert report.surroundings.versions_before == ("1.0",)
    assert report.surroundings.versions_after == ("2.0",)
    assert {loss.vantage.name for loss in report.losses} == {"accueil-03", "labo-02"}


async def test_a_workstation_enrolled_after_the_window_opened_is_listed_and_does_not_count(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    await measured(
        hospital,
        Sender(vantage="accueil-03"),
        (columns("D" * 30, first_s=3_700, check="dpi-login"),),
    )
    where = await closed_window(hospital, sealer, clock)
    async with connected(hospital) as connection:
        await connection.execute(
            "UPDATE vantage SET enrolled_at = $1 WHERE name = 'accueil-03'", PLAN.start + 1
        )
    report = await report_on(hospital, where, clock.now_us)
    assert report.assessment.panel == ()
    assert [(loss.vantage.name, loss.vantage.counts) for loss in report.losses] == [
        ("accueil-03", False)
    ]


async def test_a_verdict_is_recorded_once_it_is_settled_and_only_when_it_changes(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    await measured(hospital, Sender(vantage="accueil-03"), (columns("U" * 900, check="dpi-login"),))
    window = await announce(hospital, sealer, Announcement(TENANT, "dpi", PLAN), "vendor")
    where = Where(TENANT, window.id, "dpi")
    assert await record_verdict(hospital, where, sealer, "collector") is None
    clock.now_us = PLAN.end
    await start(hospital, sealer, where, PLAN.start, "vendor")
    await finish(hospital, sealer, where, PLAN.end, "vendor")
    await close(hospital, sealer, where, "vendor")
    clock.advance(HOUR)
    recorded = await record_verdict(hospital, where, sealer, "collector")
    again = await record_verdict(hospital, where, sealer, "collector")
    assert recorded is not None
    assert again is not None
    async with connected(hospital) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        [verdict] = await verdicts_of(connection, tenant_id, window.id)
    assert verdict.assessment["duration"]["verdict"] == "compliant"


async def test_a_window_nobody_announced_is_not_found(hospital: Pool, clock: Clock) -> None:
    with pytest.raises(NotFoundError, match="there is no window MAJ-1 in CH-EXEMPLE"):
        await report_on(hospital, Where(TENANT, "MAJ-1", "dpi"), clock.now_us)


async def test_what_was_agreed_after_a_window_opened_does_not_change_its_verdict(
    hospital: Pool, sealer: Sealer, clock: Clock, tmp_path: Path
) -> None:
    await measured(
        hospital,
        Sender(vantage="accueil-03"),
        (columns("U" * 30, first_s=3_400, check="dpi-login"),),
        (columns("D" * 30, first_s=3_700, check="dpi-login"),),
        (columns("U" * 30, first_s=4_000, check="dpi-login"),),
    )
    strict, loose = tmp_path / "strict.yaml", tmp_path / "loose.yaml"
    text = CATALOGUE.read_text()
    strict.write_text(text.replace("strategic: PT4H", "strategic: PT1M"))
    loose.write_text(text.replace("amount: 3, unit: calendar_days", "amount: 0, unit: hours"))
    await apply(hospital, sealer, read_catalogue(strict), "vendor")
    where = await closed_window(hospital, sealer, clock)
    before = await report_on(hospital, where, clock.now_us)
    # Five minutes down where one was agreed, and two hours of notice where three days were.
    assert before.assessment.verdict is DurationVerdict.BREACH
    await apply(hospital, sealer, read_catalogue(loose), "vendor")
    after = await report_on(hospital, where, clock.now_us)
    assert after.assessment.to_json() == before.assessment.to_json()
    assert after.surroundings.provenance == before.surroundings.provenance
