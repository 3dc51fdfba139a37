"""What is stated of a window beside its steps: documents, réserves, notices given by other means.

It is sealed like a step, and never changes a figure or a verdict. Documents and réserves come when
they come, after the window was closed or cancelled too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from collector.judge.notice import notice_that_counts
from collector.record.steps import RegisteredWindow, StoredStep
from probes.model.interval import Interval

ATTACHMENT_ADDED: Final = "attachment.added"
RESERVATION_MADE: Final = "reservation.made"
NOTICE_REGISTERED: Final = "notice.registered"
DOCUMENT_KINDS: Final = (ATTACHMENT_ADDED, RESERVATION_MADE, NOTICE_REGISTERED)


class AttachmentKind(StrEnum):
    """What a document is; the first two are evidence the referential asks for (§4.2.4)."""

    MIGRATION_REPORT = "migration-report"
    SYSTEM_LOG = "system-log"
    AUTHORISATION = "authorisation"
    MINUTES = "minutes"
    NOTICE = "notice"
    OTHER = "other"


class Means(StrEnum):
    """How a notice was given that did not go out from here."""

    LETTER = "letter"
    EMAIL = "email"
    MEETING = "meeting"
    PHONE = "phone"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document of a window. What is sealed is its digest; `media_type` is what its bytes say."""

    entry: int
    at_us: int
    kind: AttachmentKind
    name: str
    media_type: str
    size: int
    sha256: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """The hospital's own statement; `by` are the commitments of those who say it."""

    entry: int
    at_us: int
    text: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenNotice:
    """A notice that was given by other means, proven by a document, of the plan as it was then.

    It counts from `at_us`, when it was registered. `claimed_us` is when it is said to have been
    given; nothing is computed from it.
    """

    entry: int
    at_us: int
    means: Means
    sha256: str
    plan: Interval
    claimed_us: int | None = None


class Documents(NamedTuple):
    """All that was stated of one window beside its steps, in the order of the log."""

    attachments: tuple[Attachment, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    notices: tuple[GivenNotice, ...] = ()

    def known_at(self, as_of_us: int) -> "Documents":
        """Return those that had been stated by an instant."""
        return Documents(
            tuple(each for each in self.attachments if each.at_us <= as_of_us),
            tuple(each for each in self.reservations if each.at_us <= as_of_us),
            tuple(each for each in self.notices if each.at_us <= as_of_us),
        )


NO_DOCUMENTS: Final = Documents()


def documents_of(stated: Iterable[StoredStep]) -> Documents:
    """Return what entries of these kinds state of a window, in their order."""
    said = [*stated]
    return Documents(
        tuple(_attachment(each) for each in said if each.kind == ATTACHMENT_ADDED),
        tuple(_reservation(each) for each in said if each.kind == RESERVATION_MADE),
        tuple(_given_notice(each) for each in said if each.kind == NOTICE_REGISTERED),
    )


def announced_before(given: GivenNotice, window: RegisteredWindow) -> int | None:
    """Return when the notice of a plan counted from as another was registered; None for never.

    A window is announced before anything can be registered of it, so an announcement always counts
    from an earlier instant than a notice that is registered later. Only a window declared once it
    had begun has no announcement that counts, and a notice registered later than that is no notice
    either (rules, section 8). Registering one can therefore never change a verdict.
    """
    known = [
        revision
        for revision in window.revisions
        if revision.notified_at_us is None or revision.notified_at_us <= given.at_us
    ]
    return notice_that_counts(known, given.plan)


def _attachment(stated: StoredStep) -> Attachment:
    body = stated.body
    return Attachment(
        stated.entry,
        stated.at_us,
        AttachmentKind(body["kind"]),
        body["name"],
        body["media_type"],
        body["size"],
        body["sha256"],
        body.get("title", ""),
    )


def _reservation(stated: StoredStep) -> Reservation:
    return Reservation(stated.entry, stated.at_us, stated.body["text"], tuple(stated.body["by"]))


def _given_notice(stated: StoredStep) -> GivenNotice:
    body = stated.body
    return GivenNotice(
        stated.entry,
        stated.at_us,
        Means(body["means"]),
        body["document"],
        Interval(body["start_us"], body["end_us"]),
        body.get("claimed_us"),
    )
