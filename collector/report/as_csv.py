"""A report as CSV: one line for the window, the same figures as its JSON form."""

import csv
import io
from collections.abc import Iterable, Sequence

from collector.judge.terms import DowntimeRule
from collector.report.value import Report
from probes.model.instant import format_instant


def report_csv(reports: Iterable[Report]) -> str:
    """Return a header and a line for each report; durations in microseconds, instants RFC 3339."""
    rows = [_row(report) for report in reports]
    return table_csv(list(rows[0]) if rows else [], [list(row.values()) for row in rows])


def table_csv(header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table as CSV with one header line, lines ended by a newline only."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return out.getvalue()


def _inert(cell: str | int) -> str | int:
    """Keep a spreadsheet from taking text that came from elsewhere for a formula."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def _row(report: Report) -> dict[str, str | int]:
    assessment, around = report.assessment, report.surroundings
    window, notice, judged = assessment.window, assessment.notice, assessment.judged
    lost = {name for turn in report.turns for name in turn.lost_last}
    back = {name for turn in report.turns for name in turn.back_first}
    figures = {rule: assessment.regulated.figure(rule) for rule in DowntimeRule}
    return {
        "window": window.id,
        "hospital": around.hospital,
        "site": window.site,
        "service": window.service,
        "class": window.service_class.value,
        "status": window.status.value,
        "planned_start": format_instant(window.plan.start, window.zone),
        "planned_end": format_instant(window.plan.end, window.zone),
        "rule": window.contract.downtime_rule.value,
        "limit_us": window.limit_us,
        "lower_us": judged.lower_us,
        "upper_us": judged.upper_us,
        "verdict": assessment.verdict.value,
        "notice": notice.verdict.value,
        "notified_at": _optional(notice.notified_at_us, report),
        **{
            f"{rule}_{bound}": value
            for rule, bounds in figures.items()
            for bound, value in bounds._asdict().items()
        },
        "early_start_upper_us": assessment.regulated.early_start.upper_us,
        "overrun_upper_us": assessment.regulated.overrun.upper_us,
        "outages": len(assessment.timeline.outages),
        "lost_last": " ".join(sorted(lost)),
        "back_first": " ".join(sorted(back)),
        "panel": assessment.coverage.panel,
        "reporting": assessment.coverage.reporting,
        "observed_ppm": assessment.coverage.observed_ppm,
        "worst_clock_error_us": report.worst_error_us,
        **_operation(report),
    }


def _operation(report: Report) -> dict[str, str | int]:
    operation, conduct = report.surroundings.operation, report.surroundings.conduct
    filed = report.surroundings.filed
    precedence = conduct.precedence if conduct else None
    promises = {
        name: promise.keeping.value if promise else ""
        for name, promise in (
            ("hot", conduct.hot if conduct else None),
            ("off_hours", conduct.off_hours if conduct else None),
            ("slots", conduct.slots if conduct else None),
        )
    }
    return {
        "operation": operation.id or "",
        "version_from": operation.version_from or "",
        "version_to": operation.version_to or "",
        "version_kind": operation.version_kind or "",
        "exclusion": operation.exclusion or "",
        "precedence": precedence.verdict.value if precedence else "",
        **promises,
        "prerequisites": len(operation.prerequisites),
        "corrections": len(report.surroundings.corrections),
        "attachments": len(filed.attachments),
        "reservations": len(filed.reservations),
        "notices_by_other_means": len(filed.notices),
    }


def _optional(instant: int | None, report: Report) -> str:
    return "" if instant is None else format_instant(instant, report.assessment.window.zone)
