"""The option that rewrites the answers kept, after a change that was meant."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-answers", action="store_true", help="rewrite assessment.json")
