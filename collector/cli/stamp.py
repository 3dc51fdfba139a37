"""`constat stamp`: which entries a time-stamping authority vouches for, and since when."""

import click

from collector.cli.database import now_us, on_database
from collector.cli.options import (
    Output,
    Target,
    completes,
    outputs,
    reads_database,
)
from collector.cli.tables import Row, print_rows
from collector.register.stamps import Line, stamp_lines
from collector.report.durations import Language, duration_text
from probes.model.instant import format_instant

_COLUMNS = (
    "hospital", "entry", "window", "occasion", "sealed_at", "stamped_at", "after", "state",
    "size", "authority", "answer", "sha256",
)  # fmt: skip
_SHOWN = _COLUMNS[:-1]


@click.group(
    short_help="See when the log was time-stamped.",
    epilog="""\b
Examples:
  constat stamp list
  constat stamp list --hospital CH-EXEMPLE -o json""",
)
def stamp() -> None:
    """Time stamps: an authority that neither party holds says that the log existed by then."""


@stamp.command(
    "list",
    short_help="List what was stamped, and what waits.",
    epilog="""\b
Examples:
  constat stamp list
  constat stamp list --hospital CH-EXEMPLE -o csv

\b
The log is stamped after each notice, as a window starts and as it is closed, and once a day, while
a collector runs (constat up) whose settings name an authority. A stamp that came more than an hour
after its entry is late; an entry that has none yet is queued, and overdue after an hour, with what
came of the last attempt.
Exit codes: 0 done · 6 the database cannot be reached""",
)
@click.option(
    "--hospital", metavar="H", help="Only this hospital.", shell_complete=completes("hospital")
)
@outputs()
@reads_database
def list_stamps(*, hospital: str | None, output: Output, target: Target) -> None:
    """List the entries that want a time stamp, with the first that covers each. Instants are UTC.

    What a stamp really shows is verified with the evidence, against roots that the auditor pins.
    """
    lines = on_database(target, lambda pool: stamp_lines(pool, hospital))
    now = now_us()
    columns = _SHOWN if output is Output.TABLE else _COLUMNS
    print_rows([_row(line, now) for line in lines], columns, output, empty="nothing to stamp yet")


def _row(line: Line, now: int) -> Row:
    row: Row = {
        "hospital": line.hospital,
        "entry": line.entry,
        "window": line.window_id,
        "occasion": line.occasion,
        "sealed_at": format_instant(line.sealed_at_us),
        "state": _state(line, now),
    }
    if line.answer:
        row["answer"] = line.answer
    if line.stamp is not None:
        row["stamped_at"] = format_instant(line.stamp.at_us)
        if line.window_id:
            row["after"] = duration_text(line.stamp.at_us - line.sealed_at_us, Language.ENGLISH)
        row["size"] = line.stamp.size
        row["authority"] = line.stamp.authority
        row["sha256"] = line.stamp.digest
    return row


def _state(line: Line, now: int) -> str:
    if line.stamp is None:
        return "overdue" if line.is_late(now) else "queued"
    return "late" if line.is_late(now) else "stamped"
