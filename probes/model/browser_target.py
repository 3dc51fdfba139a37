"""What a browser check does; see `probes.model.target` for what every spec promises."""

from dataclasses import dataclass, fields

from probes.model.http_target import parse_url
from probes.model.target import (
    Pattern,
    Regex,
    require_pattern,
    require_patterns,
    require_positive,
    require_threshold,
)


@dataclass(frozen=True, slots=True)
class Typing:
    """A text to type into the element of a selector; a secret is read from `text_file`."""

    into: str
    text: str = ""
    text_file: str = ""

    def __post_init__(self) -> None:
        """Refuse to type nothing, or two texts."""
        require_pattern("into", self.into)
        if bool(self.text) == bool(self.text_file):
            raise ValueError("text: give text, or else text_file")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a user does: exactly one of these.

    `open` a URL, `type` a text into an element, `press` a key (`Enter`, `Control+A`) where the
    focus is, `click` an element, `wait_for` an element to be shown, `expect` a text to be shown.
    """

    open: str | None = None
    type: Typing | None = None
    press: str | None = None
    click: str | None = None
    wait_for: str | None = None
    expect: Pattern | None = None

    def __post_init__(self) -> None:
        """Refuse none or several things to do, and what cannot be done."""
        given = [option.name for option in fields(self) if getattr(self, option.name) is not None]
        if len(given) != 1:
            raise ValueError("open: give one of open, type, press, click, wait_for or expect")
        if self.open is not None:
            parse_url(self.open)
        for name in ("press", "click", "wait_for", "expect"):
            value = getattr(self, name)
            if value is not None:
                require_pattern(name, value)

    @property
    def does(self) -> str:
        """What it does, in the word of the configuration."""
        return next(
            option.name for option in fields(self) if getattr(self, option.name) is not None
        )


@dataclass(frozen=True, slots=True)
class BrowserSpec:
    """Opens a page in Chromium and goes through it as a user does, to where markers are shown.

    `url` is opened, then come the `steps`; at the end all of `expect_markers` must be shown: they
    are literals or regexes of the text as it is seen, in any frame. Elements are named by CSS
    selectors (or `text=Connexion`). Each step has `step_timeout_ms`. `degraded_markers` shown at
    the end, or steps that take longer than `degraded_after_ms` together, make it `degraded`.
    `maintenance_patterns` and `builtin_maintenance_patterns` are those of http; `version` is a
    regex in the text seen at the end. `locale` is the language asked for; `executable` is the
    browser, where it is not found by itself.
    """

    url: str
    expect_markers: tuple[Pattern, ...]
    steps: tuple[Step, ...] = ()
    step_timeout_ms: int = 5_000
    degraded_markers: tuple[Pattern, ...] = ()
    degraded_after_ms: int | None = None
    maintenance_patterns: tuple[Pattern, ...] = ()
    builtin_maintenance_patterns: bool = True
    version: Regex | None = None
    locale: str = "fr-FR"
    executable: str = ""

    def __post_init__(self) -> None:
        """Refuse a check that asserts nothing."""
        parse_url(self.url)
        if not self.expect_markers:
            raise ValueError("expect_markers: is empty; say what a user finds at the end")
        require_patterns("expect_markers", self.expect_markers)
        require_patterns("degraded_markers", self.degraded_markers)
        require_patterns("maintenance_patterns", self.maintenance_patterns)
        require_positive("step_timeout_ms", self.step_timeout_ms)
        require_threshold("degraded_after_ms", self.degraded_after_ms)
        if self.executable and not self.executable.startswith("/"):
            raise ValueError(f"executable: {self.executable!r} is not an absolute path")
