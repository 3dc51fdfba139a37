"""YAML is read as PyYAML's safe loader reads it, but for what that would let pass."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.strict_yaml import YamlError, load

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.dates() | st.text()
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda values: st.lists(values) | st.dictionaries(st.text() | st.integers(), values),
    max_leaves=30,
)


@given(value=DOCUMENTS, flow=st.booleans())
def test_what_pyyaml_writes_is_read_as_it_was(value: Any, *, flow: bool) -> None:  # noqa: ANN401 - any value
    assert load(yaml.safe_dump(value, default_flow_style=flow)) == value


@pytest.mark.parametrize("path", sorted(Path("docs/examples").glob("*.yaml")), ids=lambda p: p.name)
def test_our_examples_are_read_as_by_the_safe_loader(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "---\na: 1\n",
        "a: &x [1, 2]\nb: *x\n",
        "base: &b {x: 1, y: 2}\nmade: {<<: *b, y: 3}\n",
        "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nmade: {<<: [*a, *b], z: 3}\n",
        "made:\n  y: 3\n  <<: {x: 1, y: 2}\n",
        "a: !!str 12\nb: !!int '12'\nc: '12'\nd: 0o17\ne: 0x1F\nf: ~\n",
        "a: yes\nb: 'yes'\nc: 12:30:45\nd: 2026-11-14\ne: |\n  two\n  lines\n",
    ],
)
def test_the_same_is_made_of_a_text(text: str) -> None:
    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: a is given twice, the first time on line 1"),
        ("a: {b: 1,\n b: 2}\n", "line 2, column 2: b is given twice, the first time on line 1"),
        ("1: a\n1: b\n", "line 2, column 1: 1 is given twice, the first time on line 1"),
        ("a: *nothing\n", "line 1, column 4: *nothing is not known here"),
        ("a: &a [*a]\n", "line 1, column 8: *a is not known here"),
        ("? [a]\n: 1\n", "line 1, column 3: a key must be a plain value"),
        ("a: {<<: 3}\n", "line 1, column 9: << takes keys and values"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here"),
        ("a: !!python/object:os.system x\n", "line 1, column 4: could not determine a constructor"),
        ("a: 2026-13-45\n", "month must be in 1..12; put a text that looks like a date in quotes"),
        ("[" * 100_000, "it is nested too deeply"),
        ("a: [\n", "line 2, column 1: did not find expected node content"),
        ("a: \x07\n", "unacceptable character"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(YamlError) as caught:
        load(text)

    assert str(caught.value).startswith(fault)
