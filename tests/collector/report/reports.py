"""Reports for tests: a drawn scenario, judged, with surroundings taken from its measurements."""

from collections import defaultdict
from pathlib import Path

from collector.evidence.folder import read_window_file
from collector.judge.assessment import assess
from collector.report.value import Provenance, Report, Surroundings, Vantage
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
            vantages=_vantages(measurements, assessment.panel),
            unestimated=0,
            versions_before=("8.4.1",),
            versions_after=("9.0.0",),
            provenance=Provenance(window=(4, 7), hospital=0, site=1, service=2),
            log_size=12,
            log_chain="ab" * 32,
        ),
    )


def _vantages(measurements: list[Measurement], panel: tuple[str, ...]) -> list[Vantage]:
    seen: dict[str, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        seen[measurement.vantage].append(measurement)
    return [
        Vantage(
            name,
            members[0].kind,
            counts=name in panel,
            imported=False,
            measured=len(members),
            worst_error_us=max(member.clock_error_us for member in members),
        )
        for name, members in seen.items()
    ]
