"""What an http check asks for, and what it must be answered.

See `probes.model.target` for what every spec promises.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from probes.model.target import (
    Family,
    Pattern,
    Regex,
    Target,
    Timeouts,
    Tls,
    ascii_host,
    require_host,
    require_pattern,
    require_patterns,
    require_pointer,
    require_positive,
    require_threshold,
    require_token,
)


class Method(StrEnum):
    """The HTTP methods a probe may use."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class Version:
    """Where a response shows the version of the software: exactly one of three places.

    `regex` is searched in the body (its first group if it has one), `json` is a JSON Pointer
    (RFC 6901) as in `/software/version`, `header` the name of a response header.
    """

    regex: str | None = None
    json: str | None = None
    header: str | None = None

    def __post_init__(self) -> None:
        """Refuse none or several places, and places that cannot be looked up."""
        if sum(place is not None for place in (self.regex, self.json, self.header)) != 1:
            raise ValueError("version: give one of regex, json or header")
        if self.regex is not None:
            Regex(self.regex)
        if self.json is not None:
            require_pointer("json", self.json)
        if self.header is not None:
            require_token("header", self.header)


@dataclass(frozen=True, slots=True)
class HttpSpec:
    """Asks for a page and judges it: status **and** at least one of marker, JSON value or header.

    All that is expected must hold. `expect_status` lists codes and ranges (`200`, `"200-299"`);
    a redirect whose code is not listed is followed, to the URL's own host or to `allowed_hosts`.
    `expect_markers` are literals or regexes found in the page, `expect_json` maps JSON Pointers
    (RFC 6901) to values, `expect_headers` header names to a literal part or a regex of their value.
    `min_bytes` and `max_bytes` bound the size of the decoded body; at most `max_body_bytes` of it
    are read, a longer one is a failure. `expect_version` is searched in the version that `version`
    finds. `maintenance_patterns` and `error_patterns` are added to the built-in ones, which
    `builtin_maintenance_patterns: false` and `builtin_error_patterns: false` take away: what a
    page must say to be no page of the service, whatever else is on it. `max_age_s` is how long a
    cache may have kept the answer (`Age`). `degraded_markers` and `degraded_after_ms` (whole
    probe) make an otherwise good answer `degraded`.
    """

    url: str
    method: Method = Method.GET
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    family: Family = Family.ANY
    tls: Tls = field(default_factory=Tls)
    username: str = ""
    password_file: str = ""
    token_file: str = ""
    allowed_hosts: tuple[str, ...] = ()
    max_redirects: int = 5
    expect_status: tuple[int | str, ...] = (200,)
    expect_markers: tuple[Pattern, ...] = ()
    expect_json: Mapping[str, bool | int | str] = field(default_factory=dict)
    expect_headers: Mapping[str, Pattern] = field(default_factory=dict)
    min_bytes: int | None = None
    max_bytes: int | None = None
    max_body_bytes: int = 1_048_576
    maintenance_patterns: tuple[Pattern, ...] = ()
    builtin_maintenance_patterns: bool = True
    error_patterns: tuple[Pattern, ...] = ()
    builtin_error_patterns: bool = True
    max_age_s: int | None = None
    degraded_markers: tuple[Pattern, ...] = ()
    degraded_after_ms: int | None = None
    version: Version | None = None
    expect_version: Regex | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse a check that asserts too little, or what no request or response can hold."""
        parse_url(self.url, self.family)
        self._check_request()
        self._check_expectations()
        self._check_body()

    def __hash__(self) -> int:
        """Hash by what mostly tells specs apart: mappings have no hash of their own."""
        return hash((self.url, self.method, self.body, self.expect_markers))

    def _check_request(self) -> None:
        for name, value in self.headers.items():
            require_token("headers", name)
            if not value.isprintable() or not value.isascii() or value != value.strip():
                raise ValueError(f"headers: the value of {name} is not printable ASCII")
            if name.lower() in _OWN_HEADERS:
                raise ValueError(f"headers: {name} is set by the probe itself")
        if self.body and self.method is not Method.POST:
            raise ValueError(f"body: a {self.method} request has none")
        if bool(self.username) != bool(self.password_file):
            raise ValueError("username: goes with password_file, and the reverse")
        if self.username and self.token_file:
            raise ValueError("token_file: excludes username")
        if ":" in self.username:
            raise ValueError("username: cannot hold a colon")  # RFC 7617, section 2
        for host in self.allowed_hosts:
            require_host("allowed_hosts", host)
        if not 0 <= self.max_redirects <= _MOST_REDIRECTS:
            raise ValueError(f"max_redirects: {self.max_redirects} is not 0 to {_MOST_REDIRECTS}")

    def _check_expectations(self) -> None:
        if not self.expect_status:
            raise ValueError("expect_status: is empty; a status must be expected")
        status_ranges(self.expect_status)
        if not (self.expect_markers or self.expect_json or self.expect_headers):
            raise ValueError(
                "expect_markers: a status alone proves too little; expect at least one of"
                " expect_markers, expect_json or expect_headers"
            )
        for pointer in self.expect_json:
            require_pointer("expect_json", pointer)
        for name, pattern in self.expect_headers.items():
            require_token("expect_headers", name)
            require_pattern("expect_headers", pattern)
        require_patterns("expect_markers", self.expect_markers)
        require_patterns("maintenance_patterns", self.maintenance_patterns)
        require_patterns("error_patterns", self.error_patterns)
        require_patterns("degraded_markers", self.degraded_markers)
        require_threshold("degraded_after_ms", self.degraded_after_ms)
        if self.max_age_s is not None and self.max_age_s < 0:
            raise ValueError(f"max_age_s: {self.max_age_s} is negative")
        if self.expect_version is not None and self.version is None:
            raise ValueError("expect_version: needs version, which says where it is shown")

    def _check_body(self) -> None:
        require_positive("max_body_bytes", self.max_body_bytes)
        low, high = self.min_bytes or 0, self.max_bytes
        if low < 0:
            raise ValueError(f"min_bytes: {low} is negative")
        if high is not None and not low <= high <= self.max_body_bytes:
            raise ValueError(f"max_bytes: {high} is not between min_bytes and max_body_bytes")
        if low > self.max_body_bytes:
            raise ValueError(f"min_bytes: {low} is more than max_body_bytes")
        if self.method is Method.HEAD:
            in_body = (self.expect_markers, self.expect_json, self.min_bytes, self.max_bytes)
            if any(in_body) or self.degraded_markers:
                raise ValueError("method: the answer to HEAD has no body, expect only headers")


class Url(NamedTuple):
    """The parts of an http or https URL a request is made of."""

    target: Target
    tls: bool
    authority: str
    path: str


def parse_url(text: str, family: Family = Family.ANY) -> Url:
    """Return the parts of an absolute http or https URL; the fragment is dropped.

    `authority` is the value of the Host header (the port only when it is not the scheme's own) and
    `path` the request target with its query, percent-encoded (RFC 9112, section 3.2.1). Raises
    `ValueError` beginning with `url:`.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"url: {text!r} is not a URL: {error}") from None
    if parts.scheme not in _PORTS or not host:
        raise ValueError(f"url: {text!r} is not an http or https URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url: holds a user name or password; use username and password_file")
    default = _PORTS[parts.scheme]
    try:
        target = Target(ascii_host(host), default if port is None else port, family)
    except ValueError as error:
        raise ValueError(f"url: {text!r}: {error}") from None
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_PATH_SAFE)}" if parts.query else ""
    name = f"[{target.host}]" if ":" in target.host else target.host
    authority = name if target.port == default else f"{name}:{target.port}"
    return Url(target, parts.scheme == "https", authority, path + query)


def status_ranges(expected: Iterable[int | str]) -> tuple[range, ...]:
    """Return the status codes meant by `200` and `"200-299"`; `ValueError` names the field."""
    return tuple(_status_range(item) for item in expected)


def _status_range(item: int | str) -> range:
    match = _STATUS_RANGE.fullmatch(str(item))
    if match is None:
        raise ValueError(f"expect_status: {item!r} is not a status or a range such as '200-299'")
    first = int(match[1])
    last = int(match[2] or first)
    if last < first:
        raise ValueError(f"expect_status: {item!r} is empty")
    return range(first, last + 1)


_PORTS: Final = {"http": 80, "https": 443}
_PATH_SAFE: Final = "/:@!$&'()*+,;=~-._?%[]|"
_STATUS_RANGE: Final = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?", re.ASCII)
_OWN_HEADERS: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_MOST_REDIRECTS: Final = 20
