"""Bundles that must pass: honest ones of every verdict, and what no verifier can find alone.

Of the latter each says who finds it. They stand here so that nobody takes passing for more than it
is, and so that a change of what passes is a decision.
"""

from collector.evidence.bundle import KEYS, NAMES, PDF, VERIFIER, Keys
from collector.evidence.names import Person, commitment
from collector.evidence.writing import names_bytes
from collector.record.entry import RegisterEntry
from collector.record.roster import AGENT_REVOKED
from probes.model.checkpoint import origin_of, verifier_key
from probes.model.instant import DAY, HOUR
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from tests.collector.evidence.attacking import (
    OTHER_KEY,
    PINNED,
    Bundle,
    begun,
    changed,
    ended,
    first_batch,
    honest,
    opened,
    passes,
    resealed,
    retold,
    sealed,
)
from tests.collector.evidence.attacks_beside_the_log import earlier_notice, longer_limit
from tests.collector.evidence.dated import dated, pinning_authority
from tests.collector.evidence.witnessing import cosigned, pinning_witness
from tests.collector.evidence.worlds import PLAN, WINDOW, World, checks_at, parts_of, upgraded
from tests.collector.store.agents import NOON_US


@passes()
def an_upgrade_of_twenty_minutes_is_compliant() -> bytes:
    return parts_of(upgraded()).sealed()


@passes(3)
def an_outage_of_five_hours_is_a_breach() -> bytes:
    """From 13:10 to 18:10, and the limit is four hours; the operation lasts until 19:00."""
    world = World()
    world.agree()
    plan = Interval(PLAN.start, NOON_US + 7 * HOUR)
    world.announce(plan)
    world.now_us = NOON_US
    sender = world.enrol("poste-01")
    for number in range(45):
        world.measure(sender, *checks_at(number * 600, 60, 10, 300))
    world.now_us = plan.end + HOUR
    world.state("window.started", {"window": WINDOW, "start_us": plan.start})
    world.state("window.finished", {"window": WINDOW, "end_us": plan.end})
    world.now_us = plan.end + 30 * HOUR
    world.state("window.closed", {"window": WINDOW})
    world.export()
    return parts_of(world).sealed()


@passes(3)
def a_notice_of_one_day_is_a_breach() -> bytes:
    world = World(now_us=PLAN.start - DAY)
    world.agree()
    world.announce()
    world.now_us = NOON_US
    sender = world.enrol("poste-01")
    for number in range(3):
        world.measure(sender, *checks_at(number * 600, 60, 10, 0))
    return parts_of(ended(world)).sealed()


@passes(4)
def a_window_that_is_not_closed_is_pending() -> bytes:
    world = begun()
    world.now_us = PLAN.end
    world.export()
    return parts_of(world).sealed()


@passes(4)
def a_silence_longer_than_the_limit_is_inconclusive() -> bytes:
    """The operation takes until 19:00, and nothing was measured after 12:30."""
    world = World()
    world.agree()
    plan = Interval(PLAN.start, NOON_US + 7 * HOUR)
    world.announce(plan)
    world.now_us = NOON_US
    sender = world.enrol("poste-01")
    for number in range(3):
        world.measure(sender, *checks_at(number * 600, 60, 10, 0))
    world.now_us = plan.end + 30 * HOUR
    world.state("window.started", {"window": WINDOW, "start_us": plan.start})
    world.state("window.finished", {"window": WINDOW, "end_us": plan.end})
    world.state("window.closed", {"window": WINDOW})
    world.export()
    return parts_of(world).sealed()


@passes()
def a_cancelled_window_has_no_verdict() -> bytes:
    world = begun()
    world.state("window.cancelled", {"window": WINDOW})
    world.export()
    return parts_of(world).sealed()


@passes()
def an_agent_that_never_measured_has_no_batch() -> bytes:
    world = begun()
    world.enrol("poste-09")
    return parts_of(ended(world)).sealed()


@passes()
def an_agent_is_revoked_after_its_last_batch() -> bytes:
    world = begun()
    world.state(AGENT_REVOKED, {"agent": world.senders[0].agent})
    return parts_of(ended(world)).sealed()


@passes()
def batches_of_the_days_before_are_left_to_nodes() -> bytes:
    world = begun(batches=0)
    for number in range(4):
        for sender in world.senders:
            world.measure(sender, *checks_at((number - 3) * 86_400, 6, 100, 20))
    ended(world)
    start = first_batch(world)
    return parts_of(world, leave_out=lambda place, _: start <= place < start + 2).sealed()


