"""Attacks on the log: its entries, its register, the batches of its agents."""

from dataclasses import replace
from typing import Final

from collector.evidence.verification import Code
from collector.record.entry import FIRST, RegisterEntry
from collector.record.roster import AGENT_ENROLLED, AGENT_REVOKED
from probes.model.batch import Batch
from probes.model.canonical import decode_object, encode
from probes.model.envelope import (
    BATCH_TYPE,
    ENROLMENT_TYPE,
    ENTRY_TYPE,
    Envelope,
    Signature,
)
from tests.collector.evidence.attacking import (
    OTHER_KEY,
    begun,
    ended,
    entry_line,
    fails,
    first_batch,
    place_of_kind,
    relogged,
    resigned,
    restated,
    with_line,
)
from tests.collector.evidence.worlds import World, checks_at, parts_of
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender

_SMALL_ORDER: Final = b"\x01" + bytes(31)


@fails(Code.ENTRIES)
def an_entry_is_signed_by_nobody() -> bytes:
    world = ended(begun())
    held = Envelope.decode(world.log[0])
    empty = Signature(held.signatures[0].key_id, bytes(64))
    return with_line(world, 0, replace(held, signatures=(empty,)).encode())


@fails(Code.ENTRIES)
def an_entry_is_signed_by_somebody_else() -> bytes:
    world = ended(begun())
    return with_line(world, 0, resigned(world.log[0], OTHER_KEY))


@fails(Code.ENTRIES)
def an_entry_has_two_signatures() -> bytes:
    world = ended(begun())
    return with_line(world, 0, resigned(world.log[0], LOG_KEY, OTHER_KEY))


@fails(Code.ENTRIES)
def an_entry_has_so_many_signatures_that_its_type_is_far_from_its_end() -> bytes:
    world = ended(begun())
    return with_line(world, 0, resigned(world.log[0], *[LOG_KEY] * 9))


@fails(Code.ENTRIES)
def an_entry_is_of_another_hospital() -> bytes:
    world = ended(begun())
    return relogged(world, restated(world, lambda entry: replace(entry, tenant="CH-AUTRE")))


@fails(Code.ENTRIES)
def an_entry_is_of_no_known_type() -> bytes:
    world = ended(begun())
    return with_line(world, 0, resigned(world.log[0], LOG_KEY, payload_type=ENROLMENT_TYPE))


@fails(Code.ENTRIES)
def an_entry_is_no_envelope() -> bytes:
    return with_line(ended(begun()), 0, b"{}")


@fails(Code.ENTRIES)
def an_entry_is_of_another_version() -> bytes:
    world = ended(begun())
    held = Envelope.decode(world.log[0])
    payload = held.payload.replace(b"constat.entry/1", b"constat.entry/2")
    return with_line(world, 0, Envelope.seal(ENTRY_TYPE, payload, LOG_KEY).encode())


@fails(Code.ENTRIES)
def an_envelope_is_written_with_spaces() -> bytes:
    world = ended(begun())
    return with_line(world, 0, world.log[0].replace(b'":"', b'": "', 1))


def _with_stranger(stranger: Sender) -> bytes:
    """A batch of a sender that stands in no enrolment, put where a batch was."""
    world = ended(begun())
    return with_line(world, first_batch(world), stranger.seal(*checks_at(0, 6, 100, 20)))


@fails(Code.ENTRIES)
def a_batch_is_of_an_agent_that_was_not_enrolled() -> bytes:
    return _with_stranger(Sender(vantage="poste-09", key=OTHER_KEY))


@fails(Code.ENTRIES)
def a_batch_is_signed_by_the_log_in_the_name_of_an_agent() -> bytes:
    world = ended(begun())
    place = first_batch(world)
    return with_line(world, place, resigned(world.log[place], LOG_KEY))


@fails(Code.ENTRIES)
def a_batch_is_signed_by_another_agent() -> bytes:
    world = ended(begun())
    place = first_batch(world)
    return with_line(world, place, resigned(world.log[place], world.senders[1].key))


@fails(Code.ENTRIES)
def a_batch_has_a_second_signature() -> bytes:
    world = ended(begun())
    place = first_batch(world)
    return with_line(world, place, resigned(world.log[place], world.senders[0].key, OTHER_KEY))


