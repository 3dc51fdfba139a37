"""Whether a page is what a check expects: what it lacks, what it says, which version it shows.

The first of these that applies is the failure: a maintenance page (whatever its status, and even
when all that was expected is there), an unexpected status, an answer that a cache kept, an error
page (even when all that was expected is there), an unexpected size, header, marker, JSON value,
version. A page without a failure is degraded when a degraded marker is on it or the probe took too
long.

Markers are looked for in the text of the page, and again with its character references resolved
(`r&eacute;ussie`). What is reported names the expectation, never what the page had in its place.
"""

import html
import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from probes.attempt import slowness
from probes.cached import sign_of_cache
from probes.error_page import sign_of_error
from probes.maintenance import sign_of_maintenance
from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec, status_ranges
from probes.model.measurement import Observation, Outcome, Phases
from probes.model.target import Pattern
from probes.page import Page
from probes.pattern import first_group, found, quoted, searched
from probes.portal import sign_of_portal
from probes.seen import Certainty, Seen
from probes.version import shown_version


def judge(spec: HttpSpec, page: Page, phases: Phases, elapsed_us: int) -> Observation:
    """Return what a page says of its service, to one who expects what `spec` does."""
    portal = "" if page.proven else sign_of_portal(page)
    if portal:
        detail = f"{_summary(page)}: {portal}"
        return Observation.failed(Failure.VANTAGE_OFFLINE, Operation.ASSERT, detail, phases=phases)
    reading = _Reading(page)
    version = _version(spec, reading)
    flaw = _flaw(spec, reading, version)
    if flaw is not None:
        # A page of somebody else's shows no version of the service.
        shown = None if flaw.failure is Failure.MAINTENANCE_PAGE else version
        detail = f"{_summary(page)}: {flaw.reason}"
        return Observation.failed(
            flaw.failure, Operation.ASSERT, detail, version=shown, phases=phases
        )
    reason = _degraded(spec, reading, elapsed_us)
    if reason:
        detail = f"{_summary(page)}: {reason}"
        return Observation(Outcome.DEGRADED, detail=detail, version=version, phases=phases)
    return Observation(Outcome.UP, detail=_summary(page), version=version, phases=phases)


class _Flaw(NamedTuple):
    """The first thing a page lacks, in the words of the check."""

    failure: Failure
    reason: str


class _Reading:
    """A page, read only as far as somebody asks."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @cached_property
    def text(self) -> str:
        return self.page.text()

    @cached_property
    def seen(self) -> Seen:
        return Seen(self.text)

    @cached_property
    def resolved(self) -> str:
        return html.unescape(self.text)

    @cached_property
    def json(self) -> object:
        """The value of the body; `_NOTHING` when it is not JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return _NOTHING

    def has(self, pattern: Pattern) -> bool:
        return found(pattern, self.text) or ("&" in self.text and found(pattern, self.resolved))

    def value(self, pointer: str) -> object:
        """Return the value a JSON Pointer leads to (RFC 6901, section 4), or `_NOTHING`."""
        value = self.json
        for token in pointer.split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(key, _NOTHING)
            elif isinstance(value, list) and _INDEX.fullmatch(key) and int(key) < len(value):
                value = value[int(key)]
            else:
                return _NOTHING
        return value


def _flaw(spec: HttpSpec, reading: _Reading, version: str | None) -> _Flaw | None:
    """Return what is wrong with a page first of all, if anything is."""
    page = reading.page
    lacking = next(_lacking(spec, reading, version), None)
    if any(page.status in expected for expected in status_ranges(spec.expect_status)):
        status = None
    else:
        wanted = ", ".join(map(str, spec.expect_status))
        status = _Flaw(Failure.UNEXPECTED_STATUS, f"expected {wanted}")
    excuse = _maintenance(spec, reading, status or lacking)
    if excuse:
        return _Flaw(Failure.MAINTENANCE_PAGE, excuse)
    if status:
        return status
    kept = sign_of_cache(page, spec.max_age_s)
    if kept:
        return _Flaw(Failure.STALE_ANSWER, kept)
    error = _error(spec, reading, lacking)
    return _Flaw(Failure.ERROR_PAGE, error) if error else lacking


