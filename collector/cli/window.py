"""`constat window`: announce an operation, take its steps, see what became of it."""

import click

from collector.cli.window_correct import correct_window
from collector.cli.window_export import export_window
from collector.cli.window_hot import authorise_window, inform_window
from collector.cli.window_list import list_of_windows
from collector.cli.window_plan import announce_window, extend_window, reschedule_window
from collector.cli.window_show import show_window
from collector.cli.window_steps import (
    cancel_window,
    close_window,
    finish_window,
    start_window,
)


@click.group(
    short_help="Announce windows, take their steps, see their verdict.",
    epilog="""\b
Examples:
  constat window announce --hospital CH-EXEMPLE --service dpi \\
      --start 2026-11-14T22:00 --for PT4H
  constat window start MAJ-2026-0142
  constat window finish MAJ-2026-0142
  constat window close MAJ-2026-0142
  constat window show MAJ-2026-0142

\b
A window is announced, then in progress, then closed; or cancelled before it started.
Every step is an entry of the hospital's log; the instant that counts is the collector's.""",
)
def window() -> None:
    """Windows: planned operations on a service."""


for command in (
    announce_window,
    reschedule_window,
    extend_window,
    authorise_window,
    inform_window,
    start_window,
    finish_window,
    close_window,
    cancel_window,
    correct_window,
    list_of_windows,
    show_window,
    export_window,
):
    window.add_command(command)
