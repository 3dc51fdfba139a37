r"""What a page must say to be an error in the application's place, in French and in English.

A database that is not there, a stack trace, the error page of a server: each may stand in the very
frame of the application, login form included, with status 200. As for maintenance, the patterns are
statements, looked for in the text a person would see: a page of advice ("en cas d'erreur ORA-01033,
appelez…") and a note on a fault that is mended make no error page.

A **certain** sign is a failure by itself; a **likely** one ("une erreur est survenue") only names a
failure that the expectations found. A session that has expired is no error of the service.
"""

import re
from typing import Final

from probes.seen import Seen, Sign, Signs, strongest


def sign_of_error(seen: Seen) -> Sign | None:
    """Return the strongest sign of an error on a page, or None."""
    return strongest(seen, _SIGNS)


_ADVICE: Final = re.compile(
    r"\b(?:si|s'il|lorsqu|lorsque|quand|en cas|if|when|whenever|apres|after|exemple|example"
    r"|comme|such as|corrig\w+|correcti\w+|resolu\w*|fixed|fixes|resolved|messages? d'erreur"
    r"|error messages?)\b"
)
_MENDED: Final = re.compile(
    r"\b(?:corrige\w*|resolu\w*|retabli\w*|termine\w*|fixed|resolved|solved|restored)\b"
)
_STEMS: Final = (
    *("ora-", "tns-", "srve", "jbweb", "exception", "traceback", "sqlstate", ".java:", "on line "),
    *(
        "http status",
        "http/1.",
        "error",
        "erreur",
        "rejected",
        "retrieved",
        "gateway",
        "went wrong",
    ),
    *("indisponible", "impossible", "inaccessible", "injoignable", "hors ligne", "arrete", "refus"),
    *("database", "connect", "cannot complete", "unavailable"),
)

_BASE_FR: Final = (
    r"(?:la |le )?(?:bases? de donnees|base (?:oracle|sql|patients?|dpi|de production)|base"
    r"|serveur de (?:base de )?donnees|serveur sql|sgbd)"
)
_AWAY_FR: Final = r"(?:indisponible|inaccessible|injoignable|hors ligne|hors service|arretee?)s?"
_NOW_FR: Final = r"(?: actuellement| temporairement| momentanement| provisoirement)?"
_BASE_EN: Final = r"(?:the |a |our )?(?:\w+ )?(?:database|db|sql server|data source)\b"

