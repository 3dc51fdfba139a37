"""What an announcement says of the operation itself: its versions, how it is done, what was agreed.

Nothing here changes a measured figure; it is printed beside the verdict, or decides which limit and
which duties apply (rules, sections 7, 8 and 11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from probes.model.canonical import JsonValue


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

    def to_json(self) -> dict[str, JsonValue]:
        """Return what was said, without what was not."""
        stated: dict[str, JsonValue] = {
            "id": self.id or "",
            "version_from": self.version_from or "",
            "version_to": self.version_to or "",
            "version_kind": self.version_kind.value if self.version_kind else "",
            "exclusion": self.exclusion.value if self.exclusion else "",
            "instance": self.instance.value if self.instance else "",
            "hot": self.hot,
            "off_hours": self.off_hours,
            "pilot": self.pilot,
            "limit_us": self.limit_us or 0,
            "prerequisites": list(self.prerequisites),
        }
        return {key: value for key, value in stated.items() if value}

    @classmethod
    def from_json(cls, stated: Mapping[str, Any]) -> "Operation":
        """Return the operation that `to_json` wrote; `ValueError` for a word that is not known."""
        kind, why, whose = (stated.get(k) for k in ("version_kind", "exclusion", "instance"))
        return cls(
            id=stated.get("id"),
            version_from=stated.get("version_from"),
            version_to=stated.get("version_to"),
            version_kind=VersionKind(kind) if kind else None,
            exclusion=Exclusion(why) if why else None,
            instance=Instance(whose) if whose else None,
            hot=stated.get("hot", False),
            off_hours=stated.get("off_hours", False),
            pilot=stated.get("pilot", False),
            limit_us=stated.get("limit_us"),
            prerequisites=tuple(stated.get("prerequisites", ())),
        )


UNDESCRIBED: Final = Operation()


class Change(NamedTuple):
    """One field of a window, corrected; an empty text stands for no value."""

    field: str
    old: str | int | list[str]
    new: str | int | list[str]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a step put right in what was stated before: by whom, when and why."""

    at_us: int
    author: str
    reason: str
    changes: tuple[Change, ...]
