"""The window of a random world: its plan, its revisions and its contract."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

from tests.oracle.brute_force import Json
from tests.oracle.reading import DAY_US, EPOCH, SECOND_US, Interval, instant

HOUR_US = 3600 * SECOND_US
INTERVALS_S = [1, 10, 10, 30, 60, 60, 300, 900, 3600]
KINDS = ["workstation", "workstation", "server", "external"]
# A change of clocks in each zone that has them, then ordinary days.
NIGHTS = [
    ("Europe/Paris", "2026-10-25T01:00:00+00:00"),
    ("Europe/Paris", "2027-03-28T01:00:00+00:00"),
    ("America/Miquelon", "2026-11-01T04:00:00+00:00"),
    ("America/Miquelon", "2027-03-14T05:00:00+00:00"),
    # Midnight itself does not exist on that Sunday.
    ("America/Havana", "2027-03-14T05:00:00+00:00"),
    ("Europe/Paris", "2026-11-14T21:00:00+00:00"),
    ("Indian/Reunion", "2026-12-24T18:00:00+00:00"),
    ("America/Cayenne", "2026-12-31T23:00:00+00:00"),
    ("Pacific/Noumea", "2026-05-08T10:00:00+00:00"),
    ("Pacific/Marquesas", "2026-07-14T12:00:00+00:00"),
]


def window_of(rng: random.Random) -> tuple[Json, int]:
    """A window, and the interval of its probes in microseconds."""
    zone, night = rng.choice(NIGHTS)
    interval_us = rng.choice(INTERVALS_S) * SECOND_US
    plan = plan_of(rng, instant(night), interval_us)
    window: Json = {
        "id": f"MAJ-2026-{rng.randrange(10_000):04}",
        "service": "dpi",
        "site": "CH-EXEMPLE",
        "timezone": zone,
        "service_class": rng.choice(["strategic", "standard", "low"]),
        "status": rng.choice(["closed"] * 20 + ["announced", "in_progress", "cancelled"]),
        "plan": written(rng, plan),
        "revisions": revisions_of(rng, plan, zone),
        "contract": contract_of(rng, plan, interval_us),
        "checks": checks_of(rng, interval_us),
    }
    if rng.random() < 0.4:
        window["interventions"] = [
            written(rng, shifted(rng, plan, interval_us)) for _ in range(rng.randrange(3))
        ]
    if rng.random() < 0.25:
        window["panel"] = rng.sample(["a", "b", "c", "d", "absent"], rng.randint(1, 4))
    if rng.random() < 0.3:
        window["as_of"] = rfc3339(rng, as_of(rng, plan, interval_us))
    return window, interval_us


def plan_of(rng: random.Random, around: int, interval_us: int) -> Interval:
    grain = rng.choice([HOUR_US // 2, interval_us, SECOND_US, 1])
    start = around + rng.randrange(-12 * HOUR_US, 12 * HOUR_US)
    start -= start % grain
    return Interval(start, start + interval_us * rng.randint(2, 25) + rng.choice([0, 0, 1]))


def shifted(rng: random.Random, plan: Interval, interval_us: int) -> Interval:
    start = plan.start + rng.randint(-10, 10) * interval_us
    return Interval(start, max(start + SECOND_US, plan.end + rng.randint(-10, 10) * interval_us))


def as_of(rng: random.Random, plan: Interval, interval_us: int) -> int:
    base = rng.choice([plan.start, *[plan.end] * 6, plan.start - DAY_US])
    return base + rng.choice(
        [
            rng.randint(-5, 40) * interval_us,
            rng.randrange(-HOUR_US, HOUR_US),
            rng.randrange(2 * DAY_US),
        ]
    )


def revisions_of(rng: random.Random, plan: Interval, zone: str) -> list[Json]:
    notified = sorted(notified_at(rng, plan, zone) for _ in range(rng.choice([0, 1, 1, 2, 3, 4])))
    return [
        {"notified_at": rfc3339(rng, at), **written(rng, announced(rng, plan))} for at in notified
    ]


def notified_at(rng: random.Random, plan: Interval, zone: str) -> int:
    """Some days before the plan; often near a local midnight or while the clocks may change."""
    at = plan.start - rng.randrange(int(8.5 * DAY_US))
    if rng.random() < 0.5:
        local = (EPOCH + dt.timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
        clock = rng.choice([dt.time(), dt.time(1), dt.time(2), dt.time(2, 30), dt.time(15)])
        fold = rng.randrange(2)
        near = dt.datetime.combine(local.date(), clock, ZoneInfo(zone)).replace(fold=fold)
        at = (near.astimezone(dt.UTC) - EPOCH) // dt.timedelta(microseconds=1)
        at += rng.choice([-1, 0, 1, 20 * 60 * SECOND_US])
    return at


def announced(rng: random.Random, plan: Interval) -> Interval:
    """The plan itself, a wider one, or one that does not contain it."""
    hours = [0, 0, 1, 3]
    start = plan.start - rng.choice(hours) * HOUR_US
    end = plan.end + rng.choice(hours) * HOUR_US
    fault = rng.choice([0, 0, 0, 1, SECOND_US])
    return rng.choice(
        [Interval(start, end), Interval(start + fault, end), Interval(start, end - fault)]
    )


def contract_of(rng: random.Random, plan: Interval, interval_us: int) -> Json:
    length = plan.end - plan.start
    limits = [4 * HOUR_US, 8 * HOUR_US, length, length // 2, length // 5, rng.randint(1, length)]
    contract: Json = {
        "max_downtime": {
            name: iso(rng, rng.choice(limits)) for name in ("strategic", "standard", "low")
        },
        "notice": notice_of(rng),
        "holidays": holidays_of(rng, plan),
    }
    holds = [0, 1, interval_us, 2 * interval_us, 3 * interval_us, 300 * SECOND_US, HOUR_US]
    optional: Json = {
        "downtime_rule": rng.choice(["cumulative", "longest", "span"]),
        "return_hold": iso(rng, rng.choice(holds)),
        "quorum": rng.choice([1, 1, 1, 2, 3]),
        "panel_kind": rng.choice(KINDS),
    }
    return contract | {name: term for name, term in optional.items() if rng.random() < 0.8}


def notice_of(rng: random.Random) -> Json:
    unit = rng.choice(["hours", "calendar_days", "business_days", "working_days"])
    notice = {"amount": rng.choice([1, 2, 24, 72]) if unit == "hours" else rng.randint(1, 5)}
    counting = rng.choice([{}, {"counting": "clear_days"}, {"counting": "elapsed"}])
    return {**notice, "unit": unit, **counting}


def holidays_of(rng: random.Random, plan: Interval) -> list[str]:
    start = (EPOCH + dt.timedelta(microseconds=plan.start)).date()
    days = rng.sample(range(-9, 4), rng.choice([0, 0, 1, 2, 4]))
    return [(start + dt.timedelta(days=day)).isoformat() for day in sorted(days)]


def checks_of(rng: random.Random, interval_us: int) -> Json:
    checks: Json = {}
    for name in ["login", "feed"][: rng.randint(1, 2)]:
        own = interval_us * rng.choice([1, 1, 1, 2, 4]) // rng.choice([1, 1, 2])
        checks[name] = {"interval": iso(rng, own)}
        if rng.random() < 0.7:
            checks[name]["max_gap"] = iso(rng, own * rng.choice([2, 3, 3, 4, 6, 10]) // 2)
    return checks


# How the file spells it.


def written(rng: random.Random, plan: Interval) -> Json:
    return {"start": rfc3339(rng, plan.start), "end": rfc3339(rng, plan.end)}


def rfc3339(rng: random.Random, at: int) -> str:
    """The same instant under one of several offsets, without needless zeros."""
    zone = dt.timezone(dt.timedelta(minutes=rng.choice([0, 60, 120, -180, 660, -570])))
    text = (EPOCH + dt.timedelta(microseconds=at)).astimezone(zone).isoformat()
    stem, offset = text[:-6], text[-6:]
    if "." in stem:
        stem = stem.rstrip("0")
    return stem + ("Z" if offset == "+00:00" and rng.random() < 0.5 else offset)


def iso(rng: random.Random, length_us: int) -> str:
    """The same duration in one of several spellings."""
    seconds, fraction = divmod(length_us, SECOND_US)
    decimals = f".{fraction:06}".rstrip("0") if fraction else ""
    if rng.random() < 0.5:
        return f"PT{seconds}{decimals}S"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = [(hours, "H"), (minutes, "M")]
    time = "".join(f"{count}{unit}" for count, unit in clock if count)
    if seconds or decimals:
        time += f"{seconds}{decimals}S"
    date = f"{days}D" if days else ""
    return f"P{date}T{time}" if time else f"P{date or 'T0S'}"
