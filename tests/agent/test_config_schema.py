"""The published JSON Schema is the one of this version, and says what the agent says."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from agent.config_schema import config_schema, config_schema_text

PUBLISHED = Path("docs/schemas/agent.schema.json")
EXAMPLE = Path("docs/examples/agent.yaml")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(config_schema())
    return Draft202012Validator(config_schema())


@pytest.fixture
def example() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return loaded


def test_the_published_schema_is_up_to_date() -> None:
    assert PUBLISHED.read_text(encoding="utf-8").strip() == config_schema_text(), (
        "run constat-agent schema > docs/schemas/agent.schema.json"
    )


def test_the_example_satisfies_the_schema(
    validator: Draft202012Validator, example: dict[str, Any]
) -> None:
    assert [error.message for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("metrics", "lisen", "127.0.0.1:1"),
        ("checks", "dpi", {"kind": "telnet"}),
        ("checks", "dpi", {"kind": "tcp", "host": "h", "port": "443"}),
        ("checks", "dpi", {"kind": "tcp", "host": "h", "port": 443, "url": "http://h"}),
        ("checks", "d p i", {"kind": "tcp", "host": "h", "port": 443}),
        ("burst", "interval", "1s"),
        ("references", "gateway", {"kind": "telnet"}),
    ],
)
def test_the_schema_refuses_what_the_agent_refuses(
    validator: Draft202012Validator,
    example: dict[str, Any],
    section: str,
    key: str,
    value: object,
) -> None:
    example[section][key] = value

    assert not validator.is_valid(example)
