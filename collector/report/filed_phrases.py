"""The sentences about documents, réserves and given notices: what the screen, or a page, lays out.

A réserve is printed word for word, with the verdict; who says it is named, or by
the commitment in the log when the name was erased or is not told.
"""

from collections.abc import Iterator
from typing import NamedTuple

from collector.record.documents import Attachment, Reservation
from collector.report.filed_words import filed_words_in
from collector.report.phrases import Phrases
from collector.report.value import Filed, FiledNotice

_DIGITS_SHOWN = 16


class Said(NamedTuple):
    """A réserve: when and by whom, and its text."""

    heading: str
    text: str


class FiledPhrases:
    """The sentences about what was filed on a window, in the language of its other sentences."""

    def __init__(self, filed: Filed, phrases: Phrases) -> None:
        """Speak of these as those phrases do."""
        self._filed = filed
        self._phrases = phrases
        self.words = filed_words_in(phrases.language)

    def reservations(self) -> list[Said]:
        """Say each réserve."""
        return [Said(self._heading(each), each.text) for each in self._filed.reservations]

    def facts(self) -> Iterator[tuple[str, str]]:
        """Say each notice given by other means, then each document."""
        for filed in self._filed.notices:
            yield self.words.notice, self._notice(filed)
        for attachment in self._filed.attachments:
            yield self.words.attachment, self._attachment(attachment)

    def _heading(self, reservation: Reservation) -> str:
        instant = self._phrases.instant(reservation.at_us)
        if not reservation.by:
            return self.words.said_at.format(instant=instant)
        names = ", ".join(self._name(each) for each in reservation.by)
        return self.words.said_by.format(instant=instant, names=names)

    def _name(self, standing: str) -> str:
        digits = standing[:_DIGITS_SHOWN]
        return self._filed.names.get(standing) or self.words.person.format(digits=digits)

    def _notice(self, filed: FiledNotice) -> str:
        given, words, instant = filed.given, self.words, self._phrases.instant
        said = [
            words.registered.format(means=words.means[given.means], instant=instant(given.at_us))
        ]
        if given.claimed_us is not None:
            said.append(words.claimed.format(instant=instant(given.claimed_us)))
        if filed.announced_us is None:
            said.append(words.begun)
        else:
            said.append(words.announced.format(instant=instant(filed.announced_us)))
        return " · ".join(said)

    def _attachment(self, attachment: Attachment) -> str:
        said = (
            self.words.kind[attachment.kind],
            attachment.title,
            attachment.name,
            self.words.bytes.format(size=attachment.size),
            f"SHA-256 {attachment.sha256[:_DIGITS_SHOWN]}",
            self._phrases.instant(attachment.at_us),
        )
        return " · ".join(part for part in said if part)
