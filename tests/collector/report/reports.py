"""Reports for tests: a drawn scenario, judged, with surroundings taken from its measurements."""

from collections import defaultdict
from pathlib import Path

from collector.evidence.folder import read_window_file
from collector.judge.assessment import CheckSpans, assess
from collector.judge.timeline import spans_of
from collector.report.value import Provenance, Report, Roster, Surroundings
from probes.model.measurement import Measurement
from tests.scenarios.axis import read_axis

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def report_of(scenario: str) -> Report:
    """Return the report of a scenario by its name."""
    folder = SCENARIOS / scenario
    window, _ = read_window_file(folder)
    measurements = list(read_axis(folder / "axis.txt"))
    assessment = assess(window, measurements)
    return Report(
        assessment,
        Surroundings(
            hospital="CH-EXEMPLE",
            hospital_name="Centre hospitalier d'Exemple",
            product="Dossier patient",
            fixed_at_us=window.hull.start,
            announced_at_us=window.revisions[0].notified_at_us or 0 if window.revisions else 0,
            as_of_us=window.horizon.end,
            roster=Roster(
                {measurement.vantage: measurement.kind for measurement in measurements},
                frozenset(),
            ),
            versions_before=("8.4.1",),
            versions_after=("9.0.0",),
            provenance=Provenance(window=(4, 7), hospital=0, site=1, service=2),
            log_size=12,
            log_root="ab" * 32,
        ),
        [
            CheckSpans(vantage, check, spans_of(members, window.max_gaps_us[check]))
            for (vantage, check), members in _series(measurements).items()
            if check in window.max_gaps_us
        ],
    )


def _series(measurements: list[Measurement]) -> dict[tuple[str, str], list[Measurement]]:
    series: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        series[measurement.vantage, measurement.check].append(measurement)
    return series