@passes()
def batches_of_the_days_after_are_left_to_nodes() -> bytes:
    """The horizon ends a day after the operation; what begins later than that ends a stretch."""
    world = begun()
    sender = world.senders[0]
    for day in (2, 3, 4):
        world.measure(sender, *checks_at(day * 86_400, 6, 100, 20))
    last = len(world.log) - 1
    world.now_us = NOON_US + 5 * DAY
    world.state("window.started", {"window": WINDOW, "start_us": PLAN.start})
    world.state("window.finished", {"window": WINDOW, "end_us": PLAN.end})
    world.state("window.closed", {"window": WINDOW})
    world.export()
    return parts_of(world, leave_out=lambda place, _: place in {last - 1, last}).sealed()


@passes()
def another_window_of_the_hospital_is_told_beside_it() -> bytes:
    world = begun()
    world.announce(Interval(PLAN.start + 9 * DAY, PLAN.end + 9 * DAY), "MAJ-2026-0002")
    return parts_of(ended(world)).sealed()


@passes()
def a_pinned_witness_cosigned_an_older_checkpoint() -> Bundle:
    return Bundle(cosigned(), pinning_witness())


@passes()
def a_cosignature_of_an_unknown_witness_is_ignored() -> Bundle:
    return Bundle(cosigned(OTHER_KEY), pinning_witness())


@passes()
def a_pinned_authority_stamped_the_announcement() -> Bundle:
    return Bundle(dated(), pinning_authority())


@passes()
def a_time_stamp_without_a_pinned_authority_shows_nothing() -> bytes:
    """It is told as held, and none is told as shown, whatever its bytes are."""
    return dated(b"\x30\x03\x02\x01\x00")


@passes()
def a_name_is_told_with_its_salt() -> bytes:
    person, salt = Person("Camille Martin", "dsi@ch-exemple.example"), bytes(range(32))
    return resealed(NAMES, names_bytes([(commitment(person, salt), person, salt)]))


@passes()
def it_has_no_second_verifier() -> bytes:
    members = opened(honest())
    del members[VERIFIER]
    return sealed(members)


@passes()
def the_drawn_report_says_something_else() -> bytes:
    """Nobody can make a drawing again; the report that is verified is `report.json`."""
    return resealed(PDF, b"%PDF-1.7\n")


@passes()
def the_keys_have_a_field_of_a_later_version() -> bytes:
    return resealed(KEYS, changed(opened(honest())[KEYS], remark="of 2027"))


@passes()
def all_of_it_is_of_somebody_else_and_no_key_is_pinned() -> Bundle:
    """The text says so: without a pinned key a bundle is of anybody."""
    key = SigningKey.from_seed(b"anybody".ljust(32, b"."))
    world = World(key=key)
    world.agree()
    world.announce()
    sender = world.enrol("poste-01")
    world.measure(sender, *checks_at(0, 6, 100, 0))
    claimed = Keys(
        verifier_key(origin_of(world.tenant, key.verifying_key.key_id), key.verifying_key)
    )
    assert claimed != PINNED
    return Bundle(parts_of(ended(world)).sealed(), None)


@passes()
def the_notice_is_back_dated_before_any_witness_saw_it() -> bytes:
    """A witness or a time stamp finds it: see the same attack on consistency."""
    return parts_of(retold(ended(begun()), earlier_notice)).sealed()


@passes()
def the_contract_is_changed_before_any_witness_saw_it() -> bytes:
    """A witness finds it: see the same attack on consistency."""
    return parts_of(retold(ended(begun()), longer_limit)).sealed()


@passes()
def an_entry_is_taken_out_and_all_chained_again_before_any_witness_saw_it() -> bytes:
    """A witness finds it: see the same attack on consistency."""

    def without_group(entry: RegisterEntry) -> RegisterEntry | None:
        return None if entry.body.get("item") == "group" else entry

    return parts_of(retold(ended(begun()), without_group)).sealed()


@passes()
def the_tail_of_a_batch_chain_is_cut_and_the_export_made_anew() -> bytes:
    """The agent finds it, which holds the acknowledgement of its batch; and a witness."""
    cut = begun(batches=2)
    assert cut.log == begun(batches=3).log[: len(cut.log)]
    return parts_of(ended(cut)).sealed()
