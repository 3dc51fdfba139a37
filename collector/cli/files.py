"""Files that commands write: whole or not at all, and never over one that is there."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from collector.errors import ConfigurationError

STANDARD_OUTPUT: Final = Path("-")

pdf_option: Final = click.option(
    "--pdf",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write it as PDF into FILE instead, to keep, to send or to sign.",
)


def write_out(path: Path, data: bytes) -> None:
    """Write a file and say so; `-` is standard output, which gets the bytes and nothing else."""
    if path == STANDARD_OUTPUT:
        sys.stdout.buffer.write(data)
        return
    if path.exists():
        raise ConfigurationError(f"{path} exists already: give another name")
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.rename(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
    click.echo(f"{path} ({len(data)} bytes)")
