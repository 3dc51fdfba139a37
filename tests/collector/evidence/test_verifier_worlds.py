"""The second verifier agrees with the main one, and with brute force, on what happened."""

import base64
import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from collector.evidence import verifier
from collector.evidence.verify import verify
from collector.record.import_body import import_bodies
from collector.record.roster import IMPORTED_KIND
from collector.store.pool import Pool
from probes.model.failure import Failure, Operation
from probes.model.instant import HOUR, MINUTE, SECOND
from probes.model.measurement import Measurement, Outcome, VantageKind
from tests.collector.bundles import exported
from tests.collector.bundles import upgraded as upgraded_in_database
from tests.collector.conftest import Clock
from tests.collector.evidence.forging import Forgery
from tests.collector.evidence.resealing import members_of
from tests.collector.evidence.worlds import PLAN, WINDOW, World, checks_at, note_of, parts_of
from tests.oracle import brute_force
from tests.oracle.brute_force import Json
from tests.oracle.reading import read_measurements, read_window
from tests.oracle.worlds import random_world
from tests.servers.timestamps import Authority, pem

Told = Callable[[World], None]


def checked(bundle: bytes, pinned: Json | None = None) -> verifier.Result:
    """What the second verifier finds."""
    return verifier.verify(io.BytesIO(bundle), pinned, lambda _code, _facts: None)


def story(*tell: Told) -> World:
    """A window announced a week before, measured, told more of in between, and exported."""
    world = World()
    world.agree()
    world.announce()
    world.now_us = PLAN.start - HOUR
    sender = world.enrol("poste-01")
    for number in range(12):
        world.measure(sender, *checks_at(number * 600, 60, 10, 20))
    world.now_us = PLAN.end + 30 * MINUTE
    for step in tell:
        step(world)
    world.now_us = PLAN.end + 30 * HOUR
    world.export()
    return world


def said(kind: str, **body: object) -> Told:
    return lambda world: void(world.state(kind, {"window": WINDOW, **body}))


def void(_place: int) -> None:
    """Forget where an entry is."""


def change(field: str, old: object, new: object) -> Json:
    return {"field": field, "old": old, "new": new}


def imported(world: World) -> None:
    measured = [
        Measurement(
            PLAN.start + place * MINUTE,
            1_000,
            outcome,
            "ailleurs",
            "dpi-login",
            VantageKind.SERVER,
            0,
        )
        for place, outcome in enumerate([Outcome.DOWN, Outcome.UP, Outcome.UP, Outcome.DOWN])
    ]
    # The same instant told twice, once with more: nothing but what is left out tells them apart.
    last = measured[-1]
    measured += [
        replace(last, failure=Failure.TIMEOUT, operation=Operation.CONNECT),
        replace(last, outcome=Outcome.UP, version="9.0.0"),
        replace(last, outcome=Outcome.UP),
    ]
    for body, _ in import_bodies(measured, {"dpi-login": 10 * SECOND}, "grafana"):
        world.state(IMPORTED_KIND, body)


def without_calendar(world: World) -> None:
    value = {"name": "Site", "timezone": "Europe/Paris"}
    world.now_us = PLAN.start - MINUTE
    world.state("catalogue.set", {"item": "site", "name": "principal", "value": value})
    world.now_us = PLAN.end + 30 * MINUTE


def shut_out(world: World) -> None:
    world.state("agent.revoked", {"agent": world.senders[0].agent})


