"""What a process check looks for; see `probes.model.target` for what every spec promises."""

import re
from dataclasses import dataclass
from typing import Final

from probes.model.target import Regex


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Looks for a process or a service of this host: is it there, since when, does it listen.

    A process is found by its `name`, by a regex searched in its command line (`cmdline`), or by
    both, and by its `user`; `at_least` must run, and more than `at_most` are `degraded`. A
    `service` is a unit of systemd (or a service of Windows). With `listens_on`, one of the
    processes found, or of those that descend from the service, must listen on that TCP port.
    """

    name: str = ""
    cmdline: Regex | None = None
    user: str = ""
    service: str = ""
    at_least: int = 1
    at_most: int | None = None
    listens_on: int | None = None

    def __post_init__(self) -> None:
        """Refuse a check that looks for nothing, or for two things."""
        by_process = bool(self.name or self.cmdline)
        if by_process == bool(self.service):
            raise ValueError("name: give name or cmdline, or else service")
        if self.service and (self.user or self.at_most is not None or self.at_least != 1):
            raise ValueError("service: excludes user, at_least and at_most")
        if self.service and _SERVICE.fullmatch(self.service) is None:
            raise ValueError(f"service: {self.service!r} is not the name of a unit or a service")
        if self.at_least < 1:
            raise ValueError(f"at_least: {self.at_least} is not more than 0")
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"at_most: {self.at_most} is less than at_least")
        if self.listens_on is not None and not 1 <= self.listens_on <= 65_535:  # noqa: PLR2004 - RFC 9293
            raise ValueError(f"listens_on: {self.listens_on} is not a port")


# systemd.unit(5), without what systemctl would read as a pattern; Windows allows spaces.
_SERVICE: Final = re.compile(r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\ -]*", re.ASCII)
