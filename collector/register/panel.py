"""The panel of a window: the vantage points that count, fixed when it opened (rules, section 5).

A vantage point that came later is listed and does not count: otherwise one that always answers
could be enrolled after the fact. The same goes for one shut out before.
"""

from collections.abc import Iterable, Sequence

from collector.store.roster import Standing
from probes.model.measurement import VantageKind


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
