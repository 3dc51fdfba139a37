"""Correcting what was stated of a window: one more entry, with the old beside the new, and why."""

from collections.abc import Mapping
from typing import Any

from collector.record.steps import RegisteredWindow, StepKind, fields_of
from collector.register.legality import check_correct
from collector.register.planning import Where, existing, take_step, window_desk
from collector.register.sealing import Sealer
from collector.store.pool import Pool


async def correct(  # noqa: PLR0913, PLR0917 - a step, and what it says
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    new: Mapping[str, Any],
    reason: str,
) -> RegisteredWindow:
    """Put fields of a window right, named as `fields_of` does; an empty value takes one away."""
    async with window_desk(pool, sealer, where, author) as desk:
        window = await existing(desk, where)
        check_correct(window, new, desk.at_us)
        old = fields_of(window)
        changes = [
            {"field": name, "old": old.get(name, ""), "new": value or ""}
            for name, value in new.items()
            if old.get(name, "") != (value or "")
        ]
        return await take_step(
            desk, StepKind.CORRECTED, where.window_id, changes=changes, reason=reason
        )