_STATEMENTS: Final = {
    "a code of Oracle, WebSphere or JBoss": re.compile(
        r"\b(?:ora|tns)-\d{5}\b|\bsrve\d{4}e\b|\bjbweb\d{6}\b"
    ),
    "SQLSTATE": re.compile(r"\bsqlstate ?\[\w{5}\]"),
    "an exception by its class": re.compile(
        r"\b(?:[a-z_]\w*\.){2,}\w*exception\b|\bjavax?\.(?:\w+\.)+\w*error\b"
    ),
    "unhandled exception": re.compile(
        r"\b(?:unhandled|uncaught|unexpected) exception\b|\bexception in thread\b"
        r"|\bexception non (?:geree|interceptee|traitee)\b"
        r"|\bexception (?:has been |was )(?:thrown|caught|raised)\b"
        r"|\bexception[^.!?]{0,60} a ete (?:levee|generee)\b"
    ),
    "a stack trace": re.compile(
        r"\bat (?:[a-z_$][\w$]*\.){2,}[\w$<>]+ ?\((?:\w+\.java:\d+|native method|unknown source)\)"
        r"|\btraceback \(most recent call last\)"
    ),
    "an error of PHP": re.compile(
        r"\b(?:fatal error|parse error|warning): .{1,120}? in (?:/|[a-z]:\\)\S{1,80} on line \d+"
    ),
    "HTTP status 5xx": re.compile(
        r"\b(?:http (?:status|error|erreur)|etat http)(?: code)? ?:? 5\d\d\b"
        r"|\bhttp/1\.[01] (?:internal server error|service unavailable|bad gateway)\b"
    ),
    "Server Error in Application": re.compile(
        r"\bserver error in '/[^']{0,60}' application\b|\bserveur dans l'application '/"
    ),
    "base de données indisponible": re.compile(
        rf"\b{_BASE_FR}(?: \w{{2,12}})? ?(?:est |sont |: )?{_NOW_FR} ?{_AWAY_FR}\b"
    ),
    "connexion à la base impossible": re.compile(
        rf"\b(?:connexion|acces) (?:a|au|aux|avec) ?(?:l'|le |la |les )?{_BASE_FR}[^.!?]{{0,30}}?"
        r" (?:est )?(?:impossible|refusee?|perdue?|interrompue?|a echoue)\b"
    ),
    "impossible de joindre la base": re.compile(
        r"\bimpossible (?:de se connecter|de joindre|de contacter|d'acceder|d'ouvrir"
        rf"|d'etablir (?:une |la )?connexion)(?: a| au| avec)? ?{_BASE_FR}\b"
    ),
    "échec de connexion à la base": re.compile(
        r"\b(?:echec|erreur) (?:de|d'|lors de)(?: l'| la)? ?(?:connexion|acces)"
        rf" (?:a|au|avec) ?{_BASE_FR}\b"
    ),
    "cannot connect to the database": re.compile(
        r"\b(?:could not|cannot|can't|can not|unable to|failed to|failure to)"
        r" (?:connect to|open|reach|contact|establish (?:a )?connection (?:to|with))"
        rf" {_BASE_EN}|\berror (?:establishing|opening) an? (?:database )?connection\b"
        r"|\bcommunications link failure\b|\bconnection to the database (?:failed|was lost)"
    ),
    "the database is unavailable": re.compile(
        rf"\b{_BASE_EN}(?: system)? (?:is )?(?:currently |temporarily )*(?:unavailable|offline|down"
        r"|not available|starting up|shutting down|in recovery mode)\b"
    ),
    "the request was refused": re.compile(
        r"\bthe requested url (?:was rejected\. please consult|could not be retrieved)\b"
        r"|\bl'url demandee n'a pas pu etre (?:trouvee|chargee)\b"
    ),
}
_STATUS: Final = (
    r"(?:internal server error|bad gateway|service (?:temporarily )?unavailable"
    r"|gateway time-?out|erreur interne(?: du serveur)?)"
)
_TITLE_WORDINGS: Final = {
    "title '5xx'": re.compile(
        rf"(?:error |erreur |http status |http error )?5\d\d(?:\.\d+)?[ -]{{0,4}}{_STATUS}.{{0,20}}"
        r"|(?:error|erreur)(?: http)? 5\d\d.{0,40}|application error|server error|runtime error"
        rf"|{_STATUS}"
    ),
    "title of a gateway": re.compile(
        r"web server is (?:down|returning an unknown error)|origin is unreachable"
        r"|a timeout occurred|(?:connection|origin) timed out"
    ),
    "titre « erreur »": re.compile(
        r"(?:une )?erreur (?:interne|technique|systeme|applicative|fatale|inattendue|serveur)"
        r"(?: du serveur| de l'application)?|base de donnees (?:indisponible|inaccessible)"
    ),
}
_LIKELY: Final = {
    "exception": re.compile(r"\bexception\b"),
    "an error of the server": re.compile(
        r"\binternal server error\b|\berreur interne\b|\bbad gateway\b|\bserver error\b"
    ),
    "une erreur est survenue": re.compile(
        r"\berreur (?:\w+ )?(?:est survenue|s'est produite|a ete rencontree)\b"
        r"|\berreur (?:technique|systeme|inattendue|fatale|applicative)\b"
    ),
    "an error occurred": re.compile(
        r"\berror (?:has )?occurred\b|\bsomething went wrong\b|\bcannot complete your request\b"
    ),
}
_SIGNS: Final = Signs(
    stems=_STEMS,
    statements=_STATEMENTS,
    titles=_TITLE_WORDINGS,
    bare_titles={},
    excuses={},
    likely=_LIKELY,
    possible={},
    unless=_ADVICE,
    settled=_MENDED,
)
