"""The sentences about an operation and its conduct: what the screen, and later a page, lays out."""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from collector.judge.conduct import Keeping, Precedence, Promise
from collector.judge.notice import NoticeVerdict
from collector.judge.operation import Change, Correction
from collector.record.interventions import Mode
from collector.report.intervention_words import intervention_words_in
from collector.report.operation_words import operation_words_in
from collector.report.phrases import Phrases
from collector.report.value import Report


class Tone(Enum):
    """How a word is to look."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"


class Promised(NamedTuple):
    """Something promised, asked or published: the word for what became of it, and why."""

    title: str
    word: str
    tone: Tone
    line: str


_TONES = {
    Keeping.KEPT: Tone.GOOD,
    Keeping.BROKEN: Tone.BAD,
    Keeping.INCONCLUSIVE: Tone.OPEN,
    Keeping.PENDING: Tone.OPEN,
    Keeping.UNDECLARED: Tone.OPEN,
}


class OperationPhrases:
    """The sentences about the operation of one report, in the language of its other sentences."""

    def __init__(self, report: Report, phrases: Phrases) -> None:
        """Speak of this report as these phrases do."""
        self._report = report
        self._around = report.surroundings
        self._phrases = phrases
        self.words = operation_words_in(phrases.language)

    def described(self) -> str:
        """Say what was announced of the operation; nothing when nothing was."""
        operation, words = self._around.operation, self.words
        said = [operation.id or ""]
        if operation.version_from or operation.version_to:
            old, new = operation.version_from or "?", operation.version_to or "?"
            said.append(words.version.format(old=old, new=new))
        if operation.version_kind:
            said.append(words.version_kind[operation.version_kind])
        if operation.exclusion:
            said.append(words.excluded.format(reason=words.exclusion[operation.exclusion]))
        if operation.instance:
            said.append(words.instance[operation.instance])
        said.append(words.pilot if operation.pilot else "")
        if operation.limit_us is not None:
            limit = self._phrases.duration_of(operation.limit_us)
            said.append(words.agreed_limit.format(limit=limit))
        return " · ".join(part for part in said if part)

    def attended(self) -> Iterator[tuple[str, str]]:
        """Say of each intervention of a person when it was; then who it was and what for."""
        words, identities = intervention_words_in(self._phrases.language), self._around.identities
        for made, when in self._report.attended:
            open_yet = f"{self._phrases.instant(when.start)} → {words.open}"
            yield made.id, open_yet if made.end_us is None else self._phrases.interval(when)
            who = words.sealed.format(commitment=made.person[:16])
            if identities is not None:
                who = words.who(identities.get(made.person))
            mode = words.mode[made.mode] if made.mode else ""
            said = (who, mode, made.purpose, made.confidentiality)
            yield words.intervener, " · ".join(part for part in said if part)

    def promises(self) -> Iterator[Promised]:
        """Say what became of each thing promised, asked or published."""
        conduct, words = self._around.conduct, self.words
        if conduct is None:
            return
        if conduct.precedence is not None:
            yield self._precedence(conduct.precedence)
        if conduct.hot is not None:
            yield self._promise(words.hot, conduct.hot, words.proven_down, lower=True)
        if conduct.off_hours is not None:
            undeclared = conduct.off_hours.keeping is Keeping.UNDECLARED
            line = words.no_opening_hours if undeclared else words.while_open
            yield self._promise(words.off_hours, conduct.off_hours, line)
        if conduct.slots is not None:
            yield self._promise(words.slots, conduct.slots, words.outside_slots)

    def outside_plan(self) -> Iterator[tuple[str, str]]:
        """Say what there was before the announced start and after the announced end, if any."""
        conduct, words = self._around.conduct, self.words
        if conduct is None:
            return
        for title, bounds in (
            (words.early_start, conduct.early_start),
            (words.overrun, conduct.overrun),
        ):
            if bounds.upper_us or bounds.lower_us:
                yield title, self._phrases.bounds(bounds)

    def unmet(self) -> str:
        """Say which prerequisites were declared unmet, and that they change nothing."""
        unmet = self._around.operation.prerequisites
        if not unmet:
            return ""
        return self.words.without_effect.format(prerequisites=", ".join(unmet))

    def corrections(self) -> Iterator[str]:
        """Say each correction: when, by whom, what before and after, and why."""
        return map(self._correction, self._around.corrections)

    def _precedence(self, precedence: Precedence) -> Promised:
        words, instant = self.words, self._phrases.instant
        start, given = instant(precedence.judged_start_us), precedence.given_at_us
        if given is None:
            line = (words.never_given if precedence.is_due else words.not_due).format(start=start)
        elif precedence.verdict is NoticeVerdict.RESPECTED:
            line = words.given_before.format(given=instant(given), start=start)
        else:
            late = self._phrases.duration_of(given - precedence.judged_start_us)
            line = words.given_after.format(given=instant(given), late=late, start=start)
        tone = Tone.BAD if precedence.is_due else Tone.OPEN
        if precedence.verdict is NoticeVerdict.RESPECTED:
            tone = Tone.GOOD
        word = self._phrases.words.notice_verdict[precedence.verdict]
        return Promised(words.duty[precedence.duty], word, tone, line)

    def _promise(self, title: str, promise: Promise, line: str, *, lower: bool = False) -> Promised:
        length = (
            self._phrases.duration_of(promise.against.lower_us)
            if lower
            else self._phrases.bounds(promise.against)
        )
        word = self.words.keeping[promise.keeping]
        return Promised(title, word, _TONES[promise.keeping], line.format(length=length))

    def _correction(self, correction: Correction) -> str:
        return self.words.corrected.format(
            instant=self._phrases.instant(correction.at_us),
            author=correction.author,
            changes=", ".join(self._change(change) for change in correction.changes),
            reason=correction.reason,
        )

    def _change(self, change: Change) -> str:
        _, _, numbered = change.field.partition(".")
        number, _, bound = numbered.partition(".")
        field = bound or change.field
        name = self.words.field[field].format(number=number)
        return f"{name} {self._value(field, change.old)} → {self._value(field, change.new)}"

    def _value(self, field: str, value: str | int | list[str]) -> str:
        words, phrases = self.words, self._phrases
        if value in ("", []):
            return words.none
        if isinstance(value, bool):
            return words.yes
        if isinstance(value, int):
            return phrases.duration_of(value) if field == "limit_us" else phrases.instant(value)
        if isinstance(value, list):
            return ", ".join(value)
        if field == "mode":
            return intervention_words_in(phrases.language).mode[Mode(value)]
        return words.member(field, value)
