"""`constat apply`: bring what is agreed into the log, and show what that changes."""

from collections.abc import Iterator
from pathlib import Path

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Signatory, seals_entries
from collector.record.catalogue import ItemKey, ItemKind, finess_fault, read_catalogue
from collector.register.applying import Applied, apply, preview
from collector.register.changes import Change


@click.command(
    "apply",
    short_help="Apply a catalogue of hospitals and services.",
    epilog="""\b
Examples:
  constat apply catalogue.yaml --dry-run
  constat apply catalogue.yaml --author "C. Martin"

\b
What the file does not mention stays as it is. Applying the same file again changes nothing.
Exit codes: 0 done · 2 the file is not right · 6 the database cannot be reached""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change; seal nothing.")
@seals_entries
def apply_catalogue(file: Path, *, dry_run: bool, signatory: Signatory) -> None:
    """Apply FILE: hospitals, sites, services, what was agreed and which checks count.

    Every item that differs from what is in force becomes an entry of the hospital's log, signed,
    with its author. A window is judged by what was in force before it opened.
    """
    catalogue = read_catalogue(file)
    target = signatory.target
    for hospital, items in catalogue.items():
        fault = finess_fault(items[ItemKey(ItemKind.HOSPITAL, hospital)]["finess"])
        if fault:
            click.echo(f"constat: {file}: hospitals.{hospital}.finess: {fault}", err=True)
    if dry_run:
        applied = on_database(target, lambda pool: preview(pool, catalogue))
    else:
        sealer = sealer_of(target)
        applied = on_database(target, lambda pool: apply(pool, sealer, catalogue, signatory.author))
    for one in applied:
        click.echo(_shown(one, dry_run=dry_run))


def _shown(applied: Applied, *, dry_run: bool) -> str:
    lines = [f"{applied.hospital}: {_count(applied, dry_run=dry_run)}"]
    for change in applied.changes:
        lines += _change(change)
    lines += [f"  = {kind} {name}: not in the file, kept" for kind, name in applied.unmentioned]
    return "\n".join(lines)


def _count(applied: Applied, *, dry_run: bool) -> str:
    count = len(applied.changes)
    if not count:
        return "nothing to change"
    noun = "change" if count == 1 else "changes"
    return f"{count} {noun}, not applied (dry run)" if dry_run else f"{count} {noun} sealed"


def _change(change: Change) -> Iterator[str]:
    kind, name = change.key
    yield f"  {'+' if change.is_new else '~'} {kind} {name}"
    for path, old, new in change.edits:
        if change.is_new:
            yield f"      {path}: {new}"
        else:
            yield f"      {path}: {'(none)' if old is None else old} → {new or '(none)'}"
