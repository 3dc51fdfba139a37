"""What a dicom check calls a PACS, and by which name.

See `probes.model.target` for what every spec promises.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from probes.model.target import Family, Target, Timeouts, Tls, require_threshold


@dataclass(frozen=True, slots=True)
class DicomSpec:
    """Associates with a DICOM application and asks for an echo (C-ECHO, the Verification service).

    `called_ae` is the title of the application asked for, `calling_ae` ours: most applications
    answer only to titles they know. What the application calls its implementation is recorded as
    its version.
    """

    host: str
    called_ae: str
    port: int = 104
    family: Family = Family.ANY
    tls: Tls | None = None
    calling_ae: str = "CONSTAT"
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled, and what is no title."""
        Target(self.host, self.port, self.family)
        for name in ("called_ae", "calling_ae"):
            title = getattr(self, name)
            if _TITLE.fullmatch(title) is None:
                raise ValueError(
                    f"{name}: {title!r} is no AE title: 1 to 16 characters of ASCII, no backslash,"
                    " no blank at its ends"
                )
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


# DICOM PS3.5, section 6.2: AE, without the blanks that mean nothing at either end.
_TITLE: Final = re.compile(r"(?! )[ -\[\]-~]{1,16}(?<! )", re.ASCII)
