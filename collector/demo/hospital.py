"""The hospital of the demonstration: its catalogue, and the configuration of each program.

What is written here is what an operator would write, in the same files; only the contract is
scaled, so that an upgrade of half a minute can break it.
"""

from pathlib import Path
from typing import Any

import yaml

from collector.demo.scenario import Terms, Ward

HOSPITAL = "CH-EXEMPLE"
SERVICE = "dpi"
CHECK = "dpi-login"
SENDER = "constat@editeur.example"
CONTACT = "dsi@ch-exemple.example"
OPERATOR = "Camille Martin"
VENDOR = "Éditeur"

_INTERVAL = "PT1S"
# Beyond the default of three intervals, because a busy laptop may well miss a slot or two.
_MAX_GAP = "PT5S"


def write_settings(file: Path, mail_port: int) -> None:
    """Write the settings of a collector that takes any free port, and whose mail goes to one."""
    mail = {"host": "127.0.0.1", "port": mail_port, "security": "none", "sender": SENDER}
    settings = {"data_dir": "data", "listen": "127.0.0.1:0", "database": "embedded", "mail": mail}
    _write(file, settings)


def write_catalogue(file: Path, terms: Terms) -> None:
    """Write the catalogue: one hospital, one site, one strategic service, the scaled contract."""
    contract = {
        "max_downtime": {"strategic": f"PT{terms.limit_s}S"},
        "notice": {"amount": terms.notice_amount, "unit": terms.notice_unit.value},
        "return_hold": f"PT{terms.return_hold_s}S",
        "quorum": terms.quorum,
        "panel_kind": "workstation",
    }
    hospital = {
        "name": "Centre hospitalier d'Exemple (démonstration)",
        "contract": contract,
        "sites": {"principal": {"name": "Site principal", "timezone": "Europe/Paris"}},
        "services": {
            SERVICE: {
                "product": "Dossier patient",
                "class": "strategic",
                "panel": [ward.value for ward in Ward],
                "checks": {CHECK: {"interval": _INTERVAL, "max_gap": _MAX_GAP}},
            }
        },
        "contacts": {"dsi": {"name": "DSI de garde", "email": CONTACT}},
    }
    _write(file, {"hospitals": {HOSPITAL: hospital}})


def write_agent(file: Path, ward: Ward, collector_url: str, path_port: int) -> None:
    """Write the configuration of the agent of one workstation, which knows only its own path."""
    check = {
        "kind": "http",
        "interval": _INTERVAL,
        "max_gap": _MAX_GAP,
        "url": f"http://127.0.0.1:{path_port}/",
        "expect_markers": ["Connexion au dossier patient"],
        "version": {"regex": '<meta name="application-version" content="([^"]+)">'},
    }
    agent = {
        "vantage": ward.value,
        "kind": "workstation",
        "state_dir": "state",
        "collectors": [{"name": "demo", "url": collector_url}],
        "burst": {"interval": "PT0.25S", "duration": "PT10S"},
        "checks": {CHECK: check},
    }
    _write(file, agent)


def _write(file: Path, document: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
