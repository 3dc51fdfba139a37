"""A letter of the register, put into words: what it is about, as it stood when it was told."""

from collections.abc import Sequence
from datetime import UTC
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from collector.judge.calendar import SiteCalendar
from collector.judge.notice import judge_notice
from collector.letters.mail import Envelope, alarm_mail, notice_mail
from collector.letters.notice_letter import NoticeLetter, Wording
from collector.letters.occasion import Occasion
from collector.letters.outage_letter import OutageLetter, OutageWording
from collector.letters.silence_letter import SilenceLetter, SilenceWording
from collector.record.agreed import Agreed, judged_window
from collector.record.catalogue import ItemKind, hospital_of, site_of
from collector.record.steps import RegisteredWindow, StepKind, StoredStep, window_of
from collector.register.agreements import agreed_for
from collector.register.telling import OCCASIONS
from collector.report.durations import Language
from collector.report.notice_words import notice_sentences
from collector.store.alarms import OUTAGE_DETECTED, OUTAGE_ENDED, alarm_named
from collector.store.catalogue import items_in_force
from collector.store.letters import Letter
from collector.store.pool import Connection
from collector.store.silence_alarms import SILENCE_DETECTED, SILENCE_ENDED, silence_named
from collector.store.tenants import TenantId
from collector.store.windows import list_windows, steps_of
from probes.model.instant import to_datetime
from probes.model.interval import Interval
from probes.model.measurement import VantageKind

AnyWording = Wording | OutageWording | SilenceWording


async def wording_of(
    connection: Connection, letter: Letter, language: Language, acknowledge_url: str = ""
) -> AnyWording:
    """Return what a letter says; it says the same however late it goes out."""
    if Occasion(letter.occasion) in (Occasion.OUTAGE, Occasion.RETURN):
        return OutageWording(await _outage_letter(connection, letter), language)
    if Occasion(letter.occasion) in (Occasion.SILENCE, Occasion.HEARD):
        return SilenceWording(await _silence_letter(connection, letter), language)
    steps = [
        step
        for step in await steps_of(connection, letter.tenant_id, letter.about)
        if step.entry <= letter.step
    ]
    place = letter.tenant_id, letter.tenant
    written = await _letter(connection, place, steps, language, acknowledge_url)
    return Wording(written, language)


def mail_of(wording: AnyWording, envelope: Envelope) -> EmailMessage:
    """Return the e-mail of a letter."""
    if isinstance(wording, Wording):
        return notice_mail(wording, envelope)
    return alarm_mail(wording, envelope)


async def wordings_of(
    connection: Connection, tenant_id: TenantId, tenant: str, since_us: int, language: Language
) -> list[Wording]:
    """Return the last word on each window of a hospital whose plan ends after an instant."""
    wordings = []
    for row in await list_windows(connection, tenant=tenant):
        if row.plan_end > since_us:
            steps = await steps_of(connection, tenant_id, row.id)
            last = max(n for n, step in enumerate(steps) if step.kind in OCCASIONS)
            place = tenant_id, tenant
            written = await _letter(connection, place, steps[: last + 1], language, "")
            wordings.append(Wording(written, language))
    return wordings


async def _letter(
    connection: Connection,
    place: tuple[TenantId, str],
    steps: Sequence[StoredStep],
    language: Language,
    acknowledge_url: str,
) -> NoticeLetter:
    """Return the letter on the last of some steps of a window."""
    tenant_id, tenant = place
    window, step = window_of(tenant, steps), steps[-1]
    if window is None:
        raise AssertionError(step.entry)
    agreed = await agreed_for(connection, tenant_id, tenant, window.service, by_us=step.at_us)
    occasion = OCCASIONS[StepKind(step.kind)]
    return NoticeLetter(
        occasion=occasion,
        window=window.id,
        hospital=tenant,
        hospital_name=agreed.hospital.name,
        product=agreed.product_name or window.service,
        site=agreed.site.name or agreed.service.site or "",
        zone=agreed.zone,
        plan=window.plan,
        sequence=sum(each.kind in OCCASIONS for each in steps) - 1,
        sealed_at_us=step.at_us,
        before=window.revisions[-2].plan if occasion is Occasion.RESCHEDULED else None,
        version_from=window.operation.version_from or "",
        version_to=window.operation.version_to or "",
        notice=() if occasion is Occasion.CANCELLED else _notice(window, agreed, language),
        acknowledge_url=acknowledge_url,
    )


