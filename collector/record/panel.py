"""The panel of a window: the vantage points that count, fixed when it opened (rules, section 5).

A vantage point that came later is listed and does not count: otherwise one that always answers
could be enrolled after the fact. The same goes for one shut out before.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from probes.model.measurement import VantageKind


class Standing(NamedTuple):
    """A vantage point: since when it is enrolled, and since when no agent may speak for it.

    One that only imported measurements speak of stands there since the first import: nobody can
    add a vantage point to a window after the fact by importing what it is said to have seen.
    """

    vantage: str
    kind: VantageKind
    enrolled_at_us: int
    shut_out_at_us: int | None = None
    imported: bool = False

    def stood_at(self, instant: int) -> bool:
        """Return whether it was enrolled before an instant and not shut out before it."""
        shut_out = self.shut_out_at_us is not None and self.shut_out_at_us < instant
        return self.enrolled_at_us < instant and not shut_out


def panel_at(
    fixed_at_us: int,
    standings: Sequence[Standing],
    kind: VantageKind,
    named: Iterable[str] | None,
) -> tuple[str, ...]:
    """Return the panel, in order of name.

    `named` is the roster the catalogue lists; without one, all of the contract's kind count, and
    if there is none of that kind, all. A vantage point that is listed and was never enrolled stays
    on the roster, so that its silence is seen.
    """
    stood = [standing for standing in standings if standing.stood_at(fixed_at_us)]
    if named is not None:
        absent = set(named) - {standing.vantage for standing in standings}
        listed = {standing.vantage for standing in stood} & set(named)
        return tuple(sorted(listed | absent))
    of_kind = [standing.vantage for standing in stood if standing.kind is kind]
    return tuple(sorted(of_kind or [standing.vantage for standing in stood]))
