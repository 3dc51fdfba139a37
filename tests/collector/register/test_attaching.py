"""Documents are sealed by their digest, kept beside the log, and change nothing else."""

import hashlib
from pathlib import Path

import pytest

from collector.assess import report_on
from collector.errors import ConfigurationError, ConstatError, NotFoundError
from collector.evidence.names import Person
from collector.record.catalogue import read_catalogue
from collector.record.documents import AttachmentKind, Means
from collector.register.applying import apply
from collector.register.attaching import (
    LARGEST_BYTES,
    LONGEST_NAME_BYTES,
    Document,
    attach,
    fetch,
    list_documents,
    plain_name,
)
from collector.register.given import register_notice
from collector.register.names import erase_person, list_persons
from collector.register.planning import Announcement, Where, announce, cancel
from collector.register.rebuilding import rebuild
from collector.register.reserving import LONGEST_TEXT, reserve, statement_of
from collector.register.sealing import Sealer
from collector.report.as_json import report_json
from collector.store.documents import contents_hashed, unsound_contents
from collector.store.log import read_head
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval
from tests.collector.conftest import Clock

EVENING = parse_instant("2026-11-14T22:00:00+01:00")
PLAN = Interval(EVENING, EVENING + 4 * HOUR)
HOSPITAL = "CH-EXEMPLE"
CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
REPORT = Document("rapport.pdf", b"%PDF-1.7 migration")
LETTER = Document("lettre.txt", "Préavis".encode())
DIGEST = hashlib.sha256(REPORT.content).hexdigest()


@pytest.fixture
async def where(pool: Pool, sealer: Sealer) -> Where:
    """An announced window in a database of its own."""
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    window = await announce(pool, sealer, Announcement(HOSPITAL, "dpi", PLAN), "vendor")
    return Where(HOSPITAL, window.id, "dpi")


async def _size(pool: Pool) -> int:
    async with connected(pool) as connection:
        return (await read_head(connection, await tenant_named(connection, HOSPITAL))).size


async def _execute(pool: Pool, statement: str) -> None:
    async with connected(pool) as connection:
        await connection.execute(statement)


async def test_a_document_is_read_back_byte_for_byte_by_the_start_of_its_digest(
    pool: Pool, sealer: Sealer, where: Where
) -> None:
    kind = AttachmentKind.MIGRATION_REPORT
    added, repeated = await attach(pool, sealer, where, "v", REPORT, kind, "de nuit")
    assert not repeated
    assert (added.sha256, added.size, added.media_type) == (DIGEST, 18, "application/pdf")
    assert (added.kind, added.name, added.title) == (kind, "rapport.pdf", "de nuit")
    assert await fetch(pool, where, DIGEST[:6].upper()) == (added, REPORT.content)


async def test_the_same_document_again_seals_nothing(
    pool: Pool, sealer: Sealer, where: Where
) -> None:
    first = await attach(pool, sealer, where, "v", REPORT, AttachmentKind.MINUTES)
    size = await _size(pool)
    again = Document("autre nom.pdf", REPORT.content)
    assert await attach(pool, sealer, where, "w", again, AttachmentKind.MINUTES) == (
        first.attachment,
        True,
    )
    assert await _size(pool) == size
    # What else it is said to be is another statement on the same bytes.
    other = await attach(pool, sealer, where, "v", REPORT, AttachmentKind.AUTHORISATION)
    assert not other.repeated
    assert (await fetch(pool, where, DIGEST))[0] == first.attachment


async def test_a_document_nobody_attached_and_a_window_nobody_announced_are_not_found(
    pool: Pool, sealer: Sealer, where: Where
) -> None:
    with pytest.raises(NotFoundError, match="has no document 'ab'"):
        await fetch(pool, where, "ab")
    nowhere = Where(HOSPITAL, "MAJ-1", "dpi")
    with pytest.raises(NotFoundError, match="there is no window MAJ-1"):
        await attach(pool, sealer, nowhere, "v", REPORT, AttachmentKind.OTHER)
    await attach(pool, sealer, where, "v", REPORT, AttachmentKind.OTHER)
    await attach(pool, sealer, where, "v", LETTER, AttachmentKind.OTHER)
    with pytest.raises(ConfigurationError, match="could be several documents"):
        await fetch(pool, where, "")


