"""The browser probe: a user's way through pages that only live in JavaScript, in Chromium.

The browser is the system's, driven by playwright in a process of its own that is killed, with every
browser it started, when its time is over. Each probe has a profile that nobody used before.
Chromium dials, resolves and verifies by itself: what it found wrong is told by its own code.
"""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from probes import command
from probes.aside import aside
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.command import BARE, Command, Ended
from probes.errand import Account, Errand
from probes.kind import Kind, package
from probes.model.browser_target import BrowserSpec
from probes.model.failure import Failure, Operation
from probes.model.instant import MILLISECOND
from probes.model.measurement import Observation, Outcome
from probes.model.target import Timeouts

PRODUCES: Final = command.PRODUCES - {Failure.SCRIPT_UNKNOWN} | {
    Failure.NAME_NOT_FOUND,
    Failure.RESOLUTION_FAILED,
    Failure.CONNECTION_REFUSED,
    Failure.CONNECTION_RESET,
    Failure.CONNECTION_CLOSED,
    Failure.HOST_UNREACHABLE,
    Failure.NETWORK_UNREACHABLE,
    Failure.TIMEOUT,
    Failure.TLS_FAILED,
    Failure.CERTIFICATE_EXPIRED,
    Failure.CERTIFICATE_NOT_YET_VALID,
    Failure.CERTIFICATE_UNTRUSTED,
    Failure.CERTIFICATE_NAME_MISMATCH,
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.UNEXPECTED_STATUS,
    Failure.MARKER_MISSING,
    Failure.MAINTENANCE_PAGE,
    Failure.REDIRECT_REFUSED,
    Failure.TOO_MANY_REDIRECTS,
    Failure.STALL,
    Failure.INTERNAL_ERROR,
}


async def probe(spec: BrowserSpec, deadline: int, clock: Clock) -> Observation:
    """Go through the pages once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(Timeouts(), deadline, clock)
    try:
        async with attempt:
            attempt.begin(Operation.RUN)
            async with _scratch() as folder:
                account = await _account(spec, attempt, folder)
    except ProbeError as error:
        return attempt.failed(_of_instrument(error))
    return _judged(spec, account)


async def _account(spec: BrowserSpec, attempt: Attempt, folder: Path) -> Account:
    within_ms = attempt.left_us() // MILLISECOND - _TO_CLOSE_MS
    errand = Errand(spec, _executable(spec), max(1, within_ms))
    words = (sys.executable, "-I", "-m", "probes.browsing")
    home = {**BARE, "HOME": str(folder), "TMPDIR": str(folder)}
    program = Command(words, home, given=msgspec.json.encode(errand))
    return _read(await command.run(program, attempt, _MOST_BYTES))


def _executable(spec: BrowserSpec) -> str:
    if spec.executable:
        return spec.executable
    found = filter(None, (shutil.which(name, path=BARE["PATH"]) for name in _BROWSERS))
    executable = next(found, "")
    if not executable:
        detail = "there is no Chromium: install it, or say by executable where it is"
        raise ProbeError(Failure.BAD_CONFIGURATION, detail)
    return executable


@asynccontextmanager
async def _scratch() -> AsyncIterator[Path]:
    """Give a folder to be at home in, which is removed; authorities of our account are trusted."""
    folder = Path(tempfile.mkdtemp(prefix="constat-browser-"))
    try:
        authorities = Path.home() / ".pki"  # what certutil(1) fills for Chromium
        if authorities.is_dir():
            (folder / ".pki").symlink_to(authorities)
        yield folder
    finally:
        await asyncio.wait([aside(lambda: shutil.rmtree(folder, ignore_errors=True), "clean up")])


def _read(ended: Ended) -> Account:
    if ended.code == -signal.SIGKILL:
        detail = "the browser was killed: the system has no memory left for it"
        raise ProbeError(Failure.OUT_OF_RESOURCES, detail)
    try:
        return msgspec.json.decode(ended.output, type=Account)
    except msgspec.DecodeError:
        detail = f"the program that drives Chromium gave no account: {ended.how}"
        raise ProbeError(Failure.INTERNAL_ERROR, detail) from None


def _judged(spec: BrowserSpec, account: Account) -> Observation:
    if account.failure is not None:
        operation = account.operation or Operation.RUN
        return Observation.failed(account.failure, operation, account.detail)
    steps = f"{len(spec.steps) + 1} steps in {account.took_ms} ms"
    reason = account.degraded or slowness(account.took_ms * MILLISECOND, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if reason else Outcome.UP
    detail = f"{steps}: {reason}" if reason else steps
    return Observation(outcome, detail=detail, version=account.version)


def _of_instrument(error: ProbeError) -> ProbeError:
    """Return an error as it is; a program of ours that does not end or stop is our own fault."""
    if error.failure in (Failure.TIMEOUT, Failure.SCRIPT_UNKNOWN):
        detail = f"Chromium or its driver did not end: {error.detail}"
        return ProbeError(Failure.INTERNAL_ERROR, detail, Operation.RUN)
    return error


_BROWSERS: Final = (
    *("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
    "microsoft-edge-stable",
)
# Of the time of a probe, what it takes to start Python and to close a browser.
_TO_CLOSE_MS: Final = 800
_MOST_BYTES: Final = 65_536

KIND: Final = Kind(
    "browser",
    BrowserSpec,
    probe,
    PRODUCES,
    example="https://dpi.example/login --marker Identifiant",
    lacking=package("playwright", "browser"),
)
