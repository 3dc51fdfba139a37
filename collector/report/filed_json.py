"""What was stated of a window beside its steps, as fields of the report's JSON object."""

from collector.record.documents import Attachment, Reservation
from collector.report.value import Filed, FiledNotice
from probes.model.canonical import JsonValue


def filed_json(filed: Filed) -> dict[str, JsonValue]:
    """Return the documents, the réserves and the notices given by other means.

    Who says a réserve is the commitment that the log holds: an auditor makes this object again.
    """
    return {
        "attachments": [_attachment(each) for each in filed.attachments],
        "reservations": [_reservation(each) for each in filed.reservations],
        "notices_by_other_means": [_notice(each) for each in filed.notices],
    }


def _attachment(attachment: Attachment) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {
        "entry": attachment.entry,
        "at_us": attachment.at_us,
        "kind": attachment.kind.value,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
    }
    return {**stated, "title": attachment.title} if attachment.title else stated


def _reservation(reservation: Reservation) -> dict[str, JsonValue]:
    return {
        "entry": reservation.entry,
        "at_us": reservation.at_us,
        "text": reservation.text,
        "by": [*reservation.by],
    }


def _notice(filed: FiledNotice) -> dict[str, JsonValue]:
    given = filed.given
    stated: dict[str, JsonValue] = {
        "entry": given.entry,
        "at_us": given.at_us,
        "means": given.means.value,
        "sha256": given.sha256,
        "start_us": given.plan.start,
        "end_us": given.plan.end,
    }
    if given.claimed_us is not None:
        stated["claimed_us"] = given.claimed_us
    if filed.announced_us is not None:
        stated["announced_at_us"] = filed.announced_us
    return stated
