"""Maintenance pages are recognised, and healthy pages that speak of maintenance are not."""

import pytest

from probes.maintenance import sign_of_maintenance
from probes.seen import Certainty, Seen

MAINTENANCE_PAGES = {
    "French, in house": "<p>Le dossier patient est actuellement en maintenance.</p>",
    "with entities": "<p>L&#39;application est en cours de&nbsp;maintenance.</p>",
    "with accents": "<p>Le système d'information est momentanément en maintenance</p>",
    "with tags inside": "<p>Le <b>site</b> est <i>en</i><br> maintenance</p>",
    "a version with a dot": "<p>L'application DPI v4.2 est en maintenance.</p>",
    "in capitals": "<P>LE SERVEUR EST EN COURS DE MAINTENANCE</P>",
    "unavailable for an update": "Le service est indisponible en raison d'une mise à jour.",
    "unavailable for a migration": "L'application est arrêtée pour migration de la base.",
    "an operation in progress": "Une opération de maintenance est actuellement en cours.",
    "we are at work": "Nous effectuons actuellement une opération de maintenance.",
    "an update in progress": "Une mise à jour de l\u2019application est en cours.",
    "GLPI": "<p>Le service est en maintenance. Merci de revenir.</p>",
    "Nextcloud": "This Nextcloud instance is currently in maintenance mode, which may take long.",
    "Nextcloud in French": "Cette instance de Nextcloud est actuellement en mode maintenance.",
    "WordPress": "Briefly unavailable for scheduled maintenance. Check back in a minute.",
    "Drupal": "<p>Site is currently under maintenance. We should be back shortly.</p>",
    "Joomla": "This site is down for maintenance.<br>Please check back again soon.",
    "Joomla in French": "Ce site est en maintenance.<br>Merci de revenir ultérieurement.",
    "Moodle": "The site is undergoing maintenance and is currently not available",
    "sorry page": "<h1>Sorry</h1><p>We're performing some scheduled maintenance.</p>",
    "an upgrade": "<p>The application is being upgraded.</p>",
    "in JSON": '{"error": "The service is under maintenance"}',
    "a title": "<title>Site en maintenance - CHU d'Exemple</title>",
    "another title": "<title>CHU | Maintenance en cours</title>",
    "a heading": "<h1><span>Application en cours de maintenance</span></h1>",
    "an English heading": "<h1>Down for maintenance</h1>",
    "another English heading": "<h1>System upgrade in progress</h1>",
    "after a comment": "<!-- v2 > <p> --><p>Le site est en maintenance",
    "after a script": "<script>a < b</script><p>Le site est en maintenance",
}

HEALTHY_PAGES = {
    "no word of it": "<h1>Connexion</h1>",
    "a menu": "<ul><li>Serveurs</li><li>Tickets de maintenance</li><li>Contrats</li></ul>",
    "a module": "<title>GMAO - Maintenance préventive</title>",
    "maintenances listed": "<h1>Maintenances en cours</h1><td>Scanner 2</td>",
    "an announcement": "Le service sera en maintenance dimanche de 22 h à 2 h.",
    "a planned one": "Une maintenance est prévue le 22/11. L'application sera indisponible.",
    "a past one": "La maintenance de l'application est terminée.",
    "a condition": "Si le site est en maintenance, appelez le 5555.",
    "another condition": "When the site is down for maintenance, call 5555.",
    "in case of": "En cas de panne, ou quand l'application est en maintenance, appelez.",
    "every Sunday": "Le site est en maintenance tous les dimanches à 2 h.",
    "an equipment": "Le respirateur 12 est en maintenance.",
    "in a script": "<script>m = 'Le site est en maintenance'</script><h1>Connexion</h1>",
    "in a style": "<style>/* site is down for maintenance */</style>",
    "in a comment": "<!-- Le site est en maintenance --><h1>Connexion</h1>",
    "in a comment with tags": "<!-- <p>Le site</p> <p>est en maintenance</p> --><h1>Ok</h1>",
    "in a template": "<template><p>Le site est en maintenance</p></template>",
    "without script": "<noscript>Le site est en maintenance</noscript>",
    "two cells": "<tr><td>Serveur</td><td>est en maintenance</td></tr>",
    "two sentences": "Accès au site. Le scanner est en maintenance.",
    "a validation": "La mise à jour du dossier est en cours de validation.",
    "last update": "Dernière mise à jour du site : 12/11/2026",
    "in English": "Scheduled maintenance: the service will be unavailable on Sunday.",
    "maintenance fees": "Our services include maintenance. Contact us.",
    "a bare sign": "a < b and c > d: maintenance",
}

GENERIC_ERRORS = {
    "nginx": "<title>503 Service Temporarily Unavailable</title><h1>503 Service Temporarily"
    " Unavailable</h1><hr><center>nginx</center>",
    "IIS": "<h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p>",
    "HAProxy": "<h1>503 Service Unavailable</h1>No server is available to handle this request.",
    "Apache": "The server is temporarily unable to service your request due to maintenance"
    " downtime or capacity problems. Please try again later.",
    "Tomcat": "<h1>HTTP Status 503 \u2013 Service Unavailable</h1><p>The requested service [/dpi]"
    " is not currently available.</p>",
}

LIKELY_PAGES = {
    "a bare heading": "<h1>Serveur de fichiers, mode maintenance</h1>",
    "an update": "Mise à jour en cours, merci de patienter",
}

POSSIBLE_PAGES = {
    "in French": "Notre service est momentanément indisponible.",
    "in English": "The page you are looking for is currently unavailable.",
    "back soon": "We'll be back soon!",
}


def _strongest(page: str) -> Certainty | None:
    sign = sign_of_maintenance(Seen(page))
    return None if sign is None else sign.certainty


@pytest.mark.parametrize("name", MAINTENANCE_PAGES)
def test_a_maintenance_page_is_certain(name: str) -> None:
    assert _strongest(MAINTENANCE_PAGES[name]) is Certainty.CERTAIN


@pytest.mark.parametrize("name", HEALTHY_PAGES)
def test_a_healthy_page_that_speaks_of_it_is_none(name: str) -> None:
    assert _strongest(HEALTHY_PAGES[name]) is not Certainty.CERTAIN


@pytest.mark.parametrize("name", GENERIC_ERRORS)
def test_a_generic_error_page_says_nothing_of_maintenance(name: str) -> None:
    assert sign_of_maintenance(Seen(GENERIC_ERRORS[name])) is None


@pytest.mark.parametrize("name", LIKELY_PAGES)
def test_words_without_a_statement_are_likely(name: str) -> None:
    assert _strongest(LIKELY_PAGES[name]) is Certainty.LIKELY


@pytest.mark.parametrize("name", POSSIBLE_PAGES)
def test_an_excuse_is_possible(name: str) -> None:
    assert _strongest(POSSIBLE_PAGES[name]) is Certainty.POSSIBLE


def test_a_sign_never_quotes_the_page() -> None:
    sign = sign_of_maintenance(Seen("Le dossier de DUPONT Jeanne est en maintenance."))

    assert sign is not None
    assert "DUPONT" not in sign.name


def test_a_statement_far_into_a_page_that_repeats_the_word_is_found() -> None:
    page = "maintenance " * 40 + "<p>Le site est en maintenance.</p>"

    assert _strongest(page) is Certainty.CERTAIN


@pytest.mark.parametrize("hostile", ["<script>", "<!--", "<", "<h1>", "site ", "maintenance "])
def test_a_hostile_page_is_read_in_one_pass(hostile: str) -> None:
    assert _strongest("maintenance " + hostile * 100_000) is not Certainty.CERTAIN
