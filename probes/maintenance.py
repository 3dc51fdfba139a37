r"""What a page must say to be a maintenance page, in French and in English.

The patterns are whole statements in the present tense, looked for in the text a person would see. A
menu that offers "tickets de maintenance", an announcement ("sera en maintenance dimanche") and a
condition ("si le site est en maintenance, appelez…") make no maintenance page.

A **certain** sign is a failure by itself, even where all that was expected is on the page. A
**likely** one (the words, but no statement) only names a failure that the expectations found, and a
**possible** one ("momentanément indisponible", "we'll be back soon") only where the status was an
expected one: an error page says such things too, and then its status says more.
"""

import re
from typing import Final

from probes.seen import Certainty, Seen, Sign, Signs, immediate_refresh, strongest


def sign_of_maintenance(seen: Seen, refresh: str = "") -> Sign | None:
    """Return the strongest sign of maintenance on a page, or None.

    `refresh` is the value of a `Refresh` header that came with it.
    """
    sign = strongest(seen, _SIGNS)
    if sign is not None and sign.certainty is Certainty.CERTAIN:
        return sign
    leads_to = immediate_refresh(refresh)
    if not leads_to and "refresh" in seen.lowered:
        leads_to = seen.refresh
    if _ADDRESS.search(leads_to.lower()):
        return Sign("refresh to a maintenance page", Certainty.CERTAIN)
    return sign


_ADDRESS: Final = re.compile(
    r"maintenance|indisponib|unavailable|hors-?(?:service|ligne)|app_offline|\bsorry\b"
)
_CONDITION: Final = re.compile(
    r"\b(?:si|s'il|lorsqu|lorsque|quand|en cas|apres|jusqu|if|when|whenever|once|after|until)\b"
)
_STEMS: Final = (
    *("maintenance", "upgrad", "migrat", "mise", "indisponible", "inaccessible", "interrompu"),
    *("unavailable", "offline", "be back", "back soon", "back shortly", "right back", "hors "),
    *("out of service", "updating", "ferme", "arret", "intervention", "coupure", "de version"),
)

_SUBJECT_FR: Final = (
    r"\b(?:site|services?|applications?|appli|serveurs?|logiciel|portail|plate-?forme|systeme"
    r"|dossier|dpi|intranet|extranet|espace|instance|acces|outil|progiciel|page)\b"
)
_SUBJECT_EN: Final = (
    r"\b(?:sites?|website|services?|applications?|app|servers?|systems?|portal|platform|software"
    r"|instance|page|we)\b"
)
# What can only be the service itself: a page that calls it stopped cannot be its own.
_OURS_FR: Final = (
    r"\b(?:l'application|cette application|(?:le|ce|votre|notre) (?:site(?: web| internet)?|portail"
    r"|logiciel|dpi|serveur|dossier patient(?: informatise)?|dossier medical|intranet"
    r"|systeme(?: d'information)?(?: hospitalier)?)|l'acces (?:a l'application|au site"
    r"|au dossier patient|au portail|au dpi|au service|au logiciel))"
)
_OURS_EN: Final = (
    r"\b(?:this|our|the) (?:web ?site|site|application|portal|system|platform)"
    r"(?: you are (?:looking for|trying to (?:access|reach)))?"
)
_NOW_FR: Final = r"(?: actuellement| temporairement| momentanement| provisoirement| toujours)?"
_NOW_EN: Final = r"(?: currently| temporarily| momentarily| presently| now| briefly| also)*"
_WORK_FR: Final = r"(?:maintenance|mises? a jour|migration|montee de version)"
_WORK_EN: Final = (
    r"(?:(?: a| an| some| our| its| the| scheduled| planned| unscheduled| routine| essential"
    r"| urgent| emergency| system| site| server| database| software| brief| short| regular)*"
    r" (?:maintenance|upgrades?|migration)\b)"
)
_AWAY_FR: Final = (
    r"(?:indisponible|inaccessible|arrete|interromp|suspendu|hors service|hors ligne|ferme)\w*"
)
_AWAY_EN: Final = r"(?:down|offline|closed|unavailable|not available|out of service)"
_REASON_FR: Final = r"(?:pour(?: cause)?|en raison|a cause|suite|du fait)"
_GAP: Final = r"(?:[^.!?]|\.(?=\S)){0,60}?"  # the dot of "v4.2" ends no sentence

