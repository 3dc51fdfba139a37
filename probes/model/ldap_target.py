"""What an ldap check looks for in a directory, and as whom.

See `probes.model.target` for what every spec promises.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probes.model.target import (
    Family,
    Target,
    Timeouts,
    Tls,
    require_positive,
    require_threshold,
)


class LdapEncryption(StrEnum):
    """How a conversation with a directory is inside TLS."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class LdapScope(StrEnum):
    """How far below its base a search looks (RFC 4511, section 4.5.1.2)."""

    BASE = "base"
    ONE = "one"
    SUBTREE = "subtree"


@dataclass(frozen=True, slots=True)
class LdapSpec:
    """Binds to a directory and searches it: at least `min_entries` must be found.

    Without `bind_dn` and `password_file` the bind is anonymous. `base`, `scope` and `filter` say
    what is searched; `base: ""` with `scope: base` is the directory's own entry. No attribute is
    asked for. `encryption` is `none`, `starttls`, or `implicit` (port 636); the certificate is
    always verified. With `vendor_version` the directory is asked for the version it shows of
    itself (RFC 3045).
    """

    host: str
    base: str
    port: int = 389
    family: Family = Family.ANY
    encryption: LdapEncryption = LdapEncryption.NONE
    tls: Tls = field(default_factory=Tls)
    bind_dn: str = ""
    password_file: str = ""
    scope: LdapScope = LdapScope.SUBTREE
    filter: str = "(objectClass=*)"
    min_entries: int = 1
    vendor_version: bool = False
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled or asked, and half of a login."""
        Target(self.host, self.port, self.family)
        if bool(self.bind_dn) != bool(self.password_file):
            raise ValueError("bind_dn: goes with password_file, and the reverse")
        if self.encryption is LdapEncryption.NONE and self.tls != Tls():
            raise ValueError("tls: is for nothing with encryption none; use starttls or implicit")
        if not self.base and self.scope is not LdapScope.BASE:
            raise ValueError("base: is empty; only with scope: base, for the directory itself")
        _require_filter(self.filter)
        require_positive("min_entries", self.min_entries)
        if self.min_entries > _MOST_ENTRIES:
            raise ValueError(f"min_entries: {self.min_entries} is more than {_MOST_ENTRIES}")
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


def _require_filter(text: str) -> None:
    """Raise `ValueError` unless a text has the outer form of a filter (RFC 4515)."""
    if not text.startswith("(") or not text.endswith(")") or text.count("(") != text.count(")"):
        raise ValueError(f"filter: {text!r} is not a filter, as in (uid=constat)")


_MOST_ENTRIES: Final = 1_000
