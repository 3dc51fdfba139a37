"""A hospital with as many workstations as a test asks for, drawn by a fixed hand."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from collector.evidence.folder import read_window_file
from collector.judge.assessment import CheckSpans, assess
from collector.judge.operation import Instance, Operation, VersionKind
from collector.judge.timeline import spans_of
from collector.report.value import HeldKey, KeyHolder, Report, Roster, Surroundings
from probes.model.failure import Failure
from probes.model.instant import HOUR, MINUTE, SECOND
from probes.model.interval import Interval
from probes.model.measurement import Measurement, Outcome, VantageKind
from tests.collector.report.reports import SCENARIOS, report_of

WORLD: Final = "three_workstations_down_together_are_judged_on_the_first_one_back"
CHECK: Final = "dpi-login"
WARDS: Final = ("accueil", "urgences", "labo", "bloc", "pharmacie", "cardio", "reanimation")
_MAX_GAP_US: Final = 180 * SECOND


def hospital(count: int, wards: Sequence[str] = WARDS) -> Report:
    """Return the report on an update that all workstations lost for some three hours.

    Every fifth one fell silent for an hour of it, and every seventh after it.
    """
    window, _ = read_window_file(SCENARIOS / WORLD)
    names = [f"{wards[number % len(wards)]}-{number + 1:02d}" for number in range(count)]
    start = window.plan.start
    window = replace(
        window,
        id="MAJ-2026-0142",
        panel=tuple(names),
        max_gaps_us={CHECK: _MAX_GAP_US},
        interventions=(
            Interval(start + 5 * MINUTE, start + 55 * MINUTE),
            Interval(start + 75 * MINUTE, start + 130 * MINUTE),
        ),
    )
    series = _series(names, start)
    spans = [
        CheckSpans(name, CHECK, spans_of(members, _MAX_GAP_US)) for name, members in series.items()
    ]
    assessment = assess(window, [each for members in series.values() for each in members])
    return Report(assessment, _surroundings(names), spans)


def _series(names: Sequence[str], start: int) -> dict[str, list[Measurement]]:
    draw = random.Random(1)
    series: dict[str, list[Measurement]] = defaultdict(list)
    for number, name in enumerate(names):
        lost = start + draw.randrange(1_800) * SECOND
        back = start + 3 * HOUR + draw.randrange(3_000) * SECOND
        for at in range(start - 2 * HOUR, start + 6 * HOUR, MINUTE):
            silent = number % 5 == 4 and lost + HOUR < at < lost + 2 * HOUR
            if silent or (number % 7 == 3 and at > start + 4 * HOUR):
                continue
            down = lost <= at < back
            series[name].append(
                Measurement(
                    start_us=at,
                    duration_us=180_000,
                    outcome=Outcome.DOWN if down else Outcome.UP,
                    vantage=name,
                    check=CHECK,
                    clock_error_us=12_000,
                    failure=Failure.CONNECTION_REFUSED if down else None,
                )
            )
    return series


def _surroundings(names: Sequence[str]) -> Surroundings:
    return replace(
        report_of(WORLD).surroundings,
        roster=Roster(dict.fromkeys(names, VantageKind.WORKSTATION), frozenset()),
        operation=Operation(
            id="OP-2026-17",
            version_from="8.4.1",
            version_to="9.0.0",
            version_kind=VersionKind.MAJOR,
            instance=Instance.DEDICATED,
            prerequisites=("réseau du bâtiment C",),
        ),
        finess="750712184",
        site_name="Site Nord",
        vendor="Logiciels Exemple SAS",
        penalties=True,
        keys=(
            HeldKey(KeyHolder.LOG, "", "5f" * 16, 0),
            *(
                HeldKey(KeyHolder.AGENT, name, f"{number:02x}" * 16, number + 4)
                for number, name in enumerate(names)
            ),
            HeldKey(KeyHolder.WITNESS, "temoin.ch-exemple.example", "9ab3c1d0", 41),
        ),
    )
