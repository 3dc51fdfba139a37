"""`constat doctor`: what the server is, and what is wrong with what measures."""

import json
from typing import Final

import click

from collector.cli.database import now_us, on_database
from collector.cli.options import Output, Target, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.cli.times import read_length
from collector.errors import ExitCode
from collector.register.diagnosis import Fault, Finding, diagnose
from collector.register.examination import HASHED_BYTES, Examination, examine
from collector.report.durations import Language, duration_text

_COLUMNS: Final = ("finding", "hospital", "subject", "what")
_IN_TIME: Final = frozenset(
    {
        Fault.SILENT,
        Fault.BEYOND_SPOOL,
        Fault.NEVER_SENT,
        Fault.UNESTIMATED,
        Fault.WIDE,
        Fault.OFFSET,
        Fault.UNSTAMPED,
        Fault.INTERVENTION_OPEN,
    }
)
_SAID: Final = {
    Fault.SILENT: "nothing received for {amount}",
    Fault.BEYOND_SPOOL: "silent for {amount} longer than its spool keeps: measurements may be lost",
    Fault.NEVER_SENT: "enrolled {amount} ago, nothing received yet",
    Fault.FROZEN: "frozen after batch {amount}: two machines use one key, or one was set back",
    Fault.LOST: "{amount} measurements lost on the agent's side",
    Fault.UNESTIMATED: "no clock estimate: every bound is widened by {amount}",
    Fault.WIDE: "clock known only to within {amount}",
    Fault.OFFSET: "clock off by {amount}; measurements are corrected for it",
    Fault.NO_ALWAYS_ON: "measured by no server or external vantage point: nobody looks at night",
    Fault.LAGGING: "{amount} entries of the log wait to be projected",
    Fault.BYTES_MISSING: "the {amount} bytes of a sealed document are missing: attach it again",
    Fault.BYTES_CHANGED: "a document is not the {amount} bytes that were sealed: attach it again",
    Fault.UNSTAMPED: "a time stamp is overdue by {amount}: see constat stamp list",
    Fault.INTERVENTION_OPEN: "open for {amount}: constat intervention end",
}


@click.command(
    "doctor",
    short_help="Say what the server is and what is wrong.",
    epilog="""\b
Examples:
  constat doctor
  constat doctor --silent PT5M -o json
  constat doctor --all-documents

\b
Exit codes: 0 nothing found · 1 something found · 2 an option is not right
· 6 the database cannot be reached""",
)
@click.option(
    "--silent",
    default="PT15M",
    show_default=True,
    help="How long an agent may be silent before it is a finding.",
)
@click.option(
    "--all-documents",
    is_flag=True,
    help="Hash the bytes of every document; by default of the newest, 64 MiB in all.",
)
@outputs()
@reads_database
def doctor(*, silent: str, all_documents: bool, output: Output, target: Target) -> int:
    """Examine database, agents and their clocks, services, interventions left open, documents.

    Of every document that was sealed it is seen whether its bytes are there, and as many as were;
    that they are the same is only known of those that were hashed.
    """
    silent_after_us = read_length("--silent", silent)
    bound = None if all_documents else HASHED_BYTES
    seen = on_database(target, lambda pool: examine(pool, now_us(), bound))
    findings = diagnose(seen.facts, silent_after_us)
    if output is Output.JSON:
        rows = [finding._asdict() for finding in findings]
        stated = {
            "server": seen.server._asdict(),
            "contents": seen.contents._asdict(),
            "findings": rows,
        }
        click.echo(json.dumps(stated, indent=2))
    else:
        if output is Output.TABLE:
            click.echo(_server(seen))
        print_rows([_row(each) for each in findings], _COLUMNS, output, empty="nothing found")
    return ExitCode.ERROR if findings else ExitCode.DONE


def _server(seen: Examination) -> str:
    server, contents = seen.server, seen.contents
    more = "" if contents.hashed == contents.documents else ": constat doctor --all-documents"
    return (
        f"server  PostgreSQL {server.version}, {server.level}; schema {server.schema}\n"
        f"log     {server.entries} entries of {server.hospitals} hospitals;"
        f" {len(seen.facts.agents)} agents, {len(seen.facts.services)} services\n"
        f"bytes   {contents.hashed} of {contents.documents} documents hashed{more}\n"
    )


def _row(finding: Finding) -> Row:
    amount = str(finding.amount)
    if finding.fault in _IN_TIME:
        amount = duration_text(finding.amount, Language.ENGLISH)
    return {
        "finding": finding.fault.value,
        "hospital": finding.hospital,
        "subject": finding.subject,
        "what": _SAID[finding.fault].format(amount=amount),
    }
