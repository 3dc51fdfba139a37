r"""What a page must say to be a maintenance page, in French and in English.

The patterns are whole statements in the present tense, looked for in the text a person would see. A
menu that offers "tickets de maintenance", an announcement ("sera en maintenance dimanche") and a
condition ("si le site est en maintenance, appelez…") make no maintenance page.

A **certain** sign is a failure by itself, even where all that was expected is on the page. A
**likely** one (the words, but no statement) only names a failure that the expectations found, and a
**possible** one ("momentanément indisponible", "we'll be back soon") only where the status was an
expected one: an error page says such things too, and then its status says more.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple


class Certainty(StrEnum):
    """How much a sign proves."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Sign(NamedTuple):
    """A pattern that a page satisfied, by its own name: never the words of the page."""

    name: str
    certainty: Certainty


def sign_of_maintenance(page: str) -> Sign | None:
    """Return the strongest sign of maintenance on a page, or None."""
    lowered = page.lower()
    if not any(stem in lowered for stem in _STEMS):
        return None
    text, titles = _read(page)
    passages = list(islice(_passages(text), _MOST_PASSAGES))
    for name, statement in _CERTAIN.items():
        if any(_states(statement, passage) for passage in passages):
            return Sign(name, Certainty.CERTAIN)
    for name, wording in _TITLE_WORDINGS.items():
        if any(wording.fullmatch(title) for title in titles):
            return Sign(name, Certainty.CERTAIN)
    for certainty, wordings in ((Certainty.LIKELY, _LIKELY), (Certainty.POSSIBLE, _POSSIBLE)):
        for name, wording in wordings.items():
            if any(wording.search(passage) for passage in passages):
                return Sign(name, certainty)
    return None


