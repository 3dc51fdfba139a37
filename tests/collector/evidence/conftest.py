"""A time-stamping authority of another make: keys take a while, so they are made once."""

import pytest

from tests.servers.timestamps import Authority


@pytest.fixture(scope="session")
def rsa_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority whose keys are RSA, and which names its certificate by SHA-1."""
    return Authority.make(tmp_path_factory.mktemp("rsa"), ess="sha1")