@fails(Code.ENTRIES)
def a_batch_is_of_another_vantage_point() -> bytes:
    return _with_stranger(Sender(vantage="poste-02", key=begun().senders[0].key))


@fails(Code.ENTRIES)
def a_batch_is_of_another_hospital() -> bytes:
    return _with_stranger(Sender("poste-01", "CH-AUTRE", key=begun().senders[0].key))


@fails(Code.ENTRIES)
def a_batch_stands_before_the_enrolment_of_its_agent() -> bytes:
    world = ended(begun())
    place, enrolled = first_batch(world), place_of_kind(world, AGENT_ENROLLED)
    log = [*world.log]
    log.insert(enrolled, log.pop(place))
    return relogged(world, log)


@fails(Code.ENTRIES)
def a_batch_comes_after_its_agent_was_revoked() -> bytes:
    world = begun()
    sender = world.senders[0]
    world.state(AGENT_REVOKED, {"agent": sender.agent})
    world.measure(sender, *checks_at(1800, 6, 100, 20))
    return parts_of(ended(world)).sealed()


@fails(Code.ENTRIES)
def a_batch_measures_backwards() -> bytes:
    world = ended(begun())
    place = first_batch(world)
    fields = decode_object(Envelope.decode(world.log[place]).payload)
    fields["first"] = 100
    line = Envelope.seal(BATCH_TYPE, encode(fields), world.senders[0].key).encode()
    return with_line(world, place, line)


def _enrolling(**changes: str) -> bytes:
    """A bundle that ends with the enrolment of one more agent, of which something is wrong."""
    world = begun()
    sender = world.enrol("poste-09")
    body = {
        "agent": sender.agent,
        "agent_version": "0.1.0",
        "kind": "workstation",
        "public_key": sender.key.verifying_key.raw.hex(),
        "vantage": "poste-09",
    }
    log = [*ended(world).log]
    place = place_of_kind(world, "window.started") - 1
    held = decode_object(Envelope.decode(log[place]).payload)
    held["body"] = {**body, **changes}
    log[place] = Envelope.seal(ENTRY_TYPE, encode(held), LOG_KEY).encode()
    return relogged(world, log)


@fails(Code.ENTRIES)
def an_agent_is_enrolled_with_a_key_of_small_order() -> bytes:
    return _enrolling(public_key=_SMALL_ORDER.hex())


@fails(Code.ENTRIES)
def an_agent_is_enrolled_under_the_name_of_another_key() -> bytes:
    return _enrolling(public_key=OTHER_KEY.verifying_key.raw.hex())


@fails(Code.ENTRIES)
def an_agent_is_enrolled_twice() -> bytes:
    world = begun()
    world.enrol("poste-01")
    del world.senders[-1]
    return parts_of(ended(world)).sealed()


@fails(Code.ENTRIES)
def somebody_is_revoked_who_was_never_enrolled() -> bytes:
    world = ended(begun())
    entry = RegisterEntry(TENANT, AGENT_REVOKED, world.now_us, "vendor", {"agent": "0" * 32})
    return with_line(world, 1, entry_line(entry, FIRST))


def _leaving_out(kind: str) -> bytes:
    world = ended(begun())
    place = place_of_kind(world, kind)
    return parts_of(world, leave_out=lambda at, _: at == place).sealed()


@fails(Code.REGISTER)
def the_first_entry_of_the_register_is_left_out() -> bytes:
    return parts_of(ended(begun()), leave_out=lambda at, _: at == 0).sealed()


@fails(Code.REGISTER)
def a_new_plan_is_left_out() -> bytes:
    world = begun()
    world.now_us = NOON_US + 1
    world.state("window.rescheduled", _later())
    place = len(world.log) - 1
    ended(world)
    return parts_of(world, leave_out=lambda at, _: at == place).sealed()


def _later() -> dict[str, object]:
    window = World()
    window.announce()
    body = RegisterEntry.decode(Envelope.decode(window.log[0]).payload).body
    return {**body, "end_us": body["end_us"] + 1}


@fails(Code.REGISTER)
def the_closing_of_the_window_is_left_out() -> bytes:
    return _leaving_out("window.closed")


