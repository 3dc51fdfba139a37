"""The log is stamped after what counts and once a day, by a real authority, sooner or later."""

from collector.evidence.stamp import verify_stamp
from collector.record.entry import RegisterEntry
from collector.record.stamped import CHECKPOINT_STAMPED, stamped_of
from collector.record.steps import StepKind
from collector.register.planning import Where, cancel, close, extend, finish, reschedule, start
from collector.register.rebuilding import rebuild
from collector.register.sealing import Sealer
from collector.register.stamps import DAILY, Line, stamp_lines
from collector.settings import Timestamps
from collector.stamping.authority import Authority as Client
from collector.stamping.stamper import Stamper
from collector.store.checkpoints import add_cosignature, checkpoints_of
from collector.store.log import entries
from collector.store.pool import Pool, connected
from collector.store.stamps import Waiting, list_stamps, logs_waiting
from collector.store.tenants import tenant_named
from probes.model.checkpoint import Note, cosign
from probes.model.instant import DAY, HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import HOSPITAL
from tests.servers.listening import nobody
from tests.servers.timestamps import Answer, Authority


def stamper(pool: Pool, sealer: Sealer, authority: Authority) -> Stamper:
    client = Client.of(Timestamps(authority.url, authority.root_file))
    return Stamper(pool, sealer, client)


async def waiting(pool: Pool) -> Waiting:
    async with connected(pool) as connection:
        [log] = await logs_waiting(connection)
    return log


async def of_steps(pool: Pool) -> list[Line]:
    return [line for line in await stamp_lines(pool) if line.occasion != DAILY]


async def kept_notes(pool: Pool, sealer: Sealer) -> dict[int, bytes]:
    """Return what was signed of the log, by its size: the bytes that are stamped."""
    async with connected(pool) as connection:
        kept = await checkpoints_of(connection, await tenant_named(connection, HOSPITAL))
    return {each.note.checkpoint.size: signed_text(each.note, sealer) for each in kept}


def signed_text(note: Note, sealer: Sealer) -> bytes:
    signed = note.of_log_alone(note.checkpoint.origin, sealer.key.verifying_key)
    return signed.text().encode()


