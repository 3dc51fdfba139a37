"""The option that names a civil month."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

import click

_Result = TypeVar("_Result")

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200


def month_option(*, required: bool) -> Callable[[Callable[..., _Result]], Callable[..., _Result]]:
    """Give a command the option `--month`; it gets the first day of it."""
    return click.option(
        "--month",
        type=_Month(),
        metavar="YYYY-MM",
        required=required,
        help="Civil month, on the site's clocks.",
    )


class _Month(click.ParamType[date]):
    """A month as it is typed, `2026-11`."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Return the first day of the month that was typed."""
        if isinstance(value, date):
            return value
        found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(value), re.ASCII)
        if found is None or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
            self.fail(f"{value!r} is not a month, as in 2026-11.", param, ctx)
        return date(int(found[1]), int(found[2]), 1)
