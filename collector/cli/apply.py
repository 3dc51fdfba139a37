"""`constat apply`: bring what is agreed into the log, and show what that changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Output, Signatory, outputs, seals_entries
from collector.cli.tables import Row, print_rows
from collector.record.catalogue import ItemKey, ItemKind, finess_fault, read_catalogue
from collector.register.applying import Applied, apply, preview
from collector.register.changes import Change, Edit
from probes.model.canonical import JsonValue
from probes.model.complaint import plain_json

_COLUMNS: Final = ("hospital", "item", "name", "change", "key", "old", "new")


@click.command(
    "apply",
    short_help="Apply a catalogue of hospitals and services.",
    epilog="""\b
Examples:
  constat apply catalogue.yaml --dry-run
  constat apply catalogue.yaml --dry-run -o csv
  constat apply catalogue.yaml --author "C. Martin"

\b
What the file does not mention stays as it is. Applying the same file again changes nothing.
Exit codes: 0 done · 2 the file is not right · 6 the database cannot be reached""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change; seal nothing.")
@outputs()
@seals_entries
def apply_catalogue(file: Path, *, dry_run: bool, output: Output, signatory: Signatory) -> None:
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
    match output:
        case Output.JSON:
            stated = [_stated(one, dry_run=dry_run) for one in applied]
            click.echo(plain_json(stated, indent=2))
        case Output.CSV:
            rows = [row for one in applied for row in _rows(one)]
            print_rows(rows, _COLUMNS, output, empty="")
        case Output.TABLE:
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


def _stated(applied: Applied, *, dry_run: bool) -> dict[str, JsonValue]:
    """Return what changes in a hospital; `sealed` says whether it was done."""
    return {
        "hospital": applied.hospital,
        "sealed": not dry_run,
        "changes": [
            {
                "item": change.key.kind.value,
                "name": change.key.name,
                "new": change.is_new,
                "edits": [{"key": edit.path, **_sides(edit)} for edit in change.edits],
            }
            for change in applied.changes
        ],
        "kept": [{"item": kind.value, "name": name} for kind, name in applied.unmentioned],
    }


def _rows(applied: Applied) -> Iterator[Row]:
    for change in applied.changes:
        kind, name = change.key
        done = "added" if change.is_new else "changed"
        head: Row = {"hospital": applied.hospital, "item": kind, "name": name, "change": done}
        for edit in change.edits:
            yield {**head, "key": edit.path, **_sides(edit)}
    for kind, name in applied.unmentioned:
        yield {"hospital": applied.hospital, "item": kind, "name": name, "change": "kept"}


def _sides(edit: Edit) -> dict[str, str]:
    """Return the old and the new value of a key, without one that is not there."""
    sides = {"old": edit.old, "new": edit.new}
    return {side: said for side, said in sides.items() if said is not None}