@fails(Code.REGISTER)
def a_cancelled_step_is_left_out() -> bytes:
    world = begun()
    world.state("window.cancelled", {"window": "MAJ-2026-0001"})
    place = len(world.log) - 1
    world.export()
    return parts_of(world, leave_out=lambda at, _: at == place).sealed()


@fails(Code.REGISTER)
def the_last_entry_is_left_out() -> bytes:
    world = ended(begun())
    return parts_of(world, leave_out=lambda at, _: at == len(world.log) - 1).sealed()


@fails(Code.REGISTER)
def an_entry_is_made_again_and_those_after_it_are_not() -> bytes:
    world = ended(begun())
    entry = RegisterEntry.decode(Envelope.decode(world.log[0]).payload)
    return with_line(world, 0, entry_line(replace(entry, author="client"), FIRST))


@fails(Code.REGISTER)
def an_entry_is_back_dated() -> bytes:
    world = begun()
    world.now_us = NOON_US - 1
    world.state("window.informed", {"window": "MAJ-2026-0001"})
    return parts_of(ended(world)).sealed()


@fails(Code.REGISTER)
def the_last_entry_says_that_another_window_was_exported() -> bytes:
    world = begun()
    world.announce(window="MAJ-2026-0002")
    world.conclude()
    world.export("MAJ-2026-0002")
    return parts_of(world).sealed()


@fails(Code.REGISTER)
def something_is_stated_after_the_export() -> bytes:
    world = ended(begun())
    world.state("window.informed", {"window": "MAJ-2026-0001"})
    return parts_of(world).sealed()


@fails(Code.REGISTER)
def the_window_was_never_announced() -> bytes:
    world = ended(begun())
    kept = restated(world, lambda entry: None if entry.kind == "window.announced" else entry)
    return relogged(world, kept)


def _is_batch(line: bytes) -> bool:
    return Envelope.decode(line).payload_type == BATCH_TYPE


def _without_batches(*numbers: int, vantage: str = "poste-01") -> bytes:
    """A bundle without some batches of an agent, for which nodes stand."""

    def left_out(_place: int, envelope: Envelope) -> bool:
        if envelope.payload_type != BATCH_TYPE:
            return False
        batch = Batch.decode(envelope.payload)
        return batch.vantage == vantage and batch.number in numbers

    return parts_of(ended(begun()), leave_out=left_out).sealed()


@fails(Code.BATCHES)
def the_batches_of_an_agent_begin_within_the_horizon() -> bytes:
    return _without_batches(1)


@fails(Code.BATCHES)
def a_batch_is_left_out() -> bytes:
    return _without_batches(2)


@fails(Code.BATCHES)
def the_tail_of_a_batch_chain_is_cut_and_everything_sealed_again() -> bytes:
    return _without_batches(3)


@fails(Code.BATCHES)
def an_agent_is_left_out_altogether() -> bytes:
    return _without_batches(1, 2, 3, vantage="poste-02")


@fails(Code.BATCHES)
def a_batch_is_replayed() -> bytes:
    world = begun()
    world.log.append(world.log[first_batch(world)])
    return parts_of(ended(world)).sealed()


@fails(Code.BATCHES)
def two_batches_of_an_agent_change_places() -> bytes:
    world = ended(begun())
    log, place = [*world.log], first_batch(world)
    log[place], log[place + 2] = log[place + 2], log[place]
    return relogged(world, log)


@fails(Code.BATCHES)
def an_agent_signs_a_second_batch_of_one_number() -> bytes:
    """A clone of the agent, or the agent itself: the batch after it follows another."""
    world = ended(begun())
    clone = begun(batches=0).senders[0]
    line = clone.seal(*checks_at(0, 6, 100, 0)[:1])
    return with_line(world, first_batch(world), line)


@fails(Code.BATCHES)
def the_last_entry_does_not_name_an_agent() -> bytes:
    world = begun()
    world.conclude()
    world.export(agents=world.ends()[:1])
    return parts_of(world).sealed()


@fails(Code.BATCHES)
def the_last_entry_names_another_last_batch() -> bytes:
    world = begun()
    world.conclude()
    first, second = world.ends()
    world.export(agents=[{**first, "last": 2}, second])
    return parts_of(world).sealed()
