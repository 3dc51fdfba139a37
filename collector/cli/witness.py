"""`constat witness`: the hospital's own eye on its log, on a machine of its own."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from collector.cli.times import read_length
from collector.errors import ConfigurationError
from collector.witness.client import LogClient
from collector.witness.opening import log_of, make_witness, open_witness, standing_of
from collector.witness.rounds import Cosigned, watch
from probes.model.instant import SECOND

_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))


@click.group(
    short_help="Witness the log of a hospital.",
    epilog="""\b
Examples:
  constat witness init /var/lib/constat-witness --name temoin.ch-exemple.example
  constat witness run /var/lib/constat-witness --collector https://constat.example \\
      --hospital CH-EXEMPLE --log-key log.vkey --token-file token
  constat witness status /var/lib/constat-witness

\b
A witness belongs to the hospital, on a machine that whoever runs the collector cannot reach. It
cosigns the log as long as nothing that was once shown is changed or taken away. docs/temoin.md
says what it proves.""",
)
def witness() -> None:
    """Put the hospital's own signature on the log, as it grows."""


@witness.command(
    "init",
    short_help="Make a witness.",
    epilog="""\b
Examples:
  constat witness init /var/lib/constat-witness --name temoin.ch-exemple.example

\b
What is printed is the public key: give it to whoever will verify. Make no backup of DIR and do not
move it: a witness that is put back has forgotten what it cosigned, and refuses to work.
Exit codes: 0 done · 2 the name or the folder cannot be used · 6 DIR holds a witness already""",
)
@_folder
@click.option("--name", required=True, help="What the witness signs as: a name of the hospital's.")
def init(folder: Path, *, name: str) -> None:
    """Make a witness in DIR, with a key of its own; print its public key."""
    click.echo(make_witness(folder, name, time.time).verifier_key())


@witness.command(
    "run",
    short_help="Cosign a log as it grows.",
    epilog="""\b
Examples:
  constat witness run DIR --collector https://constat.example --hospital CH-EXEMPLE \\
      --log-key log.vkey --token-file token --mirror
  constat witness run DIR --collector https://constat.example --hospital CH-EXEMPLE \\
      --log-key log.vkey --token-file token --once

\b
The log's key and the token are what `constat token witness` prints on the collector. A log that
contradicts what was seen ends the witness: both checkpoints are in DIR/halted.json.
Exit codes: 0 looked once · 1 DIR cannot be written · 2 an option is not right
· 3 the log contradicts what was seen of it · 5 no witness in DIR
· 6 nothing could be cosigned, or the witness may have forgotten what it cosigned""",
)
@_folder
@click.option("--collector", metavar="URL", required=True, help="Where the collector is reached.")
@click.option("--hospital", metavar="H", required=True, help="The hospital.")
@click.option(
    "--log-key", metavar="KEY", required=True, help="The log's public key, or a file that holds it."
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File of the token that lets this hospital's log be read.",
)
@click.option("--mirror", is_flag=True, help="Keep every entry too, and cosign nothing unseen.")
@click.option("--every", default="PT1M", show_default=True, help="How often to look.")
@click.option("--once", is_flag=True, help="Look once and end.")
def run(  # noqa: PLR0913 - the options of the command
    folder: Path,
    *,
    collector: str,
    hospital: str,
    log_key: str,
    token_file: Path,
    mirror: bool,
    every: str,
    once: bool,
) -> None:
    """Look at the log again and again; cosign each checkpoint that continues the last one."""
    every_us = read_length("--every", every)
    log = log_of(hospital, log_key if "+" in log_key else _line_of("--log-key", Path(log_key)))
    client = LogClient(collector, hospital, _line_of("--token-file", token_file))
    with open_witness(folder, log, client, time.time, mirror=mirror) as opened:
        if not once:
            watch(opened, every_us / SECOND, _tell, _warn)
        cosigned = opened.round()
    if cosigned is None:
        click.echo("nothing new")
    else:
        _tell(cosigned)


@witness.command(
    "status",
    short_help="Say what a witness saw.",
    epilog="""\b
Examples:
  constat witness status /var/lib/constat-witness

\b
Exit codes: 0 it works · 3 the log contradicted what was seen of it · 5 no witness in DIR
· 6 it may have forgotten what it cosigned""",
)
@_folder
def status(folder: Path) -> None:
    """Say who the witness in DIR is, what it cosigned last, and whether it still does."""
    standing = standing_of(folder)
    click.echo(f"key       {standing.identity.verifier_key()}")
    if standing.last is None:
        click.echo("log       none yet")
    else:
        checkpoint = standing.last.checkpoint
        click.echo(f"log       {checkpoint.origin}")
        click.echo(f"entries   {checkpoint.size}, root {checkpoint.root.hex()}")
    click.echo(f"cosigned  {_counted(standing.cosigned, 'checkpoint', 'checkpoints')}")
    click.echo(f"mirrored  {_counted(standing.mirrored, 'entry', 'entries')}")
    if standing.fault is not None:
        raise standing.fault


def _line_of(option: str, file: Path) -> str:
    try:
        line = file.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{option}: cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{option}: cannot read {file}: it is not text") from None
    if not line or not line.isprintable():
        raise ConfigurationError(f"{option}: {file} does not hold one line")
    return line


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _tell(cosigned: Cosigned) -> None:
    when = datetime.fromtimestamp(cosigned.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    click.echo(f"{when} {_counted(cosigned.size, 'entry', 'entries')} cosigned")


def _warn(line: str) -> None:
    click.echo(f"constat: {' '.join(line.split())}", err=True)
