"""`constat assess`: judge a window from a folder, with no database and no network."""

from pathlib import Path

import click

from collector.cli.options import language
from collector.evidence.folder import read_measurements_file, read_window_file
from collector.judge.assessment import Assessment
from collector.judge.assessment import assess as judge
from collector.judge.verdict import exit_code
from collector.report.durations import Language, duration_text, share_text
from collector.report.notice_words import notice_sentences
from collector.report.words import words_in
from probes.model.complaint import plain_json


@click.command(
    short_help="Judge a window from a folder.",
    epilog="""\b
Examples:
  constat assess MAJ-2026-0142/
  constat assess MAJ-2026-0142/ -o json | jq .duration

\b
Exit codes: 0 compliant · 2 the folder cannot be read · 3 breach · 4 inconclusive or pending
· 5 no such folder or file""",
)
@click.argument("folder", type=click.Path(path_type=Path))
@language
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Some lines for a person, or the object constat.assessment/1.",
)
def assess(folder: Path, output: str, *, lang: Language) -> int:
    """Judge the window that FOLDER describes.

    FOLDER holds window.json or window.yaml, and measurements.ndjson. Nothing else is read: no
    database, no network, no clock.
    """
    window, strangers = read_window_file(folder)
    for key in strangers:
        click.echo(f"constat: {folder}: the key {key} means nothing here, ignored", err=True)
    assessment = judge(window, read_measurements_file(folder))
    if output == "json":
        click.echo(plain_json(assessment.to_json()))
    else:
        click.echo(_summary(assessment, lang))
    return exit_code(assessment.verdict, assessment.notice.verdict)


def _summary(assessment: Assessment, lang: Language) -> str:
    words, window, judged = words_in(lang), assessment.window, assessment.judged
    between = words.between.format(
        lower=duration_text(judged.lower_us, lang), upper=duration_text(judged.upper_us, lang)
    )
    limit = words.limit.format(limit=duration_text(window.limit_us, lang))
    reporting, panel = assessment.coverage.reporting, assessment.coverage.panel
    observed = words.observed.format(share=share_text(assessment.coverage.observed_ppm, lang))
    duration = words.duration_verdict[assessment.verdict]
    rule = words.rule[window.contract.downtime_rule]
    notice = words.notice_verdict[assessment.notice.verdict]
    rows = (
        (words.duration, f"{duration}, {between} ({rule}, {limit})"),
        (words.notice, notice),
        *(("", said) for said in notice_sentences(window, assessment.notice, lang)),
        (words.coverage, f"{words.reporting.format(reporting=reporting, panel=panel)}, {observed}"),
    )
    width = max(len(name) for name, _ in rows)
    return "\n".join((window.id, *(f"{name:{width}}  {said}" for name, said in rows)))
