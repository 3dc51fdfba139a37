"""Letters for the tests: one window announced, moved and cancelled."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from collector.letters.mail import Envelope
from collector.letters.notice_letter import NoticeLetter
from collector.letters.occasion import Occasion
from collector.letters.outage_letter import OutageLetter
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval

PLAN = Interval(
    parse_instant("2026-11-14T22:00:00+01:00"), parse_instant("2026-11-15T02:00:00+01:00")
)
LATER = Interval(PLAN.start + 24 * HOUR, PLAN.end + 24 * HOUR)
ANNOUNCED = NoticeLetter(
    occasion=Occasion.ANNOUNCED,
    window="MAJ-2026-0142",
    hospital="CH-EXEMPLE",
    hospital_name="Centre hospitalier d'Exemple",
    product="Dossier patient",
    site="Site principal",
    zone=ZoneInfo("Europe/Paris"),
    plan=PLAN,
    sequence=0,
    sealed_at_us=parse_instant("2026-11-08T19:58:00+01:00"),
    version_from="1.8.4",
    version_to="2.0.0",
    notice=("3 jours francs, début au plus tôt le jeudi 12 novembre 2026 à 00 h 00 (CET)",),
    acknowledge_url="https://constat.example/ack/abc",
)
MOVED = replace(ANNOUNCED, occasion=Occasion.RESCHEDULED, plan=LATER, before=PLAN, sequence=1)
CANCELLED = replace(MOVED, occasion=Occasion.CANCELLED, before=None, sequence=2)
ENVELOPE = Envelope(
    sender="constat@editeur.example",
    recipient="dsi@ch-exemple.example",
    recipient_name="Hélène Martin",
    message_id="<1.MAJ-2026-0142@editeur.example>",
    at_us=ANNOUNCED.sealed_at_us,
)
OUTAGE = OutageLetter(
    alarm="dpi-20261109T120100Z",
    hospital="CH-EXEMPLE",
    hospital_name="Centre hospitalier d'Exemple",
    product="Dossier patient",
    site="Site principal",
    zone=ZoneInfo("Europe/Paris"),
    start_us=PLAN.start,
    proven_us=HOUR,
    panel=3,
    sealed_at_us=PLAN.end,
)
