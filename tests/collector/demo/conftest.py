from collections.abc import Iterator

import pytest

from tests.collector.demo.processes import Start, starting


@pytest.fixture
def start() -> Iterator[Start]:
    with starting() as start_one:
        yield start_one