def _lacking(spec: HttpSpec, reading: _Reading, version: str | None) -> Iterator[_Flaw]:
    page = reading.page
    if spec.min_bytes is not None and len(page.body) < spec.min_bytes:
        yield _Flaw(Failure.UNEXPECTED_SIZE, f"expected at least {spec.min_bytes} bytes")
    if spec.max_bytes is not None and len(page.body) > spec.max_bytes:
        yield _Flaw(Failure.UNEXPECTED_SIZE, f"expected at most {spec.max_bytes} bytes")
    for name, pattern in spec.expect_headers.items():
        value = page.header(name)
        if value is None:
            yield _Flaw(Failure.UNEXPECTED_HEADER, f"no header {name}")
        elif not found(pattern, value):
            yield _Flaw(Failure.UNEXPECTED_HEADER, f"header {name} lacks {quoted(pattern)}")
    for marker in spec.expect_markers:
        if not reading.has(marker):
            yield _Flaw(Failure.MARKER_MISSING, f"no marker {quoted(marker)}")
    yield from _wrong_values(spec, reading)
    if spec.expect_version is not None and version is None:
        yield _Flaw(Failure.UNEXPECTED_VERSION, "no version is shown")
    elif spec.expect_version is not None and not found(spec.expect_version, version or ""):
        yield _Flaw(Failure.UNEXPECTED_VERSION, f"expected {quoted(spec.expect_version)}")


def _wrong_values(spec: HttpSpec, reading: _Reading) -> Iterator[_Flaw]:
    for pointer, expected in spec.expect_json.items():
        value = reading.value(pointer)
        if reading.json is _NOTHING:
            yield _Flaw(Failure.UNEXPECTED_VALUE, "the body is not JSON")
        elif value is _NOTHING:
            yield _Flaw(Failure.UNEXPECTED_VALUE, f"{pointer} is missing")
        # In Python true equals 1, in JSON it does not.
        elif value != expected or isinstance(value, bool) != isinstance(expected, bool):
            yield _Flaw(Failure.UNEXPECTED_VALUE, f"{pointer} is not {quoted(str(expected))}")


def _maintenance(spec: HttpSpec, reading: _Reading, flaw: _Flaw | None) -> str:
    """Return why this is a maintenance page; nothing when it is none."""
    for pattern in spec.maintenance_patterns:
        if reading.has(pattern):
            return f"maintenance pattern {quoted(pattern)}"
    if not spec.builtin_maintenance_patterns:
        return ""
    sign = sign_of_maintenance(reading.seen, reading.page.header("refresh") or "")
    if sign is None:
        return ""
    enough = {Certainty.CERTAIN}
    if flaw is not None:
        enough.add(Certainty.LIKELY)
        if flaw.failure is not Failure.UNEXPECTED_STATUS:
            enough.add(Certainty.POSSIBLE)
    return f"built-in maintenance pattern '{sign.name}'" if sign.certainty in enough else ""


def _error(spec: HttpSpec, reading: _Reading, flaw: _Flaw | None) -> str:
    """Return why this is an error page; nothing when it is none."""
    for pattern in spec.error_patterns:
        if reading.has(pattern):
            return f"error pattern {quoted(pattern)}"
    if not spec.builtin_error_patterns:
        return ""
    # A value of JSON that says what is expected outweighs what another one tells of the past.
    if flaw is None and spec.expect_json:
        return ""
    sign = sign_of_error(reading.seen)
    if sign is None or (flaw is None and sign.certainty is not Certainty.CERTAIN):
        return ""
    return f"built-in error pattern '{sign.name}'"


def _degraded(spec: HttpSpec, reading: _Reading, elapsed_us: int) -> str:
    for marker in spec.degraded_markers:
        if reading.has(marker):
            return f"degraded marker {quoted(marker)}"
    return slowness(elapsed_us, spec.degraded_after_ms)


def _version(spec: HttpSpec, reading: _Reading) -> str | None:
    place = spec.version
    if place is None:
        return None
    value: object
    if place.regex is not None:
        match = searched(place.regex, reading.text)
        value = match and first_group(match)
    elif place.json is not None:
        value = reading.value(place.json)
    else:
        value = reading.page.header(place.header or "")
    return shown_version(value)


def _summary(page: Page) -> str:
    return f"status {page.status}, {len(page.body)} bytes from {_source(page)}"


def _source(page: Page) -> str:
    return f"{page.host} at {page.peer}" if page.redirects else page.peer


_NOTHING: Final = object()
_INDEX: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)  # RFC 6901, section 4
