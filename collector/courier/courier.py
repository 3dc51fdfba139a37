"""The courier: sees what nobody was told of yet, orders its letters, and brings them out.

Ordering is an entry of the log, so is every attempt and what the other side said to it. A letter
that was taken just before the collector died is sent again: to the recipient it is the same
message, by its Message-ID, or the same event, by its id. Only one courier works on a database.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from collector.courier.call import call
from collector.courier.compose import event_of, mail_of, wording_of
from collector.courier.mail import hand_over
from collector.courier.outcome import Delivery, next_attempt_us
from collector.courier.receipt import acknowledge_url
from collector.letters.mail import Envelope
from collector.register.names import persons_of
from collector.register.sealing import Sealer
from collector.register.telling import MAIL, WEBHOOK, Attempt, note_attempt, order_letters
from collector.report.durations import Language
from collector.settings import Post, Webhook
from collector.store.commit import COLLECTOR
from collector.store.letters import Letter, LetterState, letters_due
from collector.store.pool import DatabaseUnavailableError, Pool, connected

_EVERY_S: Final = 1.0
_STANDBY_S: Final = 30.0
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('constat courier'))"
_UNLOCK: Final = "SELECT pg_advisory_unlock(hashtext('constat courier'))"

_LOG: Final = logging.getLogger(__name__)


class Courier:
    """Brings out the letters of every hospital in a database."""

    def __init__(self, pool: Pool, sealer: Sealer, post: Post) -> None:
        self._pool = pool
        self._sealer = sealer
        self._post = post
        self._webhooks = {webhook.name: webhook for webhook in post.webhooks}

    async def run(self) -> None:
        """Work until told to stop, through any absence of the database."""
        while True:
            with suppress(DatabaseUnavailableError):
                async with self._alone() as alone:
                    while alone:
                        await self.round()
                        await asyncio.sleep(_EVERY_S)
            await asyncio.sleep(_STANDBY_S)

    async def round(self) -> int:
        """Order what is to be ordered and attempt what is due; return how many attempts."""
        await order_letters(self._pool, self._sealer, sorted(self._webhooks), COLLECTOR)
        channels = [WEBHOOK, *([MAIL] if self._post.mail else [])]
        async with connected(self._pool) as connection:
            due = await letters_due(connection, channels, self._sealer.now_us())
        for letter in due:
            await self._attempt(letter)
        return len(due)

    async def _attempt(self, letter: Letter) -> None:
        attempt = self._after(letter, *await self._deliver(letter))
        if attempt.state is not LetterState.SENT:
            _LOG.warning("letter %s of %s: %s", letter.letter, letter.tenant, attempt.answer)
        await note_attempt(self._pool, self._sealer, letter, attempt, COLLECTOR)

    def _after(self, letter: Letter, server: str, delivery: Delivery) -> Attempt:
        """Return what an attempt leaves: a letter not taken is queued again, or given up."""
        if delivery.state is not LetterState.QUEUED:
            return Attempt(delivery.state, server, delivery.answer)
        now_us = self._sealer.now_us()
        next_us = next_attempt_us(letter.attempts + 1, letter.ordered_at, now_us)
        if next_us is None:
            return Attempt(LetterState.REFUSED, server, f"given up: {delivery.answer}")
        return Attempt(LetterState.QUEUED, server, delivery.answer, next_us)

    async def _deliver(self, letter: Letter) -> tuple[str, Delivery]:
        """Attempt to deliver a letter; return to which server, and what came of it."""
        if letter.channel == MAIL:
            return await self._mail(letter)
        webhook = self._webhooks.get(letter.contact)
        if webhook is None:
            return "", Delivery(LetterState.REFUSED, "this program is no longer told")
        return webhook.url, await self._call(letter, webhook)

    async def _call(self, letter: Letter, webhook: Webhook) -> Delivery:
        async with connected(self._pool) as connection:
            event_type, data = event_of(await wording_of(connection, letter, Language.FRENCH))
        event_id = f"{letter.tenant}/{letter.letter}"
        return await call(webhook, event_id, event_type, self._sealer.now_us(), data)

    async def _mail(self, letter: Letter) -> tuple[str, Delivery]:
        server = self._post.mail
        assert server is not None  # noqa: S101 - no letter of this channel is due without one
        place = f"{server.host}:{server.port}"
        link = acknowledge_url(self._post.public_url, self._sealer.key, letter)
        async with connected(self._pool) as connection:
            person = (await persons_of(connection, letter.tenant_id)).get(letter.person)
            if person is None:
                return place, Delivery(LetterState.REFUSED, "the recipient's name was erased")
            wording = await wording_of(connection, letter, Language(letter.language), link)
        envelope = Envelope(
            sender=server.sender,
            recipient=person.email,
            recipient_name=person.name,
            message_id=message_id(letter, server.sender),
            at_us=self._sealer.now_us(),
        )
        return place, await hand_over(server, mail_of(wording, envelope), person.email)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[bool]:
        """Yield whether this courier is the only one; it stays so while the context lasts."""
        async with connected(self._pool) as connection:
            alone: bool = await connection.fetchval(_LOCK)
            try:
                yield alone
            finally:
                if alone:
                    await connection.execute(_UNLOCK)


def message_id(letter: Letter, sender: str) -> str:
    """Return the Message-ID of a letter: the same at every attempt (RFC 5322, section 3.6.4)."""
    return f"<{letter.letter}/{letter.tenant}@{sender.rpartition('@')[2]}>"