_STATEMENTS: Final = {
    "est en maintenance": re.compile(
        rf"{_SUBJECT_FR}{_GAP} (?:est|sont){_NOW_FR} (?:en|sous)"
        r"(?: cours de| mode| phase de)? maintenance\b(?! (?:chaque|tous|toutes)\b)"
    ),
    "est indisponible pour maintenance": re.compile(
        rf"{_SUBJECT_FR}{_GAP} (?:est|sont){_NOW_FR} (?:indisponible|inaccessible|arrete"
        rf"|interrompu|suspendu|hors service|hors ligne|ferme){_GAP} {_WORK_FR}\b"
    ),
    "est indisponible": re.compile(rf"{_OURS_FR} est{_NOW_FR} {_AWAY_FR}\b"),
    "pour maintenance, est indisponible": re.compile(
        rf"\b{_REASON_FR}(?: de| d'| a)? ?(?:une |la |l'|des )?(?:operations? de |travaux de "
        rf"|intervention de )?{_WORK_FR}\b{_GAP} {_OURS_FR} est{_NOW_FR} {_AWAY_FR}\b"
    ),
    "est en cours de mise à jour": re.compile(
        rf"{_OURS_FR} est{_NOW_FR} en cours de (?:{_WORK_FR}|redemarrage)\b"
    ),
    "nous effectuons une maintenance": re.compile(
        r"\bnous (?:effectuons|realisons|procedons a|menons)(?: actuellement)?"
        r" (?:une|des) (?:operations? de |travaux de )?maintenance\b"
    ),
    "nous procédons à la mise à jour": re.compile(
        r"\bnous (?:effectuons|realisons|procedons|menons) (?:actuellement|en ce moment)"
        rf" (?:a )?(?:une |la |l'|des )?(?:operations? de )?{_WORK_FR}\b"
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
        rf" {_AWAY_EN} (?:for|due to|because of|during|while){_WORK_EN}"
    ),
    "is offline": re.compile(rf"{_OURS_EN} is{_NOW_EN} {_AWAY_EN}\b"),
    "for maintenance, is down": re.compile(
        rf"\b(?:for|due to|because of|during){_WORK_EN}{_GAP} {_OURS_EN} is{_NOW_EN} {_AWAY_EN}\b"
    ),
    "is being upgraded": re.compile(
        rf"{_SUBJECT_EN}{_GAP} (?:is|are){_NOW_EN} being (?:upgraded|migrated)\b"
    ),
    "we are upgrading": re.compile(
        rf"\bwe(?:'re| are){_NOW_EN} (?:upgrading|migrating|updating) (?:our|the|this)"
        rf" {_SUBJECT_EN}"
    ),
}
_TITLE_WORDINGS: Final = {
    "titre « en maintenance »": re.compile(
        rf"(?:.{{0,40}}{_SUBJECT_FR}.{{0,40}} )?(?:est )?(?:actuellement |temporairement )?"
        r"(?:en|sous) (?:cours de )?maintenance"
    ),
    "titre « maintenance en cours »": re.compile(
        r"(?:(?:une |des )?(?:operations?|travaux|intervention) de )?"
        rf"{_WORK_FR}(?: .{{0,40}})? en cours"
    ),
    "titre « intervention technique en cours »": re.compile(
        r"(?:une )?(?:intervention|operation|coupure|interruption)(?: technique| de service"
        r"| informatique| programmee| planifiee)+ (?:est )?en cours"
    ),
    "titre « indisponible pour maintenance »": re.compile(
        rf"(?:.{{0,40}} )?{_AWAY_FR} {_REASON_FR} .{{0,40}}{_WORK_FR}(?: .{{0,40}})?"
    ),
    "title 'under maintenance'": re.compile(
        rf"(?:.{{0,40}}{_SUBJECT_EN} )?(?:is |are )?(?:currently |temporarily )?(?:down |offline"
        r" |closed |unavailable )?(?:under|undergoing|for) (?:scheduled |planned )?maintenance"
    ),
    "title 'maintenance in progress'": re.compile(
        r"(?:.{0,40} )?(?:maintenance|upgrade|migration) (?:is )?(?:currently )?"
        r"(?:in progress|under ?way)"
    ),
}
# Software may be called "Maintenance", and a page of it say no more.
_BARE_TITLES: Final = {
    "titre « maintenance »": re.compile(
        rf"(?:page |mode |site |service )?(?:de |en )?(?:maintenance|travaux|{_WORK_FR}|{_AWAY_FR}"
        r"|fermeture|indisponibilite)(?: (?:page|mode|programmee|planifiee|du|de)\b.{0,40})?"
    ),
    "titre « service indisponible »": re.compile(
        rf"(?:.{{0,20}} )?{_SUBJECT_FR}(?: \w+)?{_NOW_FR} {_AWAY_FR}"
    ),
    "title 'unavailable'": re.compile(
        rf"(?:.{{0,20}} )?(?:{_SUBJECT_EN} )?(?:is )?(?:currently |temporarily )?{_AWAY_EN}"
        r"|apology page|(?:we'?re |we are )?(?:very )?sorry|oops|we'?ll be (?:right )?back.{0,20}"
    ),
}
_LIKELY: Final = {
    "maintenance": re.compile(
        r"\b(?:en|sous|pour|mode|cours de|under|for|(?<!or )scheduled|site) maintenance\b"
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
_EXCUSES: Final = {
    "excuses": re.compile(
        r"\bde retour\b|\brevenir (?:plus tard|ulterieurement|dans|d'ici)|\bnous revenons\b"
        r"|\bgene occasionnee\b|\bnous nous excusons\b|\bnous excuser\b|\bnos equipes\b"
        r"|\bretabli(?:e|r|ssement)?\b|\bprocedures? degradees?\b"
    ),
    "apologies": re.compile(
        r"\b(?:check|come) back\b|\bapologi[sz]e|\binconvenience\b|\bwe(?: are|'re) sorry\b"
        r"|\bback (?:online|up)\b"
    ),
}
_SIGNS: Final = Signs(
    stems=_STEMS,
    statements=_STATEMENTS,
    titles=_TITLE_WORDINGS,
    bare_titles=_BARE_TITLES,
    excuses=_POSSIBLE | _EXCUSES,
    likely=_LIKELY,
    possible=_POSSIBLE,
    unless=_CONDITION,
)
