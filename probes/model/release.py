"""The number of this release, as it stands in batches, requests and the package itself."""

from typing import Final

RELEASE: Final = "0.1.0"
