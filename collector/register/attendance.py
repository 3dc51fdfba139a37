"""What each statement of an intervention asks: one it does not allow is refused, with the reason.

Pure: what is stated, the intervention and the window as they stand, the instants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collector.errors import ConfigurationError, RefusedError
from collector.evidence.names import Person
from collector.judge.terms import WindowStatus
from collector.record.interventions import Mode, NamedIntervention, fields_of, with_fields
from collector.record.steps import RegisteredWindow

LONGEST_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who intervenes, for what and how; it starts now unless an instant of the past is given.

    What is empty was not said. The purpose and the reference stay in the log for ever, the person
    does not.
    """

    hospital: str
    person: Person
    purpose: str
    mode: Mode | None = None
    confidentiality: str = ""
    window: str = ""
    site: str = ""
    at_us: int | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, and what could not be printed on one line."""
        check_text("person", self.person.name)
        check_text("purpose", self.purpose)
        check_text("company", self.person.company, may_be_empty=True)
        check_text("confidentiality", self.confidentiality, may_be_empty=True)


def check_text(what: str, text: str, *, may_be_empty: bool = False) -> None:
    """Refuse a text that says nothing, is no line, or is too long for one."""
    if may_be_empty and not text:
        return
    if not text.strip() or text != text.strip() or not text.isprintable():
        raise ConfigurationError(f"{what}: expected some text on one line")
    if len(text) > LONGEST_TEXT:
        raise ConfigurationError(f"{what}: has more than {LONGEST_TEXT} characters")


def check_begin(window: RegisteredWindow | None, at_us: int, now_us: int) -> None:
    """Refuse an intervention that is still to come, or for a window that is over."""
    _check_past(at_us, now_us)
    if window is not None and window.status in (WindowStatus.CLOSED, WindowStatus.CANCELLED):
        raise RefusedError(
            f"{window.id} is {window.status}: nothing more can be registered for it;"
            " leave out --window"
        )


def check_end(intervention: NamedIntervention, at_us: int, now_us: int) -> None:
    """Refuse to end an intervention twice, or before it started."""
    if intervention.end_us is not None:
        raise RefusedError(
            f"{intervention.id} has ended: to put its end right,"
            f" constat intervention correct {intervention.id}"
        )
    _check_past(at_us, now_us)
    _check_order(intervention.id, intervention.start_us, at_us)


def check_correct(
    intervention: NamedIntervention, new: Mapping[str, str | int], now_us: int
) -> None:
    """Refuse a correction that changes nothing, or makes an intervention that cannot have been."""
    old = fields_of(intervention)
    if all(old.get(name, "") == value for name, value in new.items()):
        raise RefusedError(f"{intervention.id} says so already: nothing to correct")
    if "end_us" in new and intervention.end_us is None:
        raise RefusedError(
            f"{intervention.id} has not ended: constat intervention end {intervention.id}"
        )
    right = with_fields(intervention, new)
    _check_past(max(right.start_us, right.end_us or 0), now_us)
    if right.end_us is not None:
        _check_order(right.id, right.start_us, right.end_us)


def _check_past(at_us: int, now_us: int) -> None:
    if at_us > now_us:
        raise RefusedError("an intervention is registered when it happens: that is still to come")


def _check_order(name: str, start_us: int, end_us: int) -> None:
    if end_us <= start_us:
        raise RefusedError(f"{name}: an intervention ends after it started")
