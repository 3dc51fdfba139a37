"""The catalogue is read strictly, and kept in the words it was written in."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from collector.errors import ConfigurationError
from collector.judge.document import read_yaml
from collector.judge.terms import DowntimeRule, NoticeCounting, ServiceClass
from collector.record.catalogue import (
    ItemKey,
    ItemKind,
    catalogue_schema,
    finess_fault,
    hospital_of,
    read_catalogue,
    service_of,
    site_of,
)
from probes.model.canonical import encode
from probes.model.instant import HOUR, SECOND

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/catalogue.yaml"
SCHEMA = ROOT / "docs/schemas/catalogue.schema.json"
HOSPITAL = "CH-EXEMPLE"


def test_the_example_is_read() -> None:
    items = read_catalogue(EXAMPLE)[HOSPITAL]
    assert list(items) == [
        ItemKey(ItemKind.GROUP, "GHT-EXEMPLE"),
        ItemKey(ItemKind.HOSPITAL, HOSPITAL),
        ItemKey(ItemKind.CONTACT, "dsi"),
        ItemKey(ItemKind.CONTACT, "rssi"),
        ItemKey(ItemKind.CONTACT, "astreinte-1"),
        ItemKey(ItemKind.PRODUCT, "dossier-patient"),
        ItemKey(ItemKind.PRODUCT, "gestion-administrative"),
        ItemKey(ItemKind.SITE, "principal"),
        ItemKey(ItemKind.SERVICE, "dpi"),
        ItemKey(ItemKind.SERVICE, "gap"),
    ]


def test_the_example_satisfies_the_published_schema() -> None:
    jsonschema.validate(read_yaml(EXAMPLE.read_text()), json.loads(SCHEMA.read_text()))


def test_the_published_schema_is_the_one_that_is_read() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(catalogue_schema()))


def test_every_item_of_the_example_can_be_sealed() -> None:
    for value in read_catalogue(EXAMPLE)[HOSPITAL].values():
        assert json.loads(encode(value)) == value


def test_defaults_are_filled_in_before_anything_is_sealed() -> None:
    items = read_catalogue(EXAMPLE)[HOSPITAL]
    service = service_of(items[ItemKey(ItemKind.SERVICE, "dpi")])
    assert service.site == "principal"
    assert service.service_class is ServiceClass.STRATEGIC
    assert service.checks["dpi-hl7"].max_gap == 30 * SECOND
    hospital = hospital_of(items[ItemKey(ItemKind.HOSPITAL, HOSPITAL)])
    assert hospital.contract is not None
    assert hospital.contract.downtime_rule is DowntimeRule.CUMULATIVE
    assert hospital.contract.max_downtime[ServiceClass.STANDARD] == 8 * HOUR
    own = service_of(items[ItemKey(ItemKind.SERVICE, "gap")]).contract
    assert own is not None
    assert own.notice.counting is NoticeCounting.CLEAR_DAYS
    assert site_of(items[ItemKey(ItemKind.SITE, "principal")]).calendar == "FR"


Spoil = Callable[[Any], object]


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[Spoil], str]:
    """Return what is said of the example once its hospital has been spoiled."""
    document = yaml.safe_load(EXAMPLE.read_text())

    def read(spoil: Spoil) -> str:
        copy = deepcopy(document)
        spoil(copy["hospitals"][HOSPITAL])
        file = tmp_path / "catalogue.yaml"
        file.write_text(yaml.safe_dump(copy, allow_unicode=True))
        with pytest.raises(ConfigurationError) as told:
            read_catalogue(file)
        return str(told.value).removeprefix(f"cannot read {file}: hospitals.{HOSPITAL}.")

    return read


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda h: h["services"]["dpi"].pop("class"), "services.dpi.class: is missing"),
        (lambda h: h["services"]["dpi"].update(clas=1), "services.dpi.clas: is not known here"),
        (lambda h: h["services"]["dpi"].update(site="x"), "services.dpi.site: there is no site x"),
        (lambda h: h["services"]["gap"].update({"class": "low"}),
         "services.gap.class: the contract has no max_downtime for low"),
        (lambda h: h.pop("contract"),
         "services.dpi.contract: is missing, and the hospital has none either"),
        (lambda h: h["sites"].update(annexe={"timezone": "Indian/Reunion"}),
         "services.dpi.site: is missing, and the hospital has several sites"),
        (lambda h: h["services"]["gap"]["checks"]["gap-login"].update(interval="PT0S"),
         "services.gap.checks.gap-login.interval: must be longer than nothing"),
        (lambda h: h["services"]["gap"]["checks"]["gap-login"].update(max_gap="PT29S"),
         "services.gap.checks.gap-login.max_gap: is shorter than the interval"),
        (lambda h: h["contract"]["notice"].update(amount=-1),
         "contract.notice.amount: expected int >= 0"),
        (lambda h: h["sites"]["principal"]["holidays"].update(add=["24/12/2026"]),
         "sites.principal.holidays.add[0]: Invalid RFC3339 encoded date"),
        (lambda h: h["services"]["dpi"].update(checks={}),
         "services.dpi.checks: expected object of length >= 1"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_key(
    spoiled: Callable[[Spoil], str], spoil: Spoil, complaint: str
) -> None:
    assert spoiled(spoil) == complaint


@pytest.mark.parametrize("finess", ["", "010000024", "2A0000014"])
def test_a_sound_finess_number_is_not_mentioned(finess: str) -> None:
    assert finess_fault(finess) is None


@pytest.mark.parametrize(
    ("finess", "fault"),
    [
        ("010000025", "'010000025' has a wrong check digit for a FINESS number"),
        ("01000002", "'01000002' is not a FINESS number of 9 characters"),
        ("01000002é", "'01000002é' is not a FINESS number of 9 characters"),
    ],
)
def test_an_odd_finess_number_is_only_warned_about(finess: str, fault: str) -> None:
    assert finess_fault(finess) == fault
