"""Attacks on the checkpoint of a log, and on the tree that gives it."""

from dataclasses import replace

from collector.evidence.bundle import CHECKPOINTS, ENTRIES, TREE, sized
from collector.evidence.verification import Code
from probes.model.canonical import decode_object
from probes.model.checkpoint import origin_of
from tests.collector.evidence.attacking import (
    OTHER_KEY,
    begun,
    changed,
    ended,
    fails,
    first_batch,
    honest,
    note_over,
    opened,
    resealed,
    sealed,
)
from tests.collector.evidence.worlds import checks_at, parts_of
from tests.collector.store.agents import LOG_KEY


def _with_note(text: str) -> bytes:
    world = ended(begun())
    return resealed(
        sized(CHECKPOINTS, len(world.log), ".txt"), text.encode(), parts_of(world).sealed()
    )


@fails(Code.CHECKPOINT)
def the_checkpoint_is_of_another_size() -> bytes:
    return _with_note(note_over(ended(begun()).log[:-1]).text())


@fails(Code.TREE)
def the_checkpoint_has_another_root() -> bytes:
    log = ended(begun()).log
    return _with_note(note_over([*log[:-1], b"{}"]).text())


@fails(Code.CHECKPOINT)
def the_checkpoint_is_of_another_log_of_the_same_key() -> bytes:
    other = origin_of("CH-AUTRE", LOG_KEY.verifying_key.key_id)
    return _with_note(note_over(ended(begun()).log, origin=other).text())


@fails(Code.CHECKPOINT)
def the_checkpoint_is_signed_by_somebody_else() -> bytes:
    return _with_note(note_over(ended(begun()).log, OTHER_KEY).text())


@fails(Code.CHECKPOINT)
def the_checkpoint_is_changed_after_it_was_signed() -> bytes:
    log = ended(begun()).log
    forged = replace(note_over(log), checkpoint=note_over([*log[:-1], b"{}"]).checkpoint)
    return _with_note(forged.text())


@fails(Code.CHECKPOINT)
def the_checkpoint_is_no_note() -> bytes:
    return _with_note("constat\n")


@fails(Code.CHECKPOINT)
def the_checkpoint_is_missing() -> bytes:
    members = opened(honest())
    kept = {name: data for name, data in members.items() if not name.startswith(CHECKPOINTS)}
    return sealed(kept, size=len(ended(begun()).log))


@fails(Code.CHECKPOINT)
def a_later_checkpoint_is_in_it_than_the_seal_says() -> bytes:
    log = [*ended(begun()).log, b"{}"]
    members = {**opened(honest())}
    members[sized(CHECKPOINTS, len(log), ".txt")] = note_over(log).text().encode()
    return sealed(members, size=len(log) - 1)


def _without_first_batches() -> bytes:
    """A sound bundle whose nodes stand for four leaves: batches before the horizon, and the next.

    Each agent has a batch of the day before the horizon, and needs only the second of those.
    """
    world = begun(batches=0)
    for number in range(4):
        for sender in world.senders:
            world.measure(sender, *checks_at((number - 3) * 86_400, 6, 100, 20))
    ended(world)
    start = first_batch(world)
    return parts_of(world, leave_out=lambda place, _: start <= place < start + 2).sealed()


def _with_tree(bundle: bytes, **fields: object) -> bytes:
    return resealed(TREE, changed(opened(bundle)[TREE], **fields), bundle)


def _nodes(bundle: bytes) -> list[list[object]]:
    nodes: list[list[object]] = decode_object(opened(bundle)[TREE])["nodes"]  # type: ignore[assignment]
    return nodes


@fails(Code.TREE)
def the_tree_has_a_node_too_many() -> bytes:
    bundle = _without_first_batches()
    nodes = _nodes(bundle)
    return _with_tree(bundle, nodes=[*nodes, [0, 0, nodes[0][2]]])


@fails(Code.TREE)
def the_tree_has_a_node_too_few() -> bytes:
    bundle = _without_first_batches()
    return _with_tree(bundle, nodes=_nodes(bundle)[1:])


@fails(Code.TREE)
def the_tree_has_one_node_with_two_hashes() -> bytes:
    bundle = _without_first_batches()
    first, *rest = _nodes(bundle)
    return _with_tree(bundle, nodes=[[*first[:2], "A" * 43 + "="], first, *rest])


@fails(Code.TREE)
def the_tree_has_a_wrong_hash() -> bytes:
    bundle = _without_first_batches()
    first, *rest = _nodes(bundle)
    return _with_tree(bundle, nodes=[[*first[:2], "A" * 43 + "="], *rest])


@fails(Code.TREE)
def the_tree_has_ranges_that_touch() -> bytes:
    bundle = honest()
    size = len(ended(begun()).log)
    return _with_tree(bundle, entries=[[0, 4], [4, size]])


@fails(Code.TREE)
def the_tree_has_a_range_beyond_its_end() -> bytes:
    size = len(ended(begun()).log)
    return _with_tree(honest(), entries=[[0, size + 1]])


@fails(Code.TREE)
def the_tree_is_of_another_size() -> bytes:
    size = len(ended(begun()).log)
    return _with_tree(honest(), size=size - 1, entries=[[0, size - 1]])


@fails(Code.TREE)
def the_tree_has_numbers_that_are_truths() -> bytes:
    size = len(ended(begun()).log)
    return _with_tree(honest(), entries=[[False, size]])


def _with_lines(lines: list[bytes]) -> bytes:
    return resealed(ENTRIES, b"".join(line + b"\n" for line in lines))


@fails(Code.TREE)
def two_leaves_are_swapped() -> bytes:
    log = ended(begun()).log
    return _with_lines([log[1], log[0], *log[2:]])


@fails(Code.TREE)
def a_leaf_is_left_out() -> bytes:
    log = ended(begun()).log
    return _with_lines([*log[:3], *log[4:]])


@fails(Code.TREE)
def a_leaf_is_there_twice() -> bytes:
    log = ended(begun()).log
    return _with_lines([*log[:4], *log[3:]])


@fails(Code.TREE)
def the_last_line_has_no_end() -> bytes:
    return resealed(ENTRIES, opened(honest())[ENTRIES][:-1])
