"""Making a réserve: the hospital's own statement on a window, sealed as it is and never edited.

It may be made at any time and changes no figure; it is printed wherever the verdict is.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from collector.errors import ConfigurationError
from collector.evidence.names import Person
from collector.record.documents import RESERVATION_MADE, Reservation
from collector.register.names import keep_person
from collector.register.planning import Where, existing, window_desk
from collector.register.sealing import Sealer
from collector.store.documents import read_documents
from collector.store.pool import Pool

LONGEST_TEXT: Final = 10_000

# Controls, lone surrogates, and separators that some programs take for the end of a line.
_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# UAX 9: what makes text look otherwise than it reads.
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


async def reserve(  # noqa: PLR0913, PLR0917 - a statement, and what it says
    pool: Pool, sealer: Sealer, where: Where, author: str, text: str, by: Sequence[Person] = ()
) -> Reservation:
    """Seal a réserve on a window; those who say it are named beside the log."""
    statement = statement_of(text)
    async with window_desk(pool, sealer, where, author) as desk:
        await existing(desk, where)
        standing = [await keep_person(desk, person) for person in by]
        body = {"window": where.window_id, "text": statement, "by": standing}
        await desk.seal(RESERVATION_MADE, body)
        made = await read_documents(desk.connection, desk.tenant_id, where.window_id)
        return made.reservations[-1]


def statement_of(text: str) -> str:
    """Return a statement as it is sealed; `ConfigurationError` says what cannot be printed."""
    statement = text.replace("\r\n", "\n").strip()
    if not statement:
        raise ConfigurationError("a reservation says something: this one is empty")
    if len(statement) > LONGEST_TEXT:
        raise ConfigurationError(
            f"a reservation has at most {LONGEST_TEXT} characters, not {len(statement)}:"
            " attach a document (constat attachment add)"
        )
    for place, character in enumerate(statement, start=1):
        if _is_refused(character):
            raise ConfigurationError(
                f"character {place} of the reservation, U+{ord(character):04X}, cannot be printed"
            )
    return statement


def _is_refused(character: str) -> bool:
    if character in "\n\t":
        return False
    return character in _REORDERING or unicodedata.category(character) in _REFUSED