def _passages(text: str) -> Iterator[str]:
    """Yield the surroundings of every stem: the only places where a pattern can be found."""
    for stem in _STEMS:
        at = text.find(stem)
        while at >= 0:
            yield text[max(0, at - _REACH) : at + _REACH]
            at = text.find(stem, at + _REACH // 2)


def _states(statement: re.Pattern[str], passage: str) -> bool:
    """Return whether a passage states something, rather than supposes it."""
    for match in statement.finditer(passage):
        start = max(passage.rfind(end, 0, match.start()) for end in (". ", "! ", "? ")) + 1
        if _CONDITION.search(passage, start, match.end()) is None:
            return True
    return False


def _read(page: str) -> tuple[str, list[str]]:
    """Return the text that is seen of a page, and the parts of its titles, both folded."""
    words: list[str] = []
    titles: list[str] = []
    title: list[str] | None = None
    for tag, text in _shown(page):
        if tag in _TITLES:
            title = []
        if title is not None and tag.startswith("/") and tag[1:] in _TITLES:
            titles.append(_folded("".join(title)))
            title = None
        if title is not None:
            title.append(text)
        words.append(f" . {text}" if tag.lstrip("/") in _BLOCKS else text)
    parts = [part.strip(" .!") for title in titles for part in _TITLE_SEPARATOR.split(title)]
    return _folded("".join(words)), parts


def _shown(page: str) -> Iterator[tuple[str, str]]:
    """Yield each tag that is shown, by its name, with the text up to the next one.

    One pass over the pieces between `<`: a pattern that spans tags would take quadratic time on a
    page that never closes them.
    """
    first, *pieces = page.split("<")
    yield "", first
    hidden_by = ""
    for piece in pieces:
        match = _TAG.match(piece)
        tag = match[0].lower() if match else ""
        if not hidden_by and tag in _HIDDEN:
            hidden_by = tag
        if not hidden_by:
            yield tag, piece.partition(">")[2] if tag else f"<{piece}"
        elif hidden_by == _COMMENT:
            _, end, text = piece.partition("-->")
            if end:
                hidden_by = ""
                yield "", text
        elif tag == f"/{hidden_by}":
            hidden_by = ""
            yield tag, piece.partition(">")[2]


def _folded(text: str) -> str:
    """Return a text in lower case and ASCII, its accents and entities resolved, spaces single."""
    for sign, plain in _LOOKALIKES:
        text = text.replace(sign, plain)
    plain = unicodedata.normalize("NFKD", html.unescape(text).lower())
    return " ".join(plain.encode("ascii", "ignore").decode().split())


_TAG: Final = re.compile(r"!--|/?[a-z][a-z0-9]*|[!?]", re.IGNORECASE)
_COMMENT: Final = "!--"
_HIDDEN: Final = frozenset({_COMMENT, "noscript", "script", "style", "template"})
_TITLES: Final = frozenset({"h1", "title"})
_BLOCKS: Final = frozenset(
    {"button", "dd", "div", "dt", "h1", "h2", "h3", "li", "option", "p", "td", "th", "title", "tr"}
)
_TITLE_SEPARATOR: Final = re.compile(r" [-|:/] |: ")
_LOOKALIKES: Final = (("\u2019", "'"), ("\u2013", "-"), ("\u2014", "-"), ("\u00b7", "-"))
_CONDITION: Final = re.compile(
    r"\b(?:si|s'il|lorsqu|lorsque|quand|en cas|apres|jusqu|if|when|whenever|once|after|until)\b"
)

# Cheap to look for in a whole page; every pattern below holds one of them, and reaches less far.
_STEMS: Final = (
    *("maintenance", "upgrade", "migrat", "mise", "indisponible", "inaccessible", "interrompu"),
    *("unavailable", "offline", "be back", "back soon", "back shortly", "right back"),
)
_REACH: Final = 160
_MOST_PASSAGES: Final = 100

_SUBJECT_FR: Final = (
    r"\b(?:site|services?|applications?|appli|serveurs?|logiciel|portail|plate-?forme|systeme"
    r"|dossier|dpi|intranet|extranet|espace|instance|acces|outil|progiciel|page)\b"
)
_SUBJECT_EN: Final = (
    r"\b(?:sites?|website|services?|applications?|app|servers?|systems?|portal|platform|software"
    r"|instance|page|we)\b"
)
_NOW_FR: Final = r"(?: actuellement| temporairement| momentanement| provisoirement| toujours)?"
_NOW_EN: Final = r"(?: currently| temporarily| momentarily| presently| now| briefly| also)*"
_WORK_FR: Final = r"(?:maintenance|mises? a jour|migration|montee de version)"
_WORK_EN: Final = (
    r"(?:(?: a| an| some| our| its| the| scheduled| planned| unscheduled| routine| essential"
    r"| urgent| emergency| system| site| server| database| software| brief| short| regular)*"
    r" (?:maintenance|upgrades?|migration)\b)"
)
_GAP: Final = r"(?:[^.!?]|\.(?=\S)){0,60}?"  # the dot of "v4.2" ends no sentence

_CERTAIN: Final = {
    "est en maintenance": re.compile(
        rf"{_SUBJECT_FR}{_GAP} (?:est|sont){_NOW_FR} (?:en|sous)"
        r"(?: cours de| mode| phase de)? maintenance\b(?! (?:chaque|tous|toutes)\b)"
    ),
    "est indisponible pour maintenance": re.compile(
        rf"{_SUBJECT_FR}{_GAP} (?:est|sont){_NOW_FR} (?:indisponible|inaccessible|arrete"
        rf"|interrompu|suspendu|hors service|hors ligne|ferme){_GAP} {_WORK_FR}\b"
    ),
    "nous effectuons une maintenance": re.compile(
        r"\bnous (?:effectuons|realisons|procedons a|menons)(?: actuellement)?"
        r" (?:une|des) (?:operations? de |travaux de )?maintenance\b"
    ),
    "maintenance en cours": re.compile(
        rf"\bmaintenance{_GAP} est{_NOW_FR} en cours\b(?! (?:de|d'))"
    ),
    "mise à jour du service en cours": re.compile(
        rf"\b(?:mises? a jour|migration|montee de version) (?:de |du |des |d'|de l'|de la )?"
        rf"(?!dossier){_SUBJECT_FR}{_GAP} est{_NOW_FR} en cours\b(?! (?:de|d'))"
    ),
    "is under maintenance": re.compile(
        rf"{_SUBJECT_EN}(?:{_GAP} is|{_GAP} are|'re|'s){_NOW_EN}"
        r" (?:under|undergoing|in|performing|carrying out|conducting|doing)"
        rf"{_WORK_EN}"
    ),
    "is down for maintenance": re.compile(
        rf"(?:{_SUBJECT_EN}(?:{_GAP} is|{_GAP} are|'re|'s){_NOW_EN}|\bbriefly|\btemporarily)"
        r" (?:down|offline|closed|unavailable|not available|out of service)"
        rf" (?:for|due to|because of|during|while){_WORK_EN}"
    ),
    "is being upgraded": re.compile(
        rf"{_SUBJECT_EN}{_GAP} (?:is|are){_NOW_EN} being (?:upgraded|migrated)\b"
    ),
}
_TITLE_WORDINGS: Final = {
    "titre « en maintenance »": re.compile(
        rf"(?:.{{0,40}}{_SUBJECT_FR}.{{0,40}} )?(?:est )?(?:actuellement |temporairement )?"
        r"(?:en|sous) (?:cours de )?maintenance"
    ),
    "titre « maintenance en cours »": re.compile(rf"{_WORK_FR}(?: .{{0,40}})? en cours"),
    "title 'under maintenance'": re.compile(
        rf"(?:.{{0,40}}{_SUBJECT_EN} )?(?:is |are )?(?:currently |temporarily )?(?:down |offline"
        r" |closed |unavailable )?(?:under|undergoing|for) (?:scheduled |planned )?maintenance"
    ),
    "title 'maintenance in progress'": re.compile(
        r"(?:.{0,40} )?(?:maintenance|upgrade|migration) (?:is )?(?:currently )?"
        r"(?:in progress|under ?way)"
    ),
}
_LIKELY: Final = {
    "maintenance": re.compile(
        r"\b(?:en|sous|pour|mode|cours de|under|for|scheduled|site) maintenance\b"
    ),
    "maintenance en cours": re.compile(
        r"\bmaintenance (?:est )?en cours\b|\bmaintenance mode\b|\bmise a jour en cours\b"
    ),
}
_POSSIBLE: Final = {
    "momentanément indisponible": re.compile(
        r"\b(?:actuellement|temporairement|momentanement|provisoirement)"
        r" (?:indisponible|inaccessible|interrompu|suspendu|ferme)"
    ),
    "temporarily unavailable": re.compile(
        r"\b(?:is|are)(?: currently| temporarily| momentarily)+ (?:unavailable|offline|down)\b"
    ),
    "back soon": re.compile(r"\b(?:be|right) back\b|\bback (?:soon|shortly)\b"),
}