async def _outage_letter(connection: Connection, letter: Letter) -> OutageLetter:
    row = await alarm_named(connection, letter.tenant_id, letter.about)
    if row is None:
        raise AssertionError(letter.letter)
    over = letter.occasion == Occasion.RETURN
    sealed_at_us = row.ended_at_us if over and row.ended_at_us else row.detected_at_us
    agreed = await agreed_for(
        connection, letter.tenant_id, letter.tenant, row.service, by_us=sealed_at_us
    )
    return OutageLetter(
        alarm=row.alarm,
        hospital=letter.tenant,
        hospital_name=agreed.hospital.name,
        product=agreed.product_name or row.service,
        site=agreed.site.name or agreed.service.site or "",
        zone=agreed.zone,
        start_us=row.start_us,
        proven_us=row.proven_us,
        panel=row.panel,
        sealed_at_us=sealed_at_us,
        end_us=row.end_us if over else None,
    )


async def _silence_letter(connection: Connection, letter: Letter) -> SilenceLetter:
    row = await silence_named(connection, letter.tenant_id, letter.about)
    if row is None:
        raise AssertionError(letter.letter)
    over = letter.occasion == Occasion.HEARD
    sealed_at_us = row.ended_at_us if over and row.ended_at_us else row.detected_at_us
    items = await items_in_force(connection, letter.tenant_id, by_us=sealed_at_us)
    named = [hospital_of(item.value).name for item in items if item.kind == ItemKind.HOSPITAL]
    # A vantage point is at no site that the register knows: the clocks are those of the first.
    zones = [site_of(item.value).timezone for item in items if item.kind == ItemKind.SITE]
    return SilenceLetter(
        alarm=row.alarm,
        hospital=letter.tenant,
        hospital_name=named[0] if named else letter.tenant,
        vantage=row.vantage,
        kind=VantageKind(row.kind),
        zone=ZoneInfo(zones[0] if zones else "UTC"),
        since_us=row.since_us,
        sealed_at_us=sealed_at_us,
        heard_us=row.heard_us if over else None,
    )


def event_of(wording: AnyWording) -> tuple[str, dict[str, Any]]:
    """Return the type of event a program is told of, and its data: instants in RFC 3339, UTC."""
    if isinstance(wording, OutageWording):
        return _outage_event(wording.letter)
    if isinstance(wording, SilenceWording):
        return _silence_event(wording.letter)
    letter = wording.letter
    data: dict[str, Any] = {
        "window": letter.window,
        "hospital": letter.hospital,
        "product": letter.product,
        "site": letter.site,
        "sequence": letter.sequence,
        "plan": _plan(letter.plan),
        "before": _plan(letter.before) if letter.before else None,
        "versions": {"from": letter.version_from or None, "to": letter.version_to or None},
        "sealed_at": _instant(letter.sealed_at_us),
    }
    return f"window.{letter.occasion}", data


def _outage_event(letter: OutageLetter) -> tuple[str, dict[str, Any]]:
    data: dict[str, Any] = {
        "alarm": letter.alarm,
        "hospital": letter.hospital,
        "product": letter.product,
        "site": letter.site,
        "down_since": _instant(letter.start_us),
        "back_at": None if letter.end_us is None else _instant(letter.end_us),
        "proven_us": letter.proven_us,
        "sealed_at": _instant(letter.sealed_at_us),
    }
    return OUTAGE_DETECTED if letter.end_us is None else OUTAGE_ENDED, data


def _silence_event(letter: SilenceLetter) -> tuple[str, dict[str, Any]]:
    data: dict[str, Any] = {
        "alarm": letter.alarm,
        "hospital": letter.hospital,
        "vantage": letter.vantage,
        "kind": letter.kind.value,
        "silent_since": _instant(letter.since_us),
        "heard_at": None if letter.heard_us is None else _instant(letter.heard_us),
        "sealed_at": _instant(letter.sealed_at_us),
    }
    return SILENCE_DETECTED if letter.heard_us is None else SILENCE_ENDED, data


def _plan(plan: Interval) -> dict[str, str]:
    return {"start": _instant(plan.start), "end": _instant(plan.end)}


def _instant(instant: int) -> str:
    return to_datetime(instant, UTC).isoformat()


def _notice(window: RegisteredWindow, agreed: Agreed, language: Language) -> tuple[str, ...]:
    """Return the sentences on the notice, judged for the start that is planned."""
    judged = judged_window(window, agreed, (), window.announced_at_us)
    terms = judged.contract
    calendar = SiteCalendar(judged.zone, terms.holidays)
    notice = judge_notice(judged.revisions, judged.plan, None, terms.notice, calendar)
    return tuple(notice_sentences(judged, notice, language))
