"""Sealing: a batch says exactly what the samples said, and fits."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sample import Sample
from agent.seal import make_batch, seal
from probes.model.batch import MAX_BYTES, MAX_MEASUREMENTS, OUTCOMES, CheckColumns
from probes.model.envelope import Envelope
from probes.model.failure import Failure, Operation
from probes.model.instant import DAY, SECOND
from probes.model.measurement import Outcome
from tests.agent.reading import batch_of, envelope_of
from tests.agent.worlds import BOOT, IDENTITY, KEY, RUN, FakeClock, draft, sample

PUBLIC = KEY.verifying_key


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[Outcome, Failure | None, Operation | None]:
    outcome = draw(st.sampled_from(Outcome))
    if outcome in (Outcome.UP, Outcome.DEGRADED):
        return outcome, None, None
    of_instrument = outcome is Outcome.UNKNOWN
    failures = [failure for failure in Failure if failure.of_instrument is of_instrument]
    return outcome, draw(st.sampled_from(failures)), draw(st.sampled_from(Operation))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    outcome, failure, operation = draw(outcomes())
    return Sample(
        check=draw(st.sampled_from(sorted(RUN.intervals_us))),
        boot_id=BOOT,
        start_us=draw(st.integers(0, 10**6)) * 1_000,
        duration_us=draw(st.integers(0, 10**5)) * 1_000,
        outcome=outcome,
        failure=failure,
        operation=operation,
        detail=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
        version=draw(st.none() | st.sampled_from(["", "1.0", "2.0"])),
    )


def read(columns: CheckColumns) -> list[Sample]:
    """Read the samples of one check back, as the columns are documented."""
    details, versions = dict(columns.details), dict(columns.versions)
    starts = {index: (failure, operation) for index, failure, operation in columns.failures}
    failure: Failure | None = None
    operation: Operation | None = None
    found = []
    for index, letter in enumerate(columns.outcomes):
        failure, operation = starts.get(index, (failure, operation))
        failing = OUTCOMES[letter] in (Outcome.DOWN, Outcome.UNKNOWN)
        found.append(
            Sample(
                check=columns.check,
                boot_id=BOOT,
                start_us=columns.starts_us[index],
                duration_us=columns.durations_us[index],
                outcome=OUTCOMES[letter],
                failure=failure if failing else None,
                operation=operation if failing else None,
                detail=details.get(index, ""),
                version=versions.get(index),
            )
        )
    return found


@given(st.lists(samples(), min_size=1, max_size=30))
def test_what_is_sealed_is_what_was_measured(measured: list[Sample]) -> None:
    batch = batch_of(seal(draft(measured), IDENTITY, KEY), PUBLIC)
    expected = sorted(measured, key=lambda one: (one.check, one.start_us))
    assert [one for columns in batch.checks for one in read(columns)] == expected
    assert (batch.first, batch.last) == (1, len(measured))


def test_the_header_names_agent_run_and_place_in_the_chain() -> None:
    wanted = replace(draft([sample()]), number=7, previous="ab" * 32, first=601, depth=42, lost=3)
    batch = make_batch(wanted, IDENTITY)
    assert (batch.tenant, batch.agent, batch.vantage) == (
        "CH-EXEMPLE",
        IDENTITY.agent,
        "accueil-03",
    )
    assert (batch.number, batch.previous, batch.first, batch.last) == (7, "ab" * 32, 601, 601)
    assert (batch.boot, batch.agent_version, batch.config) == (BOOT, "0.1.0", "c" * 64)
    assert (batch.spool_depth, batch.lost) == (42, 3)
    assert batch.checks[0].interval_us == 10 * SECOND


def test_the_digest_is_that_of_the_payload() -> None:
    sealed = seal(draft([sample()]), IDENTITY, KEY)
    payload = Envelope.decode(envelope_of(sealed)).payload
    assert sealed.digest == sha256(payload).hexdigest()


def test_a_failure_that_holds_on_is_written_once() -> None:
    taken = [sample(outcome=Outcome(word)) for word in ["up", "down", "down", "up", "down", "down"]]
    timeout = replace(sample(outcome=Outcome.DOWN), failure=Failure.TIMEOUT)
    (columns,) = make_batch(draft([*taken, timeout]), IDENTITY).checks
    assert columns.failures == (
        (1, Failure.CONNECTION_REFUSED, Operation.CONNECT),
        (6, Failure.TIMEOUT, Operation.CONNECT),
    )


def test_the_error_covers_the_drift_since_the_oldest_sample() -> None:
    clock = FakeClock(boottime_us=DAY)
    taken = sample(start_us=clock.boottime_us)
    clock.advance(30 * SECOND)
    estimated = replace(clock.reading(), error_us=2_000, estimated=True)
    assert make_batch(draft([taken], estimated), IDENTITY).clock.error_us == 2_000 + 3_000
    assumed = clock.reading()
    assert make_batch(draft([taken], assumed), IDENTITY).clock == assumed


def test_samples_that_would_not_fit_are_left_for_the_next_batch() -> None:
    wordy = [sample(detail=f"{number:0500}") for number in range(MAX_MEASUREMENTS)]
    sealed = seal(draft(wordy), IDENTITY, KEY)
    assert len(envelope_of(sealed)) <= MAX_BYTES
    assert (sealed.first, sealed.last) == (1, MAX_MEASUREMENTS // 4)
    assert len(batch_of(sealed, PUBLIC).checks[0]) == sealed.last


def test_a_full_batch_of_plain_samples_fits() -> None:
    plain = [sample() for _ in range(MAX_MEASUREMENTS)]
    assert seal(draft(plain), IDENTITY, KEY).last == MAX_MEASUREMENTS


def test_a_sample_that_fits_into_no_batch_is_an_error() -> None:
    with pytest.raises(ValueError, match="a sample of login does not fit into a batch"):
        seal(draft([sample(detail="x" * MAX_BYTES)]), IDENTITY, KEY)


def test_the_same_samples_give_the_same_bytes() -> None:
    same = draft([sample(), sample(outcome=Outcome.DOWN)])
    assert seal(same, IDENTITY, KEY) == seal(same, IDENTITY, KEY)


def test_the_columns_of_a_batch_are_in_the_order_of_their_checks() -> None:
    batch = make_batch(draft([sample("login"), sample("feed"), sample("login")]), IDENTITY)
    assert [(columns.check, columns.outcomes) for columns in batch.checks] == [
        ("feed", "U"),
        ("login", "UU"),
    ]
