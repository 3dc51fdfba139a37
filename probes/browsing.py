"""The program that drives Chromium through one check, apart from the agent: it runs and ends.

It reads an `Errand` and prints an `Account`, both JSON. Nothing that a page shows leaves it but a
version that the check asks for: no text, no picture, no error of the driver, which may quote both.
"""

import asyncio
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from playwright.async_api import (
    Browser,
    Error,
    Frame,
    Locator,
    Page,
    Request,
    Response,
    async_playwright,
)
from playwright.async_api import TimeoutError as TooLate

from probes.attempt import ProbeError, unreadable
from probes.certificate import last_to_begin
from probes.chromium import cannot_start, code_in, is_bad_selector, meaning_of
from probes.errand import Account, Errand
from probes.maintenance import sign_of_maintenance
from probes.model.browser_target import BrowserSpec, Step, Typing
from probes.model.failure import Failure, Operation
from probes.model.http_target import parse_url
from probes.model.target import Pattern, Regex
from probes.pattern import found, quoted, version_in
from probes.seen import Certainty, Seen

_Seen = TypeVar("_Seen")


async def browse(errand: Errand) -> Account:
    """Run an errand."""
    visit: _Visit | None = None
    try:
        async with asyncio.timeout(errand.within_ms / 1_000):
            async with _browser(errand.executable) as browser:
                visit = await _Visit.begin(browser, errand.spec)
                return await visit.account()
    except ProbeError as error:
        return Account(error.failure, error.operation or Operation.RUN, error.detail)
    except TimeoutError:
        if visit is None:
            detail = f"Chromium had not started after {errand.within_ms} ms"
            return Account(Failure.STALL, Operation.RUN, detail)
        detail = f"{visit.place}: not over within the {errand.within_ms} ms of the whole probe"
        return Account(Failure.TIMEOUT, visit.operation, detail)


