"""The audit finds what it is there to find."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from agent.seal import make_batch
from probes.model.batch import NO_PREVIOUS, Batch
from tests.agent.worlds import IDENTITY, draft, sample
from tests.end_to_end.audit import Received, chain_faults, promise_faults, read_journal

START_US = 1_000_000


def chain() -> list[Batch]:
    """Three batches of two samples each, a second apart."""
    batches: list[Batch] = []
    for number in range(3):
        starts_us = [START_US * (2 * number + place) for place in (1, 2)]
        samples = [sample(start_us=start_us) for start_us in starts_us]
        previous = sha256(batches[-1].encode()).hexdigest() if batches else NO_PREVIOUS
        first = 2 * number + 1
        drafted = replace(draft(samples), number=number + 1, previous=previous, first=first)
        batches.append(make_batch(drafted, IDENTITY))
    return batches


def received(batches: list[Batch]) -> Received:
    return Received(batches, [sha256(batch.encode()).hexdigest() for batch in batches])


PROMISED = {number: ("login", START_US * number) for number in range(1, 7)}


def test_a_log_that_keeps_every_promise_has_no_fault() -> None:
    assert promise_faults("a", chain(), PROMISED) == []
    assert chain_faults("a", received(chain())) == []


def test_a_sample_that_is_missing_at_the_end_is_found() -> None:
    assert promise_faults("a", chain()[:2], PROMISED) == ["a: 2 acknowledged samples from 5 on"]


def test_a_sample_that_is_another_one_is_found() -> None:
    promised = {**PROMISED, 3: ("login", 7)}
    assert promise_faults("a", chain(), promised) == ["a: sample 3 is not in batch 2"]


def test_a_sample_that_is_there_twice_is_found() -> None:
    first, second, _ = chain()
    twice = replace(second, checks=first.checks)
    assert promise_faults("a", [first, twice], {}) == ["a: 2 samples are there twice, 2 of 4 once"]


def test_a_batch_that_is_missing_or_there_twice_is_found() -> None:
    first, second, third = chain()
    assert chain_faults("a", received([first, third])) == ["a: batch 3 at place 2 breaks the chain"]
    assert chain_faults("a", received([first, second, second, third]))[0] == (
        "a: batch 2 at place 3 breaks the chain"
    )


def test_samples_that_were_dropped_are_found() -> None:
    first, *_ = chain()
    assert chain_faults("a", received([replace(first, lost=7)])) == [
        "a: 7 samples were lost for want of room"
    ]


def test_a_journal_that_promises_a_number_twice_is_found(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.write_text("1 login 1000\n1 login 2000\n")
    with pytest.raises(AssertionError, match="promises a number twice"):
        read_journal(journal)