async def test_a_notice_a_start_and_a_close_are_stamped_at_once(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        assert await working.round() == 1
        later = Interval(sealer.now_us() + 8 * DAY, sealer.now_us() + 9 * DAY)
        await reschedule(register, sealer, window, later, "me")
        assert await working.round() == 1
        await extend(register, sealer, window, later.end + HOUR, "me")
        assert await working.round() == 1
        await start(register, sealer, window, None, "me")
        assert await working.round() == 1
        clock.advance()
        await finish(register, sealer, window, None, "me")
        assert await working.round() == 0
        await close(register, sealer, window, "me")
        assert await working.round() == 1
        assert await working.round() == 0

    lines = await of_steps(register)
    assert [line.occasion for line in lines] == [
        StepKind.ANNOUNCED,
        StepKind.RESCHEDULED,
        StepKind.EXTENDED,
        StepKind.STARTED,
        StepKind.CLOSED,
    ]
    # Each has a stamp of its own, on the checkpoint that it was the last entry of.
    assert [line.stamp.size - line.entry for line in lines if line.stamp] == [1, 1, 1, 1, 1]
    assert len({line.stamp for line in lines}) == 5
    assert not any(line.is_late(sealer.now_us()) for line in lines)


async def test_a_cancellation_waits_for_the_day(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        await working.round()
        await cancel(register, sealer, window, "me")
        assert await working.round() == 0


async def test_one_stamp_serves_all_that_waited(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    await start(register, sealer, window, None, "me")
    async with authority.serving():
        assert await stamper(register, sealer, authority).round() == 1
    announced, started = await of_steps(register)
    assert announced.stamp == started.stamp
    assert announced.stamp is not None


async def test_what_is_stamped_is_a_checkpoint_that_is_kept(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    del window
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    async with connected(register) as connection:
        [row] = await list_stamps(connection, HOSPITAL)
    notes = await kept_notes(register, sealer)
    shown = verify_stamp(row.stamp.token, notes[row.stamp.size], [authority.root])
    assert (shown.at_us, shown.authority) == (row.stamp.at_us, row.stamp.authority)
    assert authority.approves(row.stamp.token, notes[row.stamp.size])
    # The stamp is itself in the log, just after what it covers.
    assert row.entry == row.stamp.size


async def test_a_cosignature_does_not_change_what_was_stamped(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    del window
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    async with connected(register) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        [kept] = await checkpoints_of(connection, tenant_id)
        checkpoint = kept.note.checkpoint
        line = cosign(checkpoint, "temoin", SigningKey.from_seed(bytes(32)), 1_795_000_000)
        assert await add_cosignature(connection, tenant_id, checkpoint.size, line, 1)
        [row] = await list_stamps(connection)
    notes = await kept_notes(register, sealer)
    assert len(notes[checkpoint.size].splitlines()) == 5
    verify_stamp(row.stamp.token, notes[row.stamp.size], [authority.root])


async def test_the_log_is_stamped_once_a_day_with_nothing_to_tell(
    register: Pool, sealer: Sealer, clock: Clock, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        assert [await working.round(), await working.round()] == [1, 0]
        clock.advance(DAY - 1)
        assert await working.round() == 0
        clock.advance(1)
        assert await working.round() == 1
    assert [line.occasion for line in await stamp_lines(register)] == [DAILY, DAILY]


async def test_an_authority_whose_clock_is_wrong_is_asked_once_a_day_too(
    register: Pool, sealer: Sealer, clock: Clock, authority: Authority
) -> None:
    # To the collector, whose clock is ten days ahead, all its stamps are ten days old.
    clock.advance(10 * DAY)
    async with authority.serving():
        working = stamper(register, sealer, authority)
        assert [await working.round() for _ in range(3)] == [1, 0, 0]


async def test_an_authority_that_is_down_is_asked_again_later_and_later(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    del window
    with nobody() as port:
        authority.url = f"http://127.0.0.1:{port}/tsa"
        working = stamper(register, sealer, authority)
        delays = []
        for _ in range(8):
            assert await working.round() == 1
            log = await waiting(register)
            assert log.next_us is not None
            delays.append(log.next_us - clock())
            clock.now_us = log.next_us - 1
            assert await working.round() == 0
            clock.advance(1)
    assert delays == [each * MINUTE for each in (1, 2, 5, 10, 30, 60, 60, 60)]
    [line] = await of_steps(register)
    assert line.stamp is None
    assert line.is_late(clock())


async def test_a_stamp_that_comes_an_hour_after_its_entry_is_late(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        await working.round()
        clock.advance(-2 * HOUR)
        await start(register, sealer, window, None, "me")
        clock.advance(2 * HOUR)
        await working.round()
    announced, started = await of_steps(register)
    assert not announced.is_late(clock())
    assert started.is_late(clock())
    assert started.stamp is not None


async def test_whatever_goes_wrong_the_stamp_is_had_in_the_end(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    del window
    wrong = [Answer.REFUSAL, Answer.ERROR, Answer.GARBAGE, Answer.PAGE, Answer.CUT, Answer.STALE]
    authority.answers = list(wrong)
    async with authority.serving():
        working = stamper(register, sealer, authority)
        for _ in wrong:
            assert await working.round() == 1
            [line] = await of_steps(register)
            assert line.stamp is None
            clock.advance(HOUR)
        await working.round()
    [line] = await of_steps(register)
    assert line.stamp is not None
    log = await waiting(register)
    assert (log.attempts, log.next_us, log.oldest_us) == (0, None, None)


async def test_the_tables_come_out_of_the_log_again(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        await working.round()
        await start(register, sealer, window, None, "me")
        await working.round()
    [rebuilt] = [each async for each in rebuild(register)]
    assert rebuilt.differed == ()
    assert rebuilt.tables["stamp"].rows == 2


async def test_the_log_names_the_token_it_got(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    del window
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    async with connected(register) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        [entry] = [
            RegisterEntry.decode(stored.envelope.payload)
            async for stored in entries(connection, tenant_id, kinds=[CHECKPOINT_STAMPED])
        ]
        [row] = await list_stamps(connection)
    assert stamped_of(entry.body) == row.stamp
    assert entry.body["sha256"] == row.stamp.digest


async def test_a_log_that_was_cut_is_not_stamped(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        await working.round()
        await start(register, sealer, window, None, "me")
        async with connected(register) as connection:
            rows = await connection.fetch("SELECT leaf FROM log ORDER BY idx")
            shorter, _ = EMPTY.appended(row["leaf"] for row in rows[:-3])
            await connection.execute(
                "UPDATE log_head SET size = $1, frontier = $2", shorter.size, shorter.encode()
            )
        assert await working.round() == 1
    async with connected(register) as connection:
        assert len(await list_stamps(connection)) == 1
        answer = await connection.fetchval("SELECT answer FROM stamp_attempt")
    assert "some are gone" in answer


async def test_one_stamper_works_on_a_database(
    register: Pool, sealer: Sealer, authority: Authority
) -> None:
    one, other = (stamper(register, sealer, authority) for _ in range(2))
    async with one._alone() as first, other._alone() as second:
        assert (first, second) == (True, False)
    async with other._alone() as second:
        assert second
