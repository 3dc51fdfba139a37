"""What an announcement says of the operation itself: its versions, how it is done, what was agreed.

Nothing here changes a measured figure; it is printed beside the verdict, or decides which limit and
which duties apply (rules, sections 7, 8 and 11).
"""

from dataclasses import dataclass
from enum import StrEnum


class VersionKind(StrEnum):
    """How large a version is, which decides how many may come in a year (rules, section 11)."""

    MAJOR = "major"
    INTERMEDIATE = "intermediate"
    PATCH = "patch"


class Exclusion(StrEnum):
    """Why a version is not counted among those of the year (§4.1.7)."""

    CRITICAL_FIX = "critical_fix"
    THIRD_PARTY = "third_party"
    SECURITY = "security"
    REGULATORY = "regulatory"
    REFERENCE_DATA = "reference_data"


class Instance(StrEnum):
    """Whose the product's instance is: the client's own, or one that clients share (§4.1.5)."""

    DEDICATED = "dedicated"
    SAAS = "saas"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was announced; None for what was not said.

    `id` is shared by the windows of one operation over several hospitals. `limit_us` is the limit
    agreed for this operation alone. `prerequisites` are those declared unmet.
    """

    id: str | None = None
    version_from: str | None = None
    version_to: str | None = None
    version_kind: VersionKind | None = None
    exclusion: Exclusion | None = None
    instance: Instance | None = None
    hot: bool = False
    off_hours: bool = False
    pilot: bool = False
    limit_us: int | None = None
    prerequisites: tuple[str, ...] = ()
