"""`constat window correct`: put right what was stated, the old beside the new."""

import click

from collector.assess import record_verdict
from collector.cli.database import on_database, sealer_of
from collector.cli.operation import read_field, read_unset
from collector.cli.options import Signatory, hospital, seals_entries, window_argument
from collector.errors import ConfigurationError
from collector.judge.terms import WindowStatus
from collector.record.steps import RegisteredWindow
from collector.register.agreements import zone_of
from collector.register.correcting import correct
from collector.register.planning import locate
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant


@click.command(
    "correct",
    short_help="Put right what was stated of a window, and say why.",
    epilog="""\b
Examples:
  constat window correct MAJ-2026-0142 --set version_to=9.0.1 --reason "numéro mal saisi"
  constat window correct MAJ-2026-0142 --unset exclusion --reason "compte dans l'année"
  constat window correct MAJ-2026-0142 --set intervention.1.end=2026-11-15T01:45 \\
      --reason "fin relevée dans le journal système"

\b
Fields: id, version_from, version_to, version_kind, exclusion, instance, hot, off_hours, pilot
(true or false), limit (before the window opens), prerequisites (separated by ;),
intervention.N.start and intervention.N.end. Old, new, author, instant and reason are sealed
and printed with the verdict. A plan is not corrected: it is rescheduled.
Exit codes: 0 corrected · 2 a field is not right · 5 no such window
· 6 refused, the reason is said""",
)
@window_argument
@click.option("--set", "new", metavar="FIELD=VALUE", multiple=True, help="What is right.")
@click.option("--unset", metavar="FIELD", multiple=True, help="What was stated and should not be.")
@click.option("--reason", required=True, help="Why; sealed with the correction.")
@hospital
@seals_entries
def correct_window(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    new: tuple[str, ...],
    unset: tuple[str, ...],
    reason: str,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Correct window ID: what was stated before stays in the log, and beside the new in reports.

    The verdict of a closed window is judged and sealed anew.
    """
    if not new and not unset:
        raise ConfigurationError("nothing to correct: give --set FIELD=VALUE, or --unset FIELD")
    if not reason.strip() or not reason.isprintable():
        raise ConfigurationError("--reason: expected some text on one line")
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> tuple[RegisteredWindow, str]:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
            zone = await zone_of(connection, where.hospital, where.service)
        fields = dict([*(read_field(text, zone) for text in new), *map(read_unset, unset)])
        corrected = await correct(pool, sealer, where, author, fields, reason.strip())
        if corrected.status is WindowStatus.CLOSED:
            await record_verdict(pool, where, sealer, author)
        return corrected, format_instant(corrected.corrections[-1].at_us, zone)

    window, at = on_database(signatory.target, work)
    click.echo(f"{window.id} corrected: {at}")
    for field, old, said in window.corrections[-1].changes:
        click.echo(
            f"  {field}: {'(none)' if old == '' else old} → {'(none)' if said == '' else said}"
        )
