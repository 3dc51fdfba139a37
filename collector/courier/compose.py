"""A letter of the register, put into words: the window as it stood when the step was taken."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from collector.judge.calendar import SiteCalendar
from collector.judge.notice import judge_notice
from collector.letters.notice_letter import NoticeLetter, Occasion, Wording
from collector.register.agreed import Agreed, agreed_for, judged_window
from collector.register.steps import RegisteredWindow, StepKind, window_of
from collector.register.telling import OCCASIONS
from collector.report.durations import Language
from collector.report.notice_words import notice_sentences
from collector.store.letters import Letter
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from collector.store.windows import StoredStep, list_windows, steps_of
from probes.model.instant import to_datetime
from probes.model.interval import Interval


async def wording_of(
    connection: Connection, letter: Letter, language: Language, acknowledge_url: str
) -> Wording:
    """Return what a letter says; it says the same however late it goes out."""
    steps = [
        step
        for step in await steps_of(connection, letter.tenant_id, letter.window_id)
        if step.entry <= letter.step
    ]
    place = letter.tenant_id, letter.tenant
    written = await _letter(connection, place, steps, language, acknowledge_url)
    return Wording(written, language)


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


def event_data(wording: Wording) -> dict[str, Any]:
    """Return what a program is told of a letter: instants in RFC 3339, UTC."""
    letter = wording.letter
    return {
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