def test_a_document_that_is_empty_or_too_large_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^a\.log is empty"):
        Document("a.log", b"")
    assert Document("a.log", bytes(LARGEST_BYTES)).digest
    with pytest.raises(ConfigurationError, match=r"^a\.log is larger than 10 MiB"):
        Document("a.log", bytes(LARGEST_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("rapport de nuit.pdf", "rapport de nuit.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\r.pdf", "r.pdf"),
        ("a\nb\x1b[31m.log", "a_b_[31m.log"),
        ("\udce9.log", "_.log"),
        ("..", "document"),
        ("", "document"),
        (".profile", "profile"),
        ("-", "document"),
        ("-rf.txt", "rf.txt"),
        ("a" * 300, "a" * LONGEST_NAME_BYTES),
        ("é" * 300, "é" * (LONGEST_NAME_BYTES // 2)),
    ],
)
def test_a_name_is_only_a_base_name_that_can_be_shown(name: str, plain: str) -> None:
    assert plain_name(name) == plain


async def test_bytes_that_were_lost_or_changed_are_found_and_put_right_by_attaching_again(
    pool: Pool, sealer: Sealer, where: Where
) -> None:
    await attach(pool, sealer, where, "v", REPORT, AttachmentKind.MINUTES)
    async with connected(pool) as connection:
        assert await unsound_contents(connection) == []
    for damage, is_missing, complaint in (
        ("UPDATE attachment_content SET content = 'x'", False, "are not those that were sealed"),
        ("DELETE FROM attachment_content", True, "are missing"),
    ):
        await _execute(pool, damage)
        async with connected(pool) as connection:
            found = await unsound_contents(connection)
        assert found == [(HOSPITAL, where.window_id, DIGEST, 18, is_missing)]
        with pytest.raises(ConstatError, match=complaint):
            await fetch(pool, where, DIGEST)
        await attach(pool, sealer, where, "v", REPORT, AttachmentKind.MINUTES)
        assert (await fetch(pool, where, DIGEST))[1] == REPORT.content


async def test_the_newest_documents_are_hashed_and_all_are_counted(
    pool: Pool, sealer: Sealer, clock: Clock, where: Where
) -> None:
    for name, content in (("old.log", b"old text"), ("new.log", b"new text")):
        await attach(pool, sealer, where, "v", Document(name, content), AttachmentKind.SYSTEM_LOG)
        clock.advance(1)
    async with connected(pool) as connection:
        assert await contents_hashed(connection) == (2, 2)
        assert await contents_hashed(connection, 15) == (2, 1)  # eight bytes each
        assert await contents_hashed(connection, 16) == (2, 2)
    # Other bytes of the same length are only found by hashing, others at once.
    await _execute(
        pool, "UPDATE attachment_content SET content = 'old TEXT' WHERE content = 'old text'"
    )
    async with connected(pool) as connection:
        assert await unsound_contents(connection, 15) == []
        assert len(await unsound_contents(connection, 16)) == 1
    await _execute(pool, "UPDATE attachment_content SET content = 'old' WHERE content = 'old TEXT'")
    async with connected(pool) as connection:
        assert len(await unsound_contents(connection, 0)) == 1


async def test_a_reservation_is_sealed_as_it_is_and_whoever_says_it_can_be_erased(
    pool: Pool, sealer: Sealer, clock: Clock, where: Where
) -> None:
    text = "Le laboratoire n'a pas été prévenu.\r\n\n\tVoir le courriel du 12.\n"
    made = await reserve(pool, sealer, where, "dsi", text, [Person("Alix Roy")])
    assert made.text == "Le laboratoire n'a pas été prévenu.\n\n\tVoir le courriel du 12."
    [standing] = made.by
    stated = report_json(await report_on(pool, where, clock.now_us))
    said = {"entry": made.entry, "at_us": clock.now_us, "text": made.text}
    assert stated["reservations"] == [
        {**said, "by": [standing]},
    ]
    await erase_person(pool, sealer, HOSPITAL, standing, "dpo")
    stated = report_json(await report_on(pool, where, clock.now_us))
    assert stated["reservations"] == [{**said, "by": [standing]}]
    assert "Alix Roy" not in {kept.person.name for kept in await list_persons(pool, HOSPITAL)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (" \n ", "this one is empty"),
        ("a" * (LONGEST_TEXT + 1), "at most 10000 characters, not 10001"),
        ("a\x1b[2J", "character 2 of the reservation, U\\+001B"),
        ("a\rb", "U\\+000D"),
        ("a\u202eb", "U\\+202E"),
        ("a\u2028b", "U\\+2028"),
        ("\udce9", "U\\+DCE9"),
        ("a\0", "U\\+0000"),
    ],
)
def test_a_reservation_that_cannot_be_printed_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        statement_of(text)


def test_a_reservation_of_exactly_the_most_is_taken() -> None:
    assert len(statement_of("é" * LONGEST_TEXT)) == LONGEST_TEXT


async def test_nothing_that_is_filed_changes_what_is_judged_and_all_survives_a_rebuild(
    pool: Pool, sealer: Sealer, clock: Clock, where: Where
) -> None:
    clock.advance(HOUR)
    await cancel(pool, sealer, where, "v")
    before = (await report_on(pool, where, clock.now_us)).assessment.to_json()
    clock.advance(HOUR)
    await attach(pool, sealer, where, "v", REPORT, AttachmentKind.SYSTEM_LOG)
    await reserve(pool, sealer, where, "dsi", "Sans objet.")
    await register_notice(pool, sealer, where, "v", LETTER, Means.EMAIL, clock.now_us - 5 * HOUR)
    report = await report_on(pool, where, clock.now_us)
    assert report.assessment.to_json() == before
    filed = report.surroundings.filed
    assert [len(filed.attachments), len(filed.reservations), len(filed.notices)] == [2, 1, 1]
    # What was filed since is not known of an instant before it.
    earlier = (await report_on(pool, where, clock.now_us - 1)).surroundings.filed
    assert (earlier.attachments, earlier.reservations, earlier.notices) == ((), (), ())
    [rebuilt] = [each async for each in rebuild(pool)]
    assert rebuilt.differed == ()
    assert rebuilt.tables["window_document"].rows == 4
    assert (await list_documents(pool, where)).attachments == filed.attachments
    assert (await fetch(pool, where, DIGEST))[1] == REPORT.content


async def test_a_notice_by_other_means_counts_from_when_it_was_registered(
    pool: Pool, sealer: Sealer, clock: Clock, where: Where
) -> None:
    announced_us = clock.now_us
    before = (await report_on(pool, where, clock.now_us)).assessment.notice
    clock.advance(HOUR)
    claimed_us = announced_us - 100 * HOUR
    made = await register_notice(pool, sealer, where, "v", LETTER, Means.LETTER, claimed_us)
    assert (made.notice.at_us, made.notice.claimed_us) == (announced_us + HOUR, claimed_us)
    assert (made.announced_us, made.repeated) == (announced_us, False)
    assert (await report_on(pool, where, clock.now_us)).assessment.notice == before
    clock.advance(HOUR)
    again = await register_notice(pool, sealer, where, "v", LETTER, Means.LETTER, claimed_us)
    assert again == made._replace(repeated=True)
    [attachment] = (await list_documents(pool, where)).attachments
    assert attachment.kind is AttachmentKind.NOTICE
    with pytest.raises(ConfigurationError, match="--said-at: that instant is still to come"):
        await register_notice(pool, sealer, where, "v", LETTER, Means.PHONE, clock.now_us + 1)
    assert len((await list_documents(pool, where)).notices) == 1


@pytest.mark.usefixtures("where")
async def test_a_notice_registered_for_a_window_that_had_begun_is_none(
    pool: Pool, sealer: Sealer, clock: Clock
) -> None:
    past = Interval(clock.now_us - 3 * HOUR, clock.now_us - HOUR)
    window = await announce(pool, sealer, Announcement(HOSPITAL, "dpi", past), "vendor")
    late = Where(HOSPITAL, window.id, "dpi")
    made = await register_notice(pool, sealer, late, "v", LETTER, Means.EMAIL, past.start - HOUR)
    assert made.announced_us is None
    report = await report_on(pool, late, clock.now_us)
    assert report.assessment.notice.verdict == "none"
    assert report_json(report)["notices_by_other_means"] == [
        {
            "entry": made.notice.entry,
            "at_us": clock.now_us,
            "means": "email",
            "sha256": LETTER.digest,
            "start_us": past.start,
            "end_us": past.end,
            "claimed_us": past.start - HOUR,
        }
    ]
