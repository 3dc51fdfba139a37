"""A login whose pages only live in JavaScript: without it, nothing is to be seen."""

import json

from tests.servers.web import PATIENT, page

USER, PASSWORD = "sonde", "mot de passe"

_PAGE = """<!doctype html><meta charset="utf-8"><title>.</title><body><script>
const show = html => { document.body.innerHTML = html; };
const field = id => document.getElementById(id);
setTimeout(() => {
  show(`<h1>Connexion</h1><form><input id="user"><input id="password" type="password">
    <button type="button" id="enter">Entrer</button></form>`);
  const enter = async () => {
    const body = JSON.stringify({user: field("user").value, password: field("password").value});
    const answer = await fetch("/session", {method: "POST", body});
    show(answer.ok ? (await answer.json()).html : "<p>Identifiants refusés</p>");
  };
  field("enter").onclick = enter;
  field("password").onkeydown = event => { if (event.key === "Enter") enter(); };
}, 20);
</script>"""
_HOME = f"""<h1>Tableau de bord</h1><p>{PATIENT}</p><p>Version 4.2.1</p>
<iframe srcdoc="<p>Liste des patients</p><button onclick=&quot;this.innerText='{{}}'&quot;>
Ouvrir</button>"></iframe>"""


def application(request: bytes, opened: str = "Ouvert") -> bytes:
    """Answer a request to the application, whose inner page shows `opened` once it is clicked."""
    if not request.startswith(b"POST /session"):
        return page(_PAGE)
    given = json.loads(request.partition(b"\r\n\r\n")[2])
    if given != {"user": USER, "password": PASSWORD}:
        return page("{}", status="403 Forbidden")
    html = json.dumps({"html": _HOME.format(opened)})
    return page(html, headers=("Content-Type: application/json",))
