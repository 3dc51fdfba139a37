"""`constat intervention start`, `end` and `correct`: what is stated of an intervention."""

from typing import Final
from zoneinfo import ZoneInfo

import click

from collector.assess import record_verdict
from collector.cli.database import on_database, sealer_of
from collector.cli.options import (
    Signatory,
    completes,
    hospital,
    seals_entries,
)
from collector.cli.times import read_instant
from collector.errors import ConfigurationError
from collector.evidence.names import Person
from collector.judge.terms import WindowStatus
from collector.record.interventions import Mode
from collector.register.attendance import Attendance, check_text
from collector.register.intervening import (
    Registered,
    correct_intervention,
    end_intervention,
    locate_intervention,
    place_of,
    start_intervention,
)
from collector.register.planning import Where, locate
from collector.register.sealing import Sealer
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from collector.store.windows import windows_named
from probes.model.instant import format_instant

_AT = click.option(
    "--at",
    "at",
    metavar="TIME",
    help="When it really was, if before now: RFC 3339, or local time of the site.",
)
_intervention_argument = click.argument(
    "name", metavar="ID", shell_complete=completes("intervention")
)


@click.command(
    "start",
    short_help="Register that somebody intervenes.",
    epilog="""\b
Examples:
  constat intervention start --hospital CH-EXEMPLE --person "Camille Martin" \\
      --company "Éditeur SA" --purpose "montée de version 2.0" --remote --window MAJ-2026-0142
  constat intervention start --hospital CH-EXEMPLE --person "Alix Roy" --on-site \\
      --purpose "remplacement d'un disque" --confidentiality ENG-2026-17 --at 2026-11-14T22:05

\b
Several may be open at once. With --window it widens that window, which cannot be closed before
the intervention has ended.
Exit codes: 0 done · 2 an option is not right · 5 no such hospital, site or window
· 6 refused, the reason is said""",
)
@click.option(
    "--hospital",
    "of_hospital",
    metavar="H",
    required=True,
    help="The hospital.",
    shell_complete=completes("hospital"),
)
@click.option("--person", metavar="NAME", required=True, help="Who intervenes; can be erased.")
@click.option("--company", metavar="C", default="", help="For whom; erased with the name.")
@click.option(
    "--purpose",
    metavar="TEXT",
    required=True,
    help="What for; stays in the log for ever, so it names nobody.",
)
@click.option("--remote/--on-site", default=None, help="From where.")
@click.option(
    "--confidentiality", metavar="REF", default="", help="Reference of the person's commitment."
)
@click.option(
    "--window",
    metavar="ID",
    default="",
    help="The window it is for.",
    shell_complete=completes("window"),
)
@click.option(
    "--site",
    metavar="S",
    default="",
    help="Where; may be left out with --window, or when the hospital has one site.",
    shell_complete=completes("site"),
)
@_AT
@seals_entries
def start(  # noqa: PLR0913 - the options of the command
    *,
    of_hospital: str,
    person: str,
    company: str,
    purpose: str,
    remote: bool | None,
    confidentiality: str,
    window: str,
    site: str,
    at: str | None,
    signatory: Signatory,
) -> None:
    """Register that a person intervenes from now on, and print the id to end it with."""
    mode = None if remote is None else Mode.REMOTE if remote else Mode.ON_SITE

    async def work(pool: Pool) -> Registered:
        attendance = Attendance(
            hospital=of_hospital,
            person=Person(person.strip(), company=company.strip()),
            purpose=purpose.strip(),
            mode=mode,
            confidentiality=confidentiality.strip(),
            window=window,
            site=site,
            at_us=await _at(pool, of_hospital, window, site, at),
        )
        return await start_intervention(
            pool, sealer_of(signatory.target), attendance, signatory.author
        )

    made = on_database(signatory.target, work)
    began = format_instant(made.intervention.start_us, made.zone)
    click.echo(f"{made.intervention.id} started: {began}")


@click.command(
    "end",
    short_help="Register that an intervention ended.",
    epilog="""\b
Examples:
  constat intervention end INT-2026-0001
  constat intervention end INT-2026-0001 --at 2026-11-15T00:10

\b
Exit codes: 0 done · 2 a time is not right · 5 no such intervention
· 6 refused, the reason is said""",
)
@_intervention_argument
@_AT
@hospital
@seals_entries
def end(name: str, *, at: str | None, hospital: str | None, signatory: Signatory) -> None:
    """Register that intervention ID ends now."""

    async def work(pool: Pool) -> Registered:
        async with connected(pool) as connection:
            found = await locate_intervention(connection, name, hospital)
        at_us = None if at is None else read_instant("--at", at, found.zone)
        return await end_intervention(
            pool, sealer_of(signatory.target), found, at_us, signatory.author
        )

    made = on_database(signatory.target, work)
    click.echo(f"{name} ended: {format_instant(made.intervention.end_us or 0, made.zone)}")


