"""Who is told of a step of a window: the contacts of the hospital, and programs that asked.

Announcing a window is the notice, and it counts from its sealing (rules, section 8); letters carry
it to people. Which letters go out for a step is an entry of its own, sealed once, be it that there
is nobody to tell: a notice that reached nobody can be seen as such.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from collector.errors import NotFoundError
from collector.letters.notice_letter import Occasion
from collector.register.catalogue import ItemKind, contact_of
from collector.register.sealing import Desk, Sealer, open_desk
from collector.register.steps import StepKind
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
from collector.store.tenants import tenant_named
from collector.store.windows import StoredStep, steps_of

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"

OCCASIONS: Final = {
    StepKind.ANNOUNCED: Occasion.ANNOUNCED,
    StepKind.RESCHEDULED: Occasion.RESCHEDULED,
    StepKind.EXTENDED: Occasion.RESCHEDULED,
    StepKind.CANCELLED: Occasion.CANCELLED,
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
    """Settle who is told of the steps that nobody was told of yet; return of how many.

    `programs` are the names of the webhooks that want to know.
    """
    async with connected(pool) as connection:
        untold = await steps_untold(connection, [kind.value for kind in OCCASIONS])
    for step in untold:
        async with transaction(pool) as connection:
            desk = await open_desk(connection, step.tenant_id, step.tenant, sealer, author)
            await _order(desk, step, programs)
    return len(untold)


async def note_attempt(
    pool: Pool, sealer: Sealer, letter: Letter, attempt: Attempt, author: str
) -> None:
    """Seal what came of an attempt to deliver a letter."""
    body: dict[str, Any] = {
        "window": letter.window_id,
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
        await desk.seal(LETTER_ACKNOWLEDGED, {"window": found.window_id, "letter": letter})
        return await _letter(desk, letter)


async def _letter(desk: Desk, letter: str) -> Letter:
    found = await letter_named(desk.connection, desk.tenant, letter)
    if found is None:
        raise NotFoundError(f"there is no letter {letter}: constat notice list shows them")
    return found


async def _order(desk: Desk, untold: UntoldStep, programs: Sequence[str]) -> None:
    steps = await steps_of(desk.connection, desk.tenant_id, untold.window_id)
    told = [step for step in steps if step.kind in OCCASIONS]
    [sequence] = [n for n, step in enumerate(told) if step.entry == untold.entry]
    step = told[sequence]
    recipients = [*await _contacts(desk, step), *(_program(name) for name in programs)]
    place = f"{untold.window_id}/{sequence}"
    await desk.seal(
        LETTERS_ORDERED,
        {
            "window": untold.window_id,
            "entry": untold.entry,
            "occasion": OCCASIONS[StepKind(step.kind)].value,
            "sequence": sequence,
            "letters": [{"letter": f"{place}/{_address(each)}", **each} for each in recipients],
        },
    )


async def _contacts(desk: Desk, step: StoredStep) -> list[dict[str, str]]:
    """Return the contacts of the hospital as they were when the step was taken."""
    items = await items_in_force(desk.connection, desk.tenant_id, by_us=step.at_us)
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
