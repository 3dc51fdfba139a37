"""What is written is what Prometheus's own library reads."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from agent.exposition import Exposition
from agent.tally import Histogram

# The text format ends a line at a line feed only; that library also splits at other breaks.
LABELS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]) | st.just("\n")
)


def samples_in(text: Exposition) -> list[Sample]:
    families = text_string_to_metric_families(text.encode().decode())
    return [sample for family in families for sample in family.samples]


@given(
    values=st.lists(st.tuples(LABELS, st.floats(-1e15, 1e15) | st.integers(0, 2**53)), min_size=1)
)
def test_every_value_and_label_is_read_as_it_was(values: list[tuple[str, float]]) -> None:
    text = Exposition()
    text.family("made_value", "gauge", "Made for a test.")
    for label, value in values:
        text.sample(value, check=label)

    read = [(sample.labels["check"], sample.value) for sample in samples_in(text)]
    assert read == values


def test_a_histogram_is_cumulated_and_in_seconds() -> None:
    histogram = Histogram((1_000, 10_000))
    for value_us in (500, 1_000, 1_001, 50_000):
        histogram.add(value_us)
    text = Exposition()
    text.family("made_seconds", "histogram", "Made for a test.")
    text.histogram(histogram, kind="http")

    samples = samples_in(text)

    buckets = [(sample.labels["le"], sample.value) for sample in samples if "le" in sample.labels]
    assert buckets == [("0.001", 2.0), ("0.01", 3.0), ("+Inf", 4.0)]
    assert [(sample.name, sample.value) for sample in samples[3:]] == [
        ("made_seconds_sum", 0.052501),
        ("made_seconds_count", 4.0),
    ]
    assert {sample.labels["kind"] for sample in samples} == {"http"}
