"""How it was measured and what the proof cannot show, in plain words, in French and in English."""

from typing import Final

from collector.report.durations import Language


def method_in(language: Language) -> tuple[str, ...]:
    """Return how it was measured, in paragraphs."""
    return _paragraphs(_METHOD[language])


def limit_of_proof_in(language: Language) -> tuple[str, ...]:
    """Return what the proof cannot show: the last paragraph of the threat model."""
    return _paragraphs(_LIMIT_OF_PROOF[language])


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


_METHOD: Final = {
    Language.FRENCH: """
Chaque poste exécute à intervalle régulier les sondes du service : elles font ce qu'un utilisateur
fait, et vérifient la réponse. Un résultat prouve « disponible » ou « hors service » entre deux
mesures qui s'accordent ; entre deux mesures qui diffèrent, c'est une transition ; sans mesure, il
n'y a aucune donnée.

Le service est disponible dès qu'un poste du panel au moins y accède. Il est hors service, c'est
prouvé, quand aucun n'y accède, qu'aucun n'est en transition et que le quorum l'a constaté. Le
silence n'est jamais compté comme une disponibilité et ne prouve jamais une coupure : il élargit
l'intervalle entre les deux bornes.

La durée va donc de la perte du dernier poste à la remise en production du premier (QHN §4.2.4).
Un retour plus bref que le délai de remise en production ne compte pas comme un retour. Une
coupure plus brève que l'intervalle des sondes peut passer inaperçue.

Conforme : la borne haute ne dépasse pas la limite. Non conforme : la borne basse la dépasse.
Entre les deux, la mesure ne permet pas de conclure. Toutes les durées sont des différences
d'instants UTC à la microseconde ; les heures sont imprimées à l'horloge du site. L'erreur
d'horloge de chaque poste est bornée et retranchée de ce qui est prouvé.

Le fichier report.json joint à ce document contient les mêmes chiffres. Chacun peut les recalculer
à partir des mesures brutes du dossier de preuve.
""",
    Language.ENGLISH: """
Every vantage point runs the checks of the service at a regular interval: they do what a user
does, and verify the answer. A result proves “available” or “down” between two measurements that
agree; between two that differ it is a transition; without measurements there is no data.

The service is available as soon as one vantage point of the panel gets through. It is proven down
when none does, none is in transition, and the quorum saw it. Silence is never counted as up and
never proves an outage: it widens the interval between the two bounds.

The duration therefore runs from the loss on the last vantage point to the return to production of
the first (QHN §4.2.4). A return shorter than the hold does not count as one. An outage shorter
than the interval of the checks can go unseen.

Compliant: the upper bound is not above the limit. Breach: the lower bound is. In between, the
measurement cannot decide. All durations are differences of UTC instants to the microsecond; times
are printed on the site's clocks. The clock error of every vantage point is bounded, and taken off
what is proven.

The file report.json attached to this document holds the same figures. Anyone can compute them
again from the raw measurements of the evidence bundle.
""",
}

_LIMIT_OF_PROOF: Final = {
    Language.FRENCH: """
Sans témoin de l'établissement et sans horodatage externe, quiconque détient les clés des agents
et la clé du journal pourrait inventer toute une histoire ; avec le témoin, seul ce qui précède
son premier point de contrôle cosigné repose sur la parole du fournisseur ; avec l'horodatage,
rien ne peut avoir été fabriqué après son horodatage.
""",
    Language.ENGLISH: """
Without the hospital's witness and without an external time stamp, whoever holds the agents' keys
and the log key could invent a whole history; with the witness, only what precedes its first
cosigned checkpoint is on the supplier's word; with time stamps, nothing can be made later than
its stamp.
""",
}
