"""What a script check runs; see `probes.model.target` for what every spec promises."""

import re
from dataclasses import dataclass
from typing import Final

from probes.model.target import require_threshold


@dataclass(frozen=True, slots=True)
class ScriptSpec:
    """Runs a monitoring plug-in: exit code 0, 1, 2 or 3 is up, degraded, down or unknown.

    `command` is a list, the program first (its path, or a name that is looked up in the usual
    folders); no shell reads it. It runs in the folder `cwd`, reads nothing, and of the agent's
    environment finds only the variables named in `env`. The first line it prints, up to a `|`, is
    recorded unless `record_output: false`: it must hold no patient data. A plug-in that ends with
    0 but took longer than `degraded_after_ms` is `degraded`.
    """

    command: tuple[str, ...]
    cwd: str = "/"
    env: tuple[str, ...] = ()
    record_output: bool = True
    degraded_after_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no system can run."""
        if not self.command or not self.command[0]:
            raise ValueError("command: is empty; name the program to run")
        if any("\0" in word for word in self.command):
            raise ValueError("command: holds a NUL character")
        program = self.command[0]
        if "/" in program and not program.startswith("/"):
            raise ValueError(f"command: {program!r} is neither an absolute path nor a name")
        if not self.cwd.startswith("/") or "\0" in self.cwd:
            raise ValueError(f"cwd: {self.cwd!r} is not an absolute path")
        for name in self.env:
            if _VARIABLE.fullmatch(name) is None:
                raise ValueError(f"env: {name!r} is not the name of an environment variable")
        require_threshold("degraded_after_ms", self.degraded_after_ms)


_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
