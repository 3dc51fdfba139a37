"""The panel of a window: the vantage points that count, fixed when it opened (rules, section 5).

A vantage point that came later is listed and does not count: otherwise one that always answers
could be enrolled after the fact. The same goes for one shut out before.
"""

from collections.abc import Iterable
from typing import NamedTuple

from probes.model.measurement import VantageKind


class Enrolment(NamedTuple):
    """A vantage point, since when it is enrolled, and since when it is shut out if it is."""

    vantage: str
    kind: VantageKind
    enrolled_at_us: int
    revoked_at_us: int | None = None
    imported: bool = False

    def stood_at(self, instant: int) -> bool:
        """Return whether it was enrolled before an instant and not shut out before it."""
        shut_out = self.revoked_at_us is not None and self.revoked_at_us < instant
        return self.enrolled_at_us < instant and not shut_out


def panel_at(
    fixed_at_us: int,
    enrolments: Iterable[Enrolment],
    kind: VantageKind,
    named: Iterable[str] | None,
) -> tuple[str, ...]:
    """Return the panel, in order of name.

    `named` is the roster the catalogue lists; without one, all of the contract's kind count, and
    if there is none of that kind, all. A vantage point that is listed and was never enrolled stays
    on the roster, so that its silence is seen.
    """
    known = list(enrolments)
    standing = [enrolment for enrolment in known if enrolment.stood_at(fixed_at_us)]
    if named is not None:
        absent = set(named) - {enrolment.vantage for enrolment in known}
        listed = {enrolment.vantage for enrolment in standing} & set(named)
        return tuple(sorted(listed | absent))
    of_kind = {enrolment.vantage for enrolment in standing if enrolment.kind is kind}
    return tuple(sorted(of_kind or {enrolment.vantage for enrolment in standing}))