STARTED = said("window.started", start_us=PLAN.start)
FINISHED = said("window.finished", end_us=PLAN.end)
CLOSED = said("window.closed")
PERSON = {"person": "00" * 32, "purpose": "version", "site": "principal"}
STORIES: dict[str, tuple[Told, ...]] = {
    "announced only": (),
    "running": (STARTED,),
    "closed": (STARTED, FINISHED, CLOSED),
    "cancelled": (said("window.cancelled"),),
    "moved": (
        said("window.rescheduled", start_us=PLAN.start - HOUR, end_us=PLAN.end),
        said("window.extended", start_us=PLAN.start - HOUR, end_us=PLAN.end + HOUR),
        STARTED,
        FINISHED,
        CLOSED,
    ),
    "started early": (
        said("window.started", start_us=PLAN.start - 90 * MINUTE),
        FINISHED,
        CLOSED,
    ),
    "corrected": (
        STARTED,
        FINISHED,
        CLOSED,
        said(
            "window.corrected",
            reason="typed wrong",
            changes=[
                change("intervention.1.start_us", PLAN.start, PLAN.start + 5 * MINUTE),
                change("intervention.1.end_us", PLAN.end, PLAN.end + 7 * MINUTE),
                change("limit_us", 0, 10 * MINUTE),
            ],
        ),
    ),
    "somebody came": (
        said("intervention.started", intervention="I-1", start_us=PLAN.start - MINUTE, **PERSON),
        said("intervention.ended", intervention="I-1", end_us=PLAN.end + MINUTE),
        said("intervention.started", intervention="I-2", start_us=PLAN.end, **PERSON),
        said(
            "intervention.corrected",
            intervention="I-1",
            reason="typed wrong",
            changes=[change("end_us", PLAN.end + MINUTE, PLAN.end + 2 * MINUTE)],
        ),
        CLOSED,
    ),
    "calendar left out": (without_calendar, STARTED, FINISHED, CLOSED),
    "judged": (
        STARTED,
        FINISHED,
        CLOSED,
        said("window.verdict", assessment={"schema": "constat.assessment/1"}),
    ),
    "imported": (imported, STARTED, FINISHED, CLOSED),
    "shut out": (STARTED, shut_out, FINISHED, CLOSED),
}


@pytest.mark.parametrize("name", STORIES)
def test_both_verifiers_take_the_same_window(name: str) -> None:
    bundle = parts_of(story(*STORIES[name])).sealed()
    assert verify(io.BytesIO(bundle)).fault is None
    assert checked(bundle).fault is None


def test_the_exit_code_is_that_of_the_report() -> None:
    codes = {
        name: verifier.exit_code(checked(parts_of(story(*STORIES[name])).sealed()))
        for name in ("closed", "running", "moved", "corrected")
    }
    # Told a week before: compliant when closed, pending until then. Moved without a new notice
    # in time: a breach of notice; corrected to a limit of ten minutes of twenty: of duration.
    assert codes == {"closed": 0, "running": 4, "moved": 3, "corrected": 3}


async def test_a_bundle_from_a_database_holds(pool: Pool, clock: Clock) -> None:
    where, _ = await upgraded_in_database(pool, clock)
    result = checked(await exported(pool, clock, where))
    assert result.fault is None
    assert verifier.exit_code(result) == 0


@pytest.mark.parametrize("seed", range(40))
def test_random_worlds_are_judged_as_by_brute_force(seed: int) -> None:
    world = random_world(seed)
    assert judged(world.window, list(world.measurements)) == brute_force.assess(*world)


