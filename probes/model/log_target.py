"""What a log check follows; see `probes.model.target` for what every spec promises."""

import re
from dataclasses import dataclass
from typing import Final

from probes.model.instant import zone_named
from probes.model.target import Pattern, Regex, require_pattern


@dataclass(frozen=True, slots=True)
class LineTime:
    """Where a line says when it was written, as Python's `strptime` would: `%Y-%m-%d %H:%M:%S,%f`.

    Understood are `%Y %y %m %d %b %j %H %M %S %f %z` and `%%`; names of months are English. Without
    `%z` the times are of `timezone` (`Europe/Paris`); without a year they are the latest possible.
    """

    format: str
    timezone: str = ""

    def __post_init__(self) -> None:
        """Refuse what names no instant."""
        directives = re.findall("%(.?)", self.format, re.DOTALL)
        unknown = [letter for letter in directives if letter not in _DIRECTIVES]
        if unknown:
            raise ValueError(f"format: %{unknown[0]} in {self.format!r} is not understood")
        doubled = [
            letter for letter in directives if letter != "%" and directives.count(letter) > 1
        ]
        if doubled:
            raise ValueError(f"format: %{doubled[0]} is given twice")
        day = {"j"} <= {*directives} or {"m", "d"} <= {*directives} or {"b", "d"} <= {*directives}
        if not day or not {"H", "M"} <= {*directives}:
            raise ValueError(f"format: {self.format!r} names no day with its hour and minute")
        if ("z" in directives) == bool(self.timezone):
            raise ValueError("timezone: is given where the format has no %z, and only there")
        if self.timezone:
            try:
                zone_named(self.timezone)
            except ValueError as error:
                raise ValueError(f"timezone: {error}") from None


@dataclass(frozen=True, slots=True)
class LogSpec:
    """Follows a log for what its software says of itself: that it started, that it stopped.

    `path` is a file (rotated or truncated as it may be), or else `unit` a unit of systemd whose
    journal is read. `start`, `stop`, `degraded` are literals or regexes found in a line; `version`
    is a regex, its first group if it has one. The last start or stop decides; a `degraded` line
    after the last start makes it degraded. `line_time` says where a line shows when it was written;
    without it an event happened when it was first read, and is recorded so. Lines are not kept.
    """

    start: Pattern
    stop: Pattern
    path: str = ""
    unit: str = ""
    degraded: Pattern | None = None
    version: Regex | None = None
    line_time: LineTime | None = None

    def __post_init__(self) -> None:
        """Refuse a check that follows nothing, or that every line would satisfy."""
        if bool(self.path) == bool(self.unit):
            raise ValueError("path: give path, or else unit")
        if self.path and (not self.path.startswith("/") or "\0" in self.path):
            raise ValueError(f"path: {self.path!r} is not an absolute path")
        if self.unit and _UNIT.fullmatch(self.unit) is None:
            raise ValueError(f"unit: {self.unit!r} is not the name of a unit")
        if self.unit and self.line_time is not None:
            raise ValueError("line_time: the journal keeps the time of its lines itself")
        require_pattern("start", self.start)
        require_pattern("stop", self.stop)
        if self.start == self.stop:
            raise ValueError("stop: is the same as start")
        if self.degraded is not None:
            require_pattern("degraded", self.degraded)


_DIRECTIVES: Final = frozenset("YymdbjHMSfz%")
_UNIT: Final = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*", re.ASCII)  # systemd.unit(5)
