"""The French pages of the patient record: login, patient list, maintenance."""

from collections.abc import Iterable
from html import escape
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="application-name" content="Dossier patient">
<meta name="application-version" content="$version">
<meta name="viewport" content="width=device-width">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #16324f; background: #f3f6f9; }
main { max-width: 44rem; margin: 3rem auto; padding: 2rem; background: #fff; border-radius: 6px; }
label, input, button { display: block; font: inherit; margin: .3rem 0; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #d8e0e8; }
footer { text-align: center; color: #5b7083; }
[role=alert] { color: #a3242b; }
</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
<footer>$footer</footer>
</body>
</html>
""")

_LOGIN_FORM = """<form method="post" action="/connexion">
<label for="identifiant">Identifiant</label>
<input id="identifiant" name="identifiant" autocomplete="username" required autofocus>
<label for="mot_de_passe">Mot de passe</label>
<input id="mot_de_passe" name="mot_de_passe" type="password" autocomplete="current-password"
 required>
<button>Se connecter</button>
</form>"""

_MAINTENANCE = """<p>Le dossier patient est en cours de mise à jour. Il sera de nouveau disponible
dès la fin de l'opération.</p>
<p>En cas d'urgence, appliquez la procédure dégradée de votre service.</p>"""


def login_page(version: str, refusal: str = "") -> str:
    """Render the login form, with the reason why the last attempt was refused."""
    alert = f'<p role="alert">{escape(refusal)}</p>\n' if refusal else ""
    return _page("Connexion au dossier patient", alert + _LOGIN_FORM, version)


def patients_page(
    version: str, login: str, search: str, patients: Iterable[tuple[str, ...]]
) -> str:
    """Render what a search found: identity, birth date, NIR or INS, ward."""
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in patient) + "</tr>"
        for patient in patients
    )
    body = f"""<form method="post" action="/deconnexion">Connecté : {escape(login)}
<button>Se déconnecter</button></form>
<form action="/patients"><label for="q">Rechercher un patient</label>
<input id="q" name="q" type="search" value="{escape(search)}"><button>Rechercher</button></form>
<table>
<tr><th>Patient</th><th>Né(e) le</th><th>Identité</th><th>Unité</th></tr>
{rows}
</table>"""
    return _page("Patients", body, version)


def maintenance_page() -> str:
    """Render what many products answer during an upgrade, with status 200."""
    return _PAGE.substitute(
        version="", title="Maintenance en cours", body=_MAINTENANCE, footer="Dossier patient"
    )


def _page(title: str, body: str, version: str) -> str:
    return _PAGE.substitute(
        version=version, title=title, body=body, footer=f"Dossier patient — version {version}"
    )