@click.command(
    "correct",
    short_help="Put right what was stated of an intervention.",
    epilog="""\b
Examples:
  constat intervention correct INT-2026-0001 --set end=2026-11-15T00:10 \\
      --reason "fin relevée dans le journal système"
  constat intervention correct INT-2026-0001 --unset confidentiality --reason "autre personne"

\b
Fields: start, end (of one that has ended), purpose, mode (remote or on_site), confidentiality.
Old, new, author, instant and reason are sealed, and printed with the verdict of its window. Who
it was and for which window is not corrected: register it anew, and say so in the purpose.
Exit codes: 0 corrected · 2 a field is not right · 5 no such intervention
· 6 refused, the reason is said""",
)
@_intervention_argument
@click.option("--set", "new", metavar="FIELD=VALUE", multiple=True, help="What is right.")
@click.option("--unset", metavar="FIELD", multiple=True, help="What was stated and should not be.")
@click.option("--reason", required=True, help="Why; sealed with the correction.")
@hospital
@seals_entries
def correct(  # noqa: PLR0913 - the options of the command
    name: str,
    *,
    new: tuple[str, ...],
    unset: tuple[str, ...],
    reason: str,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Correct intervention ID: what was stated before stays in the log, beside the new.

    The verdict of a closed window it is for is judged and sealed anew.
    """
    if not new and not unset:
        raise ConfigurationError("nothing to correct: give --set FIELD=VALUE, or --unset FIELD")
    check_text("--reason", reason.strip())
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> Registered:
        async with connected(pool) as connection:
            found = await locate_intervention(connection, name, hospital)
        fields = dict([*(_field(text, found.zone) for text in new), *map(_unset, unset)])
        made = await correct_intervention(pool, sealer, found, author, fields, reason.strip())
        await _judge_anew(pool, sealer, made, author)
        return made

    made = on_database(signatory.target, work)
    made_right = made.intervention.corrections[-1]
    click.echo(f"{name} corrected: {format_instant(made_right.at_us, made.zone)}")
    for field, old, said in made_right.changes:
        click.echo(f"  {field}: {old or '(none)'} → {said or '(none)'}")


async def _at(pool: Pool, hospital: str, window: str, site: str, at: str | None) -> int | None:
    """Return the instant typed, read on the clocks of the site."""
    if at is None:
        return None
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
        service = (await locate(connection, window, hospital)).service if window else ""
        zone = (await place_of(connection, tenant_id, service=service, site=site)).zone
    return read_instant("--at", at, zone)


async def _judge_anew(pool: Pool, sealer: Sealer, made: Registered, author: str) -> None:
    """Seal the verdict of a closed window once more after what was corrected for it."""
    window = made.intervention.window
    if not window:
        return
    async with connected(pool) as connection:
        [row] = [w for w in await windows_named(connection, window) if w.tenant == made.hospital]
    if row.status == WindowStatus.CLOSED:
        await record_verdict(pool, Where(made.hospital, window, row.service), sealer, author)


def _field(text: str, zone: ZoneInfo) -> tuple[str, str | int]:
    """Return a field and its value as `--set FIELD=VALUE` gives them, in the register's form."""
    name, equals, value = text.partition("=")
    value = value.strip()
    if not equals or not value:
        raise ConfigurationError(
            f"--set: {text!r} is not FIELD=VALUE; to take a value away: --unset"
        )
    option = f"--set {name}"
    if name in _INSTANTS:
        return f"{name}_us", read_instant(option, value, zone)
    if name not in _TEXTS:
        known = ", ".join([*_INSTANTS, *_TEXTS])
        raise ConfigurationError(f"--set: {name!r} is no field; those are: {known}")
    check_text(option, value)
    if name == "mode" and value not in frozenset(Mode):
        raise ConfigurationError(f"{option}: expected remote or on_site, not {value!r}")
    return name, value


def _unset(name: str) -> tuple[str, str]:
    """Return a field whose value is taken away, with no value."""
    if name not in _OPTIONAL:
        known = ", ".join(_OPTIONAL)
        raise ConfigurationError(f"--unset: {name!r} cannot be taken away; only {known} can")
    return name, ""


_INSTANTS: Final = ("start", "end")
_TEXTS: Final = ("purpose", "mode", "confidentiality")
_OPTIONAL: Final = ("mode", "confidentiality")
