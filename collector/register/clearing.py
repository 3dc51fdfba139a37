"""What must precede a hot correction: the client's authorisation, or its information (§4.1.5).

It counts from the instant it is registered here, whenever it was really given: no date is typed.
"""

from collector.evidence.names import Person
from collector.record.steps import RegisteredWindow, StepKind
from collector.register.legality import check_clearance
from collector.register.names import keep_person
from collector.register.planning import Where, existing, take_step, window_desk
from collector.register.sealing import Sealer
from collector.store.pool import Pool


async def clear(  # noqa: PLR0913, PLR0917 - a step, and what it says
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    kind: StepKind,
    by: Person | None = None,
    reference: str = "",
) -> RegisteredWindow:
    """Register an authorisation or an information; who gave or took it is named, if anybody."""
    async with window_desk(pool, sealer, where, author) as desk:
        check_clearance(await existing(desk, where), kind)
        body = {"by": await keep_person(desk, by) if by else "", "reference": reference}
        said = {key: value for key, value in body.items() if value}
        return await take_step(desk, kind, where.window_id, **said)
