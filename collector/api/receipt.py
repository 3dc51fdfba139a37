"""The page on which the recipient of a letter acknowledges it.

Looking at the page acknowledges nothing: mail servers follow links to inspect them. Only the button
does. A link that proves nothing is answered like one that leads nowhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from collector.courier.receipt import proves
from collector.register.agreements import zone_of
from collector.register.planning import locate
from collector.register.sealing import Sealer
from collector.register.telling import acknowledge
from collector.report.days import moment_text
from collector.report.durations import Language
from collector.store.letters import Letter, letter_named
from collector.store.pool import Pool, connected
from probes.model.keys import SigningKey

_LONGEST_PROOF: Final = 64
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class ReceiptHandler:
    """Shows a letter's page, and takes its acknowledgement."""

    def __init__(self, pool: Pool, key: SigningKey, now_us: Callable[[], int]) -> None:
        self._pool = pool
        self._sealer = Sealer(key, now_us)

    async def get(self, request: web.Request) -> web.Response:
        """Show the button, or when it was pressed."""
        letter = await self._proven(request)
        return _unknown() if letter is None else await self._page(letter)

    async def post(self, request: web.Request) -> web.Response:
        """Take the acknowledgement; the first one stands."""
        letter = await self._proven(request)
        if letter is None:
            return _unknown()
        author = f"contact:{letter.contact}"
        return await self._page(
            await acknowledge(self._pool, self._sealer, letter.tenant, letter.letter, author)
        )

    async def _proven(self, request: web.Request) -> Letter | None:
        """Return the letter whose link this is; None, whatever is wrong with the link."""
        tenant, name = request.match_info["hospital"], request.match_info["letter"]
        proof = request.query.get("preuve", "")[:_LONGEST_PROOF]
        if not proves(self._sealer.key, tenant, name, proof):
            return None
        async with connected(self._pool) as connection:
            return await letter_named(connection, tenant, name)

    async def _page(self, letter: Letter) -> web.Response:
        language = Language(letter.language or Language.FRENCH)
        words, said = _WORDS[language], ""
        if letter.acknowledged_at is not None:
            async with connected(self._pool) as connection:
                where = await locate(connection, letter.about, letter.tenant)
                zone = await zone_of(connection, where.hospital, where.service)
            said = words.given.format(when=moment_text(letter.acknowledged_at, zone, language))
        text = _template("receipt").render(letter=letter, words=words, said=said)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def _unknown() -> web.Response:
    """Answer a person, who has a browser before them and a link that a mail program cut."""
    text = _template("no_receipt").render()
    return web.Response(status=404, text=text, content_type="text/html", headers=_HEADERS)


@dataclass(frozen=True, slots=True)
class _Words:
    language: Language
    title: str
    question: str
    button: str
    given: str


_WORDS: Final = {
    Language.FRENCH: _Words(
        language=Language.FRENCH,
        title="Accusé de réception",
        question="Vous avez reçu ce préavis ? Votre réponse est inscrite au registre.",
        button="Accuser réception",
        given="Réception accusée le {when}. Merci.",
    ),
    Language.ENGLISH: _Words(
        language=Language.ENGLISH,
        title="Acknowledgement",
        question="Have you received this notice? Your answer is entered in the register.",
        button="Acknowledge",
        given="Acknowledged on {when}. Thank you.",
    ),
}


@cache
def _template(name: str) -> Template:
    folder = Path(__file__).with_name("templates")
    loader = FileSystemLoader(folder)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return environment.get_template(f"{name}.html")
