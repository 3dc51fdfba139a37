"""Evidence bundles: made from a real log, verified from the file alone."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from collector.assess import report_on
from collector.evidence.bundle import Keys
from collector.evidence.names import Person
from collector.evidence.verification import Code, Part
from collector.evidence.verify import verify
from collector.exporting import Export
from collector.record.documents import AttachmentKind, Means
from collector.record.interventions import Mode
from collector.register.attaching import Document, attach
from collector.register.attendance import Attendance
from collector.register.given import register_notice
from collector.register.intervening import end_intervention, start_intervention
from collector.register.names import erase_person
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.reserving import reserve
from collector.report.as_html import report_html
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.value import Report
from collector.store.log import UnsoundLogError
from collector.store.pool import Pool, connected
from probes.model.checkpoint import origin_of, verifier_key
from probes.model.instant import HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from tests.collector.bundles import exported, sealer_at, upgraded
from tests.collector.conftest import Clock
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT

PINNED = Keys(verifier_key(origin_of(TENANT, LOG_KEY.verifying_key.key_id), LOG_KEY.verifying_key))


async def test_a_bundle_is_verified_from_the_file_alone(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock)
    done = verify(io.BytesIO(await exported(pool, clock, where)), PINNED)
    assert done.fault is None
    assert [passed.code for passed in done.passed] == [*Code]
    assert done.report is not None
    # The last failure starts 10 s before the first success: 20 min less 10 s, and more 10 s.
    judged = done.report.assessment.judged
    assert judged.upper_us - judged.lower_us < MINUTE
    assert judged.lower_us <= 20 * MINUTE <= judged.upper_us


async def test_the_report_of_a_bundle_is_that_of_the_database(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock)
    done = verify(io.BytesIO(await exported(pool, clock, where)))
    assert done.report is not None
    report = await report_on(pool, where, clock.now_us)
    assert report_json(done.report) == report_json(report)


async def test_nothing_sealed_in_between_gives_the_same_bytes(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock)
    assert await exported(pool, clock, where) == await exported(pool, clock, where)


async def test_another_key_than_the_pinned_one_is_refused(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock, batches=3)
    key = SigningKey.generate().verifying_key
    other = Keys(verifier_key(origin_of(TENANT, key.key_id), key))
    done = verify(io.BytesIO(await exported(pool, clock, where)), other)
    assert (done.failed, done.report) == (Code.KEYS, None)


async def test_a_log_that_was_changed_is_not_exported(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock, batches=3)
    async with connected(pool) as connection:
        await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")
        await connection.execute("DELETE FROM log WHERE idx = 9")
    with pytest.raises(UnsoundLogError, match="entry 9 of the log is not there any more"):
        await exported(pool, clock, where)


def test_every_step_has_its_place() -> None:
    def parts() -> Iterator[str]:
        return (f"{code.number} {code} {code.part}" for code in Code)

    assert [code.number for code in Code] == [*range(1, 16)]
    assert {code.part for code in Code} == {*Part}
    assert "7 register completeness" in parts()


async def test_names_are_told_to_those_entitled_only(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded(pool, clock, batches=3)
    plain = await exported(pool, clock, where)
    named = await exported(pool, clock, where, Export(with_names=True))
    assert verify(io.BytesIO(plain)).passed[11].facts == {"names": 0}
    told = verify(io.BytesIO(named))
    assert told.fault is None
    assert int(told.passed[11].facts["names"]) > 0


async def test_what_was_filed_is_in_the_bundle_and_names_of_it_only_where_it_is_drawn(
    pool: Pool, clock: Clock
) -> None:
    where, _ = await upgraded(pool, clock, batches=3)
    sealer, letter = sealer_at(clock), Document("lettre.txt", b"letter")
    await attach(pool, sealer, where, "v", Document("r.pdf", b"%PDF-"), AttachmentKind.MINUTES)
    await reserve(pool, sealer, where, "dsi", "Non.", [Person("Alix Roy")])
    await register_notice(pool, sealer, where, "v", letter, Means.EMAIL, NOON_US)
    drawn: list[Report] = []

    def draw(report: Report) -> bytes:
        drawn.append(report)
        return b""

    done = verify(io.BytesIO(await exported(pool, clock, where, Export(draw=draw))))
    assert done.report is not None
    database = await report_on(pool, where, clock.now_us)
    assert report_json(done.report) == report_json(database)
    assert len(done.report.surroundings.filed.attachments) == 2
    await exported(pool, clock, where, Export(draw=draw, with_names=True))
    names = [list(report.surroundings.filed.names.values()) for report in drawn]
    assert names == [[], ["Alix Roy"]]


async def test_an_auditor_finds_the_interventions_of_persons_and_no_name(
    pool: Pool, clock: Clock
) -> None:
    await upgraded(pool, clock, batches=3)
    sealer = sealer_at(clock)
    plan = Interval(clock.now_us + HOUR, clock.now_us + 2 * HOUR)
    window = await announce(pool, sealer, Announcement(TENANT, "dpi", plan), "vendor")
    where = Where(TENANT, window.id, "dpi")
    clock.now_us = plan.end
    person = Person("Dominique Petit", company="Intégration SA")
    await start_intervention(pool, sealer, Attendance(TENANT, person, "autre chose"), "vendor")
    early = Attendance(
        TENANT, person, "version", Mode.REMOTE, window=window.id, at_us=plan.start - MINUTE
    )
    made = await start_intervention(pool, sealer, early, "vendor")
    await start(pool, sealer, where, plan.start, "vendor")
    await finish(pool, sealer, where, plan.end, "vendor")
    clock.advance(MINUTE)
    await end_intervention(pool, sealer, made, None, "vendor")
    await close(pool, sealer, where, "vendor")
    clock.advance(30 * HOUR)
    bundle = await exported(pool, clock, where)
    assert b"Petit" not in bundle
    done = verify(io.BytesIO(bundle), PINNED)
    assert done.fault is None
    assert done.report is not None
    assert done.report.assessment.window.hull == Interval(plan.start - MINUTE, plan.end + MINUTE)
    stated = report_json(done.report)["named_interventions"]
    assert stated == [
        {
            "intervention": made.intervention.id,
            "person": {"commitment": made.intervention.person},
            "purpose": "version",
            "site": "principal",
            "start_us": plan.start - MINUTE,
            "end_us": plan.end + MINUTE,
            "mode": "remote",
        }
    ]
    drawn: list[Report] = []

    def draw(report: Report) -> bytes:
        drawn.append(report)
        return b""

    told = await exported(pool, clock, where, Export(draw=draw, with_names=True))
    identities = drawn[0].surroundings.identities or {}
    assert identities[made.intervention.person] == ("Dominique Petit", "Intégration SA")
    assert verify(io.BytesIO(told), PINNED).fault is None


async def test_an_erased_name_leaves_the_proof_whole_and_the_report_says_so(
    pool: Pool, clock: Clock
) -> None:
    where, _ = await upgraded(pool, clock, batches=3)
    sealer = sealer_at(clock)
    person = Person("Dominique Petit", company="Intégration SA")
    again = await announce(
        pool,
        sealer,
        Announcement(TENANT, "dpi", Interval(clock.now_us + HOUR, clock.now_us + 2 * HOUR)),
        "vendor",
    )
    clock.advance(HOUR)
    attended = Attendance(TENANT, person, "version", Mode.ON_SITE, window=again.id)
    made = await start_intervention(pool, sealer, attended, "vendor")
    drawn: list[str] = []

    def draw(report: Report) -> bytes:
        drawn.append(report_html(report, Language.FRENCH))
        return b""

    asked = Export(with_names=True, draw=draw)
    there = replace(where, window_id=again.id)
    before = verify(io.BytesIO(await exported(pool, clock, there, asked)), PINNED)
    await erase_person(pool, sealer, TENANT, made.intervention.person, "dpo")
    bundle = await exported(pool, clock, there, asked)
    after = verify(io.BytesIO(bundle), PINNED)
    assert (before.fault, after.fault) == (None, None)
    assert "Dominique Petit" in drawn[0]
    assert "Dominique Petit" not in drawn[1]
    assert "identité effacée" in drawn[1]
    assert b"Dominique Petit" not in bundle
