"""Zone, language and hash seed change no byte; other versions of Python: make test-pythons."""

import pytest

from tests.same_bytes import digests, surroundings, under


@pytest.mark.parametrize("environment", surroundings()[::3], ids=str)
def test_the_surroundings_change_no_byte(environment: dict[str, str]) -> None:
    assert under(environment) == digests()
