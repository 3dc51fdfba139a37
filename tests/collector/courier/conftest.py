"""A register with contacts, and the window that its letters are about."""

from pathlib import Path

import pytest

from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce
from collector.register.sealing import Sealer
from collector.store.pool import Pool
from probes.model.instant import HOUR, parse_instant
from probes.model.interval import Interval

HOSPITAL = "CH-EXEMPLE"
EVENING = parse_instant("2026-11-14T22:00:00+01:00")
PLAN = Interval(EVENING, EVENING + 4 * HOUR)
LATER = Interval(EVENING + 24 * HOUR, EVENING + 28 * HOUR)
CATALOGUE = """
hospitals:
  CH-EXEMPLE:
    name: Centre hospitalier d'Exemple
    contract:
      max_downtime: {strategic: PT4H}
      notice: {amount: 3, unit: calendar_days}
    sites:
      principal: {name: Site principal, timezone: Europe/Paris}
    services:
      dpi:
        product: Dossier patient
        class: strategic
        checks: {dpi-login: {interval: PT10S}}
    contacts:
      dsi: {name: Hélène Martin, email: dsi@ch-exemple.example}
      astreinte: {name: On call, email: astreinte@ch-exemple.example, language: en}
"""


@pytest.fixture
async def register(pool: Pool, sealer: Sealer, tmp_path: Path) -> Pool:
    """A database with a hospital that has two contacts."""
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    await apply(pool, sealer, read_catalogue(file), "me")
    return pool


@pytest.fixture
async def window(register: Pool, sealer: Sealer) -> Where:
    """A window announced on Monday 9 November at noon for Saturday evening."""
    announced = await announce(register, sealer, Announcement(HOSPITAL, "dpi", PLAN), "me")
    return Where(HOSPITAL, announced.id, "dpi")