@asynccontextmanager
async def _browser(executable: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        try:
            browser = await driver.chromium.launch(
                executable_path=executable,
                # Its sandbox refuses to be root's.
                chromium_sandbox=os.geteuid() != 0,
                args=[*_OPTIONS],
            )
        except Error as error:
            failure, why = cannot_start(error.message)
            raise ProbeError(failure, f"cannot start {executable}: {why}", Operation.RUN) from None
        try:
            yield browser
        finally:
            with suppress(Error):
                await browser.close()


class _Visit:
    """A user's way through the pages of a check, in a profile that nobody used before."""

    def __init__(self, page: Page, spec: BrowserSpec) -> None:
        self._page = page
        self._spec = spec
        self._began = time.monotonic()
        self._net_error = ""
        self._url = ""
        self._status = 0
        self._crashed = False
        self.place = "opening the page"
        self.operation = Operation.TRANSFER
        page.on("requestfailed", self._on_failed)
        page.on("response", self._on_response)
        page.on("crash", self._on_crash)

    @classmethod
    async def begin(cls, browser: Browser, spec: BrowserSpec) -> "_Visit":
        """Open an empty page; what it keeps is in memory, and is gone with it."""
        try:
            context = await browser.new_context(accept_downloads=False, locale=spec.locale)
            return cls(await context.new_page(), spec)
        except Error:
            detail = "Chromium ended, or its page crashed, as it was made"
            raise ProbeError(Failure.INTERNAL_ERROR, detail) from None

    async def account(self) -> Account:
        """Go all the way, and tell what was found."""
        try:
            await self._go()
        except ProbeError as error:
            return await self._failed(error)
        took_ms = int((time.monotonic() - self._began) * 1_000)
        sign = await self._maintenance({Certainty.CERTAIN})
        if sign:
            return Account(Failure.MAINTENANCE_PAGE, Operation.ASSERT, sign)
        text = await self._text()
        worse = [marker for marker in self._spec.degraded_markers if found(marker, text)]
        degraded = f"degraded marker {quoted(worse[0])}" if worse else ""
        version = version_in(text, self._spec.version)
        return Account(degraded=degraded, version=version, took_ms=took_ms)

    async def _go(self) -> None:
        await self._do(Step(open=self._spec.url))
        for number, step in enumerate(self._spec.steps, start=1):
            self.place = f"step {number} ({step.does})"
            await self._do(step)
        self.place = "at the end"
        self.operation = Operation.ASSERT
        for marker in self._spec.expect_markers:
            await self._expect(marker)

    async def _do(self, step: Step) -> None:
        self.operation = Operation.ASSERT if step.open is None else Operation.TRANSFER
        match step:
            case Step(open=str(url)):
                await self._open(url)
            case Step(type=Typing() as typing):
                text = _text_to_type(typing)
                element = await self._element(typing.into)
                await self._act(lambda limit: element.press_sequentially(text, timeout=limit))
            case Step(press=str(key)):
                await self._act(lambda _: self._page.keyboard.press(key))
            case Step(click=str(selector)):
                element = await self._element(selector)
                await self._act(lambda limit: element.click(timeout=limit))
            case Step(wait_for=str(selector)):
                await self._element(selector)
            case Step(expect=str() | Regex() as expected):
                await self._expect(expected)
            case _:  # a step does one of these
                raise AssertionError(step)

    async def _open(self, url: str) -> None:
        await self._act(lambda limit: self._page.goto(url, timeout=limit, wait_until="load"))
        if self._status >= _LEAST_ERROR:
            raise ProbeError(Failure.UNEXPECTED_STATUS, f"status {self._status}", Operation.ASSERT)

    async def _act(self, act: Callable[[float], Awaitable[object]]) -> None:
        """Have the driver do something; its errors become ours, without its words."""
        self._net_error = ""
        try:
            await act(self._spec.step_timeout_ms)
        except TooLate:
            if self._net_error:
                raise self._meant(f"net::{self._net_error}") from None
            detail = f"not over within {self._spec.step_timeout_ms} ms"
            raise ProbeError(Failure.TIMEOUT, detail, self.operation) from None
        except Error as error:
            if code_in(error.message) in _MAY_BE_A_CRASH and not await self._answers():
                self._crashed = True
            raise self._meant(error.message) from None

    async def _answers(self) -> bool:
        """Return whether there is still a page: a navigation may end before its crash is told."""
        try:
            async with asyncio.timeout(_TO_ASK_S):
                await self._page.evaluate("0")
        except Error:
            return False
        except TimeoutError:  # it is slow, and there
            return True
        return not self._crashed

    async def _element(self, selector: str) -> Locator:
        """Return the first element of a selector, in any frame, once it is shown."""

        async def shown(frame: Frame) -> Locator | None:
            first = frame.locator(selector).first
            return first if await first.is_visible() else None

        element = await self._until_in_a_frame(shown)
        if element is None:
            raise self._lacking(f"no element {quoted(selector)} was shown")
        return element

    async def _expect(self, expected: Pattern) -> None:
        async def shown(frame: Frame) -> bool | None:
            return found(expected, await _text_of(frame)) or None

        if not await self._until_in_a_frame(shown):
            raise self._lacking(f"no text {quoted(expected)} was shown")

    async def _until_in_a_frame(
        self, look: Callable[[Frame], Awaitable[_Seen | None]]
    ) -> _Seen | None:
        """Look into every frame again and again, for the time of a step."""
        until = time.monotonic() + self._spec.step_timeout_ms / 1_000
        while True:
            for frame in self._page.frames:
                try:
                    # A frame that waits for another page answers only when that has come.
                    async with asyncio.timeout(max(0, until - time.monotonic())):
                        seen = await look(frame)
                except TimeoutError:
                    continue
                except Error as error:
                    # A frame that is just leaving for another page cannot be asked.
                    if self._crashed or is_bad_selector(error.message) or self._page.is_closed():
                        raise self._meant(error.message) from None
                    continue
                if seen is not None:
                    return seen
            if time.monotonic() > until:
                return None
            await asyncio.sleep(_LOOK_EVERY_S)

    def _lacking(self, what: str) -> ProbeError:
        """Return why something is not shown: an error on the way explains it better."""
        if self._net_error:
            return self._meant(f"net::{self._net_error}")
        if self._status >= _LEAST_ERROR:
            detail = f"status {self._status}, and {what}"
            return ProbeError(Failure.UNEXPECTED_STATUS, detail, Operation.ASSERT)
        return ProbeError(Failure.MARKER_MISSING, what, Operation.ASSERT)

    def _meant(self, message: str) -> ProbeError:
        code = code_in(message)
        if code and not (self._crashed and code in _MAY_BE_A_CRASH):
            meaning = meaning_of(code)
            return ProbeError(meaning.failure, f"Chromium says {code}", meaning.operation)
        if self._crashed or "crash" in message:
            return ProbeError(Failure.INTERNAL_ERROR, "the page crashed in Chromium", Operation.RUN)
        if is_bad_selector(message):
            detail = "Chromium does not understand the selector or the key"
            return ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.RUN)
        return ProbeError(Failure.INTERNAL_ERROR, "Chromium ended, or its driver failed")

    async def _failed(self, error: ProbeError) -> Account:
        detail = f"{self.place}: {error.detail}"
        if error.failure is Failure.CERTIFICATE_EXPIRED and await _is_of_the_future(self._url):
            return Account(Failure.CERTIFICATE_NOT_YET_VALID, Operation.TLS, detail)
        if error.failure in _MAY_BE_MAINTENANCE:
            enough = {Certainty.CERTAIN, Certainty.LIKELY}
            if error.failure is not Failure.UNEXPECTED_STATUS:
                enough.add(Certainty.POSSIBLE)
            sign = await self._maintenance(enough)
            if sign:
                detail = f"{self.place}: {sign}"
                return Account(Failure.MAINTENANCE_PAGE, Operation.ASSERT, detail)
        return Account(error.failure, error.operation or Operation.RUN, detail)

    async def _maintenance(self, enough: set[Certainty]) -> str:
        """Return why a page that is shown is one of maintenance; nothing when none is."""
        text = await self._text()
        for pattern in self._spec.maintenance_patterns:
            if found(pattern, text):
                return f"maintenance pattern {quoted(pattern)}"
        if not self._spec.builtin_maintenance_patterns:
            return ""
        for page in await self._each_frame(lambda frame: frame.content()):
            sign = sign_of_maintenance(Seen(page))
            if sign is not None and sign.certainty in enough:
                return f"built-in maintenance pattern '{sign.name}'"
        return ""

    async def _text(self) -> str:
        return "\n".join(await self._each_frame(_text_of))

    async def _each_frame(self, ask: Callable[[Frame], Awaitable[str]]) -> list[str]:
        answers = []
        for frame in self._page.frames:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(_TO_ASK_S):
                    answers.append((await ask(frame))[:_LONGEST_TEXT])
        return answers

    def _on_failed(self, request: Request) -> None:
        # What the next page took the place of is aborted, and no failure.
        code = code_in(request.failure or "")
        if self._is_the_page(request) and code != "ERR_ABORTED":
            self._net_error, self._url = code, request.url

    def _on_response(self, response: Response) -> None:
        if self._is_the_page(response.request):
            self._status = response.status
            self._net_error = ""

    def _on_crash(self, _: Page) -> None:
        self._crashed = True

    def _is_the_page(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._page.main_frame


async def _is_of_the_future(url: str) -> bool:
    """Return whether the certificate of a server is not valid yet: to Chromium it is as expired."""
    try:
        target = parse_url(url).target
        place = (target.host, target.port)
        pem = await asyncio.to_thread(ssl.get_server_certificate, place, timeout=_TO_ASK_S)
    except (OSError, ValueError):
        return False
    validity = last_to_begin([ssl.PEM_cert_to_DER_cert(pem)])
    return validity is not None and validity.since > datetime.now(UTC)


async def _text_of(frame: Frame) -> str:
    """Return the text of a frame as it is seen."""
    return str(await frame.evaluate("document.body ? document.body.innerText : ''"))


def _text_to_type(typing: Typing) -> str:
    if not typing.text_file:
        return typing.text
    try:
        with open(typing.text_file, encoding="utf-8") as file:  # noqa: PTH123 - as it is configured
            return file.read().removesuffix("\n")
    except OSError as error:
        raise unreadable(typing.text_file, error) from None
    except UnicodeDecodeError:
        detail = f"{typing.text_file} is not UTF-8"
        raise ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE) from None


_OPTIONS: Final = ("--no-proxy-server",)
_TO_ASK_S: Final = 1.0
_LEAST_ERROR: Final = 400
_LOOK_EVERY_S: Final = 0.05
_LONGEST_TEXT: Final = 1_048_576
# What Chromium says of a page that it lost, and of one that the server did not give.
_MAY_BE_A_CRASH: Final = frozenset({"ERR_ABORTED", "ERR_FAILED"})
_MAY_BE_MAINTENANCE: Final = frozenset(
    {Failure.UNEXPECTED_STATUS, Failure.MARKER_MISSING, Failure.TIMEOUT}
)


def main() -> None:
    """Read an errand and print the account."""
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(browse(errand))))


if __name__ == "__main__":
    main()
