"""What a fhir check expects of a server's CapabilityStatement.

See `probes.model.target` for what every spec promises.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from probes.model.http_target import HttpSpec, Version
from probes.model.target import Family, Regex, Timeouts, Tls

METADATA: Final = "metadata"
STATEMENT: Final = "CapabilityStatement"


@dataclass(frozen=True, slots=True)
class FhirSpec:
    """Asks a FHIR server for its CapabilityStatement, at `metadata` below `base_url`.

    `fhir_version` is the version of FHIR it must declare, or how that begins (`4.0`);
    `software_name` the name of the software, `resources` types that it must serve (`Patient`). The
    version of the software is recorded, and must match `expect_version` if that is given. A
    statement that is not `active` is degraded. Credentials, redirects and TLS are as for http.
    """

    base_url: str
    family: Family = Family.ANY
    tls: Tls = field(default_factory=Tls)
    username: str = ""
    password_file: str = ""
    token_file: str = ""
    allowed_hosts: tuple[str, ...] = ()
    max_redirects: int = 5
    fhir_version: str = ""
    software_name: str = ""
    resources: tuple[str, ...] = ()
    expect_version: Regex | None = None
    max_body_bytes: int = 4_194_304
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be asked, and versions and types that FHIR has none of."""
        if "?" in self.base_url or "#" in self.base_url:
            raise ValueError(f"base_url: {self.base_url!r} holds more than a host and a path")
        try:
            _ = self.question
        except ValueError as error:
            name, colon, reason = str(error).partition(":")
            renamed = "base_url" if name == "url" else name
            raise ValueError(f"{renamed}{colon}{reason}") from None
        if self.fhir_version and _VERSION.fullmatch(self.fhir_version) is None:
            raise ValueError(f"fhir_version: {self.fhir_version!r} is no version, as in 4.0")
        for name in self.resources:
            if _TYPE.fullmatch(name) is None:
                raise ValueError(f"resources: {name!r} is not a type, as in Patient")

    @property
    def question(self) -> HttpSpec:
        """What is asked over HTTP, and what any answer to it must hold."""
        return _question(self)


@lru_cache(maxsize=1024)
def _question(spec: FhirSpec) -> HttpSpec:
    expected: dict[str, bool | int | str] = {"/resourceType": STATEMENT}
    if spec.software_name:
        expected["/software/name"] = spec.software_name
    return HttpSpec(
        url=f"{spec.base_url.rstrip('/')}/{METADATA}",
        headers={"Accept": "application/fhir+json"},
        family=spec.family,
        tls=spec.tls,
        username=spec.username,
        password_file=spec.password_file,
        token_file=spec.token_file,
        allowed_hosts=spec.allowed_hosts,
        max_redirects=spec.max_redirects,
        expect_json=expected,
        max_body_bytes=spec.max_body_bytes,
        degraded_after_ms=spec.degraded_after_ms,
        version=Version(json="/software/version"),
        expect_version=spec.expect_version,
        timeouts=spec.timeouts,
    )


_VERSION: Final = re.compile(r"\d+(\.\d+){0,2}(-[A-Za-z0-9.-]+)?", re.ASCII)
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}", re.ASCII)