def judged(file: Json, lines: list[Json]) -> Json:
    """Judge a window file by the second verifier, with defaults said as a bundle says them."""
    terms = read_window(file)
    panel = brute_force.panel_of(terms, read_measurements(lines))
    span = brute_force.hull(terms)
    as_of = span.end + verifier.DAY if terms.as_of is None else terms.as_of
    limits = file["contract"]["max_downtime"]
    window = {
        "id": terms.ident,
        "timezone": terms.timezone,
        "status": terms.status,
        "service_class": file["service_class"],
        "as_of": as_of,
        "plan": terms.plan._asdict(),
        "revisions": [
            {"notified_at": each.notified_at, **each.plan._asdict()} for each in terms.revisions
        ],
        "interventions": [each._asdict() for each in terms.interventions],
        "panel": panel,
        "checks": {name: {"max_gap": gap} for name, gap in terms.max_gaps.items()},
        "contract": {
            "max_downtime": {name: verifier.duration(text) for name, text in limits.items()},
            "downtime_rule": terms.rule,
            "return_hold": terms.return_hold,
            "quorum": terms.quorum,
            "notice": terms.notice._asdict(),
            "holidays": file["contract"].get("holidays", []),
        },
    }
    bundle = verifier.Bundle(io.BytesIO(), None)
    bundle.window = window
    horizon = verifier.horizon_of(window)
    for vantage in panel:
        found: dict[tuple[str, str, bool], list[Json]] = {}
        for line in lines:
            end = line["start_us"] + line["duration_us"]
            inside = horizon.start <= line["start_us"] and end <= horizon.end
            if inside and line["vantage"] == vantage and line["check"] in window["checks"]:
                full = {"clock_error_us": 0, **line}
                found.setdefault(("", line["check"], False), []).append(full)
        bundle.judge(found, horizon)
    facts = verifier.hospital_facts(bundle.panel, bundle.downs, terms.quorum, horizon)
    return verifier.assessment(window, facts, bundle.reporting)


def stamped(authority: Authority, late_s: int = 0, **wrong: Any) -> bytes:  # noqa: ANN401 - fields of a token
    """A bundle whose announcement an authority stamped, some seconds after what the log says."""
    said_at = authority.signer.not_valid_before_utc + dt.timedelta(hours=12)
    at = (said_at + dt.timedelta(seconds=late_s)).strftime("%Y%m%d%H%M%SZ").encode()
    size = 0
    token = b""

    def stamp(world: World) -> None:
        nonlocal size, token
        size = len(world.log)
        note = note_of(world, size).text().encode()
        above = [authority.middle]
        made = Forgery(note, authority.signer, authority.signer_key, above, at, **wrong)
        token = made.token()
        body = {
            "size": size,
            "at_us": verifier.instant(said_at.isoformat()),
            "authority": "Horodatage",
            "sha256": sha256(token).hexdigest(),
            "token": base64.b64encode(token).decode(),
        }
        world.state("checkpoint.stamped", body)

    world = story(STARTED, stamp, FINISHED, CLOSED)
    return parts_of(world, older={size: []}, stamps={size: token}).sealed()


def pinning(bundle: bytes, *authorities: Authority) -> Json:
    claimed: Json = json.loads(members_of(bundle)["keys.json"])
    return {**claimed, "authorities": [pem(each.root).decode() for each in authorities]}


@pytest.mark.parametrize("elliptic", [False, True], ids=["rsa", "elliptic"])
def test_a_token_is_verified_up_to_a_pinned_authority(
    *, elliptic: bool, authority: Authority, rsa_authority: Authority
) -> None:
    ours, other = (authority, rsa_authority) if elliptic else (rsa_authority, authority)
    bundle = stamped(ours)
    held = checked(bundle, pinning(bundle, ours))
    assert held.fault is None
    assert dict(held.passed)["timestamp"] == {"tokens": 1, "verified": 1}
    refused = checked(bundle, pinning(bundle, other))
    assert refused.fault == ("timestamp", "no path to a pinned authority")


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"late_s": 1}, "states another time"),
        ({"imprint_oid": "1.3.14.3.2.26"}, "imprint is not SHA-256"),
        ({"without": ["1.2.840.113549.1.9.16.2.47"]}, "no certificate is named"),
        ({"info_version": 2}, "version of the TSTInfo"),
    ],
)
def test_a_token_that_is_wrong_is_refused(
    wrong: Json, where: str, rsa_authority: Authority
) -> None:
    bundle = stamped(rsa_authority, **wrong)
    fault = checked(bundle, pinning(bundle, rsa_authority)).fault
    assert fault is not None
    assert fault[0] == "timestamp"
    assert where in fault[1]
