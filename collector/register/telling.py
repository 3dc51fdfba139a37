"""Who is told of a window or an alarm: the contacts of the hospital, and programs that asked.

Announcing a window is the notice, and it counts from its sealing (rules, section 8); letters carry
it to people. Which letters go out for a step is an entry of its own, sealed once, be it that there
is nobody to tell: a notice that reached nobody can be seen as such. The same for an outage that
nobody announced, for a vantage point that fell silent, and for the end of either.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError
from collector.letters.occasion import Occasion
from collector.record.catalogue import ItemKind, contact_of
from collector.record.steps import StepKind
from collector.register.sealing import Desk, Sealer, open_desk
from collector.store.alarms import OUTAGE_DETECTED, OUTAGE_ENDED, UntoldAlarm, alarms_untold
from collector.store.catalogue import items_in_force
from collector.store.letters import (
    LETTER_ACKNOWLEDGED,
    LETTER_ATTEMPTED,
    LETTERS_ORDERED,
    Letter,
    LetterState,
    UntoldStep,
    letter_named,
    steps_untold,
)
from collector.store.pool import Pool, connected, transaction
from collector.store.silence_alarms import SILENCE_DETECTED, SILENCE_ENDED
from collector.store.tenants import tenant_named
from collector.store.windows import steps_of

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"

OCCASIONS: Final = {
    StepKind.ANNOUNCED: Occasion.ANNOUNCED,
    StepKind.RESCHEDULED: Occasion.RESCHEDULED,
    StepKind.EXTENDED: Occasion.RESCHEDULED,
    StepKind.CANCELLED: Occasion.CANCELLED,
}

# What an alarm and its end are to their recipients, and the place of each among its letters.
ALARMS: Final = {
    OUTAGE_DETECTED: (Occasion.OUTAGE, 0),
    OUTAGE_ENDED: (Occasion.RETURN, 1),
    SILENCE_DETECTED: (Occasion.SILENCE, 0),
    SILENCE_ENDED: (Occasion.HEARD, 1),
}


class Attempt(NamedTuple):
    """What came of one attempt to deliver a letter: its new state, which server said what.

    `next_us` is when it is tried again, for a letter that stays queued.
    """

    state: LetterState
    server: str
    answer: str
    next_us: int | None = None


async def order_letters(pool: Pool, sealer: Sealer, programs: Sequence[str], author: str) -> int:
    """Settle who is told of what nobody was told of yet; return of how many steps and alarms.

    `programs` are the names of the webhooks that want to know.
    """
    async with connected(pool) as connection:
        steps = await steps_untold(connection, [kind.value for kind in OCCASIONS])
        alarms = await alarms_untold(connection)
    for step in steps:
        async with transaction(pool) as connection:
            desk = await open_desk(connection, step.tenant_id, step.tenant, sealer, author)
            await _order_for_step(desk, step, programs)
    for alarm in alarms:
        async with transaction(pool) as connection:
            desk = await open_desk(connection, alarm.tenant_id, alarm.tenant, sealer, author)
            await _order_for_alarm(desk, alarm, programs)
    return len(steps) + len(alarms)


async def note_attempt(
    pool: Pool, sealer: Sealer, letter: Letter, attempt: Attempt, author: str
) -> None:
    """Seal what came of an attempt to deliver a letter."""
    body: dict[str, Any] = {
        "about": letter.about,
        "letter": letter.letter,
        "attempt": letter.attempts + 1,
        "state": attempt.state.value,
        "server": attempt.server,
        "answer": attempt.answer,
    }
    if attempt.next_us is not None:
        body["next_us"] = attempt.next_us
    async with transaction(pool) as connection:
        desk = await open_desk(connection, letter.tenant_id, letter.tenant, sealer, author)
        await desk.seal(LETTER_ATTEMPTED, body)


async def acknowledge(
    pool: Pool, sealer: Sealer, hospital: str, letter: str, author: str
) -> Letter:
    """Seal that a letter was received; again changes nothing. Return it as it stands then."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
        desk = await open_desk(connection, tenant_id, hospital, sealer, author)
        found = await _letter(desk, letter)
        if found.acknowledged_at is not None:
            return found
        await desk.seal(LETTER_ACKNOWLEDGED, {"about": found.about, "letter": letter})
        return await _letter(desk, letter)


async def _letter(desk: Desk, letter: str) -> Letter:
    found = await letter_named(desk.connection, desk.tenant, letter)
    if found is None:
        raise NotFoundError(f"there is no letter {letter}: constat notice list shows them")
    return found


async def _order_for_step(desk: Desk, untold: UntoldStep, programs: Sequence[str]) -> None:
    steps = await steps_of(desk.connection, desk.tenant_id, untold.window_id)
    told = [step for step in steps if step.kind in OCCASIONS]
    [sequence] = [n for n, step in enumerate(told) if step.entry == untold.entry]
    step = told[sequence]
    cause = _Cause(
        untold.window_id, untold.entry, step.at_us, OCCASIONS[StepKind(step.kind)], sequence
    )
    await _order(desk, cause, programs)


async def _order_for_alarm(desk: Desk, untold: UntoldAlarm, programs: Sequence[str]) -> None:
    occasion, sequence = ALARMS[untold.kind]
    cause = _Cause(untold.alarm, untold.entry, untold.at_us, occasion, sequence)
    await _order(desk, cause, programs)


class _Cause(NamedTuple):
    """What letters go out for: an entry, when it was sealed, what it is to its recipients."""

    about: str
    entry: int
    at_us: int
    occasion: Occasion
    sequence: int


async def _order(desk: Desk, cause: _Cause, programs: Sequence[str]) -> None:
    contacts = await _contacts(desk, cause.at_us)
    recipients = [*contacts, *(_program(name) for name in programs)]
    place = f"{cause.about}/{cause.sequence}"
    await desk.seal(
        LETTERS_ORDERED,
        {
            "about": cause.about,
            "entry": cause.entry,
            "occasion": cause.occasion.value,
            "sequence": cause.sequence,
            "letters": [{"letter": f"{place}/{_address(each)}", **each} for each in recipients],
        },
    )


async def _contacts(desk: Desk, at_us: int) -> list[dict[str, str]]:
    """Return the contacts of the hospital as they were at an instant."""
    items = await items_in_force(desk.connection, desk.tenant_id, by_us=at_us)
    return [
        _recipient(MAIL, item.name, contact.role, contact.person, contact.language.value)
        for item in items
        if item.kind == ItemKind.CONTACT
        for contact in [contact_of(item.value)]
    ]


def _address(recipient: dict[str, str]) -> str:
    contact, channel = recipient["contact"], recipient["channel"]
    return contact if channel == MAIL else f"{channel}/{contact}"


def _program(name: str) -> dict[str, str]:
    return _recipient(WEBHOOK, name, "", "", "")


def _recipient(channel: str, contact: str, role: str, person: str, language: str) -> dict[str, str]:
    return {
        "channel": channel,
        "contact": contact,
        "role": role,
        "person": person,
        "language": language,
    }
