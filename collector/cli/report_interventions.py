"""`constat report interventions`: the register of a month, and that it was sent (§4.1.5)."""

from datetime import date
from pathlib import Path

import click

from collector.cli.database import now_us, on_database, sealer_of
from collector.cli.files import pdf_option, write_out
from collector.cli.months import month_option
from collector.cli.options import (
    Output,
    Signatory,
    completes,
    language,
    outputs,
    seals_entries,
)
from collector.errors import ConfigurationError
from collector.interventions import month_of, record_sending
from collector.register.attendance import check_text
from collector.report.durations import Language
from collector.report.interventions import MonthOfInterventions
from collector.report.interventions_forms import (
    interventions_csv,
    interventions_json,
    interventions_lines,
)
from collector.store.pool import Pool
from probes.model.complaint import plain_json


@click.command(
    "interventions",
    short_help="Export who intervened in a month.",
    epilog="""\b
Examples:
  constat report interventions --hospital CH-EXEMPLE --month 2026-11
  constat report interventions --hospital CH-EXEMPLE --month 2026-11 --pdf novembre.pdf
  constat report interventions --hospital CH-EXEMPLE --month 2026-11 -o csv -O novembre.csv
  constat report interventions --hospital CH-EXEMPLE --month 2026-11 -o csv -O novembre.csv \\
      --sent-to dsi@ch-exemple.example

\b
An intervention that lasts over the end of a month is in both months, with how long in each. Of a
month that is over, the same log gives the same CSV, byte for byte, until a name is erased.
Exit codes: 0 done · 2 an option is not right, or FILE cannot be written · 5 no such hospital
· 6 the database cannot be reached, or the month is not over""",
)
@click.option(
    "--hospital",
    "of_hospital",
    metavar="H",
    required=True,
    help="The hospital.",
    shell_complete=completes("hospital"),
)
@month_option(required=True)
@click.option(
    "--sent-to",
    metavar="RECIPIENT",
    help="Seal that the CSV was sent to them: its digest, and what commits to the recipient.",
)
@click.option(
    "-O",
    "--output-file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it into FILE.",
)
@pdf_option
@language
@outputs()
@seals_entries
def report_interventions(  # noqa: PLR0913 - the options of the command
    *,
    of_hospital: str,
    month: date,
    sent_to: str | None,
    file: Path | None,
    pdf: Path | None,
    lang: Language,
    output: Output,
    signatory: Signatory,
) -> None:
    """Print who intervened in a hospital in a month, when, why and how, and when that was sent."""
    if sent_to is not None:
        check_text("--sent-to", sent_to.strip())
        if output is not Output.CSV:
            raise ConfigurationError("--sent-to: what is sent is the CSV: say -o csv")
    at_us = now_us()

    async def work(pool: Pool) -> tuple[MonthOfInterventions, str, str]:
        report = await month_of(pool, of_hospital, month, at_us)
        text = _text(report, output, lang)
        if file is not None:
            _write(file, text)
        digest = ""
        if sent_to is not None:
            sealer, author = sealer_of(signatory.target), signatory.author
            csv, recipient = text.encode(), sent_to.strip()
            digest = await record_sending(pool, sealer, report, csv, recipient, author)
        return report, text, digest

    report, text, digest = on_database(signatory.target, work)
    if pdf is not None:
        from collector.report.as_pdf import interventions_pdf  # noqa: PLC0415 - typst, if drawn

        write_out(pdf, interventions_pdf(report, lang, at_us))
    elif file is None:
        click.echo(text, nl=False)
    if digest:
        click.echo(f"sending of {report.month} sealed, SHA-256 {digest}", err=True)


def _write(file: Path, text: str) -> None:
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise ConfigurationError(f"cannot write {file}: {error.strerror}") from None


def _text(report: MonthOfInterventions, output: Output, lang: Language) -> str:
    match output:
        case Output.JSON:
            return f"{plain_json(interventions_json(report))}\n"
        case Output.CSV:
            return interventions_csv(report, lang)
        case Output.TABLE:
            return "".join(f"{line}\n" for line in interventions_lines(report, lang))
