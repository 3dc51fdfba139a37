"""The words for what was stated of a window beside its steps, in French and in English."""

from dataclasses import dataclass

from collector.record.documents import AttachmentKind, Means
from collector.report.durations import Language


@dataclass(frozen=True, slots=True)
class FiledWords:
    """Every word that is said of documents, réserves and given notices; see `filed_words_in`."""

    kind: dict[AttachmentKind, str]
    means: dict[Means, str]
    reservations: str
    said_at: str
    said_by: str
    person: str
    attachment: str
    bytes: str
    notice: str
    registered: str
    claimed: str
    announced: str
    begun: str


_FRENCH = FiledWords(
    kind={
        AttachmentKind.MIGRATION_REPORT: "rapport de migration",
        AttachmentKind.SYSTEM_LOG: "journal système",
        AttachmentKind.AUTHORISATION: "autorisation",
        AttachmentKind.MINUTES: "compte rendu",
        AttachmentKind.NOTICE: "préavis",
        AttachmentKind.OTHER: "autre document",
    },
    means={
        Means.LETTER: "lettre",
        Means.EMAIL: "courriel",
        Means.MEETING: "réunion",
        Means.PHONE: "téléphone",
        Means.OTHER: "autre moyen",
    },
    reservations="Réserves",
    said_at="enregistrée le {instant}",
    said_by="enregistrée le {instant}, exprimée par {names}",
    person="personne {digits}",
    attachment="Pièce jointe",
    bytes="{size} octets",
    notice="Préavis hors outil",
    registered="{means}, enregistré le {instant} : compte à partir de cet instant",
    claimed="donné le {instant} selon le déclarant, date sans effet",
    announced="sans effet sur le préavis, la fenêtre ayant été annoncée le {instant}",
    begun="ne vaut pas préavis, l'opération devant déjà avoir commencé",
)

_ENGLISH = FiledWords(
    kind={
        AttachmentKind.MIGRATION_REPORT: "migration report",
        AttachmentKind.SYSTEM_LOG: "system log",
        AttachmentKind.AUTHORISATION: "authorisation",
        AttachmentKind.MINUTES: "minutes",
        AttachmentKind.NOTICE: "notice",
        AttachmentKind.OTHER: "other document",
    },
    means={
        Means.LETTER: "letter",
        Means.EMAIL: "e-mail",
        Means.MEETING: "meeting",
        Means.PHONE: "telephone",
        Means.OTHER: "other means",
    },
    reservations="Reservations",
    said_at="registered {instant}",
    said_by="registered {instant}, stated by {names}",
    person="person {digits}",
    attachment="Attachment",
    bytes="{size} bytes",
    notice="Notice by other means",
    registered="{means}, registered {instant}: it counts from then",
    claimed="said to have been given {instant}, a date without effect",
    announced="no effect on the notice: the window was announced {instant}",
    begun="no notice at all: by its plan the operation had begun",
)


def filed_words_in(language: Language) -> FiledWords:
    """Return the words of a language."""
    return _FRENCH if language is Language.FRENCH else _ENGLISH
