"""`constat assess`: judge a window from a folder, with no database and no network."""

import json
from pathlib import Path

import click

from collector.evidence.folder import read_measurements_file, read_window_file
from collector.judge.assessment import Assessment
from collector.judge.assessment import assess as judge
from collector.judge.verdict import exit_code
from probes.model.instant import format_duration


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
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Four lines for a person, or the object constat.assessment/1.",
)
def assess(folder: Path, output: str) -> int:
    """Judge the window that FOLDER describes.

    FOLDER holds window.json or window.yaml, and measurements.ndjson. Nothing else is read: no
    database, no network, no clock.
    """
    window, strangers = read_window_file(folder)
    for key in strangers:
        click.echo(f"constat: {folder}: the key {key} means nothing here, ignored", err=True)
    assessment = judge(window, read_measurements_file(folder))
    if output == "json":
        click.echo(json.dumps(assessment.to_json(), ensure_ascii=False))
    else:
        click.echo(_summary(assessment))
    return exit_code(assessment.verdict, assessment.notice.verdict)


def _summary(assessment: Assessment) -> str:
    bounds, rule = assessment.judged, assessment.window.contract.downtime_rule
    coverage = assessment.coverage
    return "\n".join(
        (
            f"window    {assessment.window.id}",
            (
                f"duration  {assessment.verdict}: {rule} between {format_duration(bounds.lower_us)}"
                f" and {format_duration(bounds.upper_us)},"
                f" limit {format_duration(assessment.window.limit_us)}"
            ),
            f"notice    {assessment.notice.verdict}",
            (
                f"coverage  {coverage.reporting} of {coverage.panel} vantage points reported,"
                f" {coverage.observed_ppm / 10_000:.2f} % of the window observed"
            ),
        )
    )
