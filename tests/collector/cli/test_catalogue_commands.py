"""The catalogue in force, and what applying one changes, in every form."""

import csv
import io
import json
from pathlib import Path

import pytest

from collector.errors import ExitCode
from tests.collector.cli.conftest import CATALOGUE, Shell

SHOW = ("catalogue", "show")


@pytest.fixture
def changed(shell: Shell, tmp_path: Path) -> Path:
    """A catalogue that differs in two keys and does not mention a product's service."""
    assert shell.err == ""
    file = tmp_path / "changed.yaml"
    text = CATALOGUE.read_text().replace("strategic: PT4H", "strategic: PT3H")
    file.write_text(text.replace("quorum: 1", "quorum: 2").replace("rssi:", "rssi-2:"))
    return file


def test_what_would_change_is_told_as_json(shell: Shell, changed: Path) -> None:
    assert shell("apply", str(changed), "--dry-run", "-o", "json") == ExitCode.DONE
    [told] = json.loads(shell.out)
    assert (told["hospital"], told["sealed"]) == ("CH-EXEMPLE", False)
    hospital, contact = told["changes"]
    assert hospital == {
        "item": "hospital",
        "name": "CH-EXEMPLE",
        "new": False,
        "edits": [
            {"key": "contract.max_downtime.strategic", "old": "PT4H", "new": "PT3H"},
            {"key": "contract.quorum", "old": "1", "new": "2"},
        ],
    }
    assert (contact["item"], contact["name"], contact["new"]) == ("contact", "rssi-2", True)
    assert {"key": "role", "new": "rssi-2"} in contact["edits"]
    assert told["kept"] == [{"item": "contact", "name": "rssi"}]


def test_what_was_changed_is_told_as_csv(shell: Shell, changed: Path) -> None:
    assert shell("apply", str(changed), "-o", "csv") == ExitCode.DONE
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(shell.out))]
    where = ("CH-EXEMPLE", "hospital", "CH-EXEMPLE", "changed")
    assert rows[:2] == [
        (*where, "contract.max_downtime.strategic", "PT4H", "PT3H"),
        (*where, "contract.quorum", "1", "2"),
    ]
    assert rows[-1] == ("CH-EXEMPLE", "contact", "rssi", "kept", "", "", "")
    assert shell("apply", str(changed), "-o", "json") == ExitCode.DONE
    assert json.loads(shell.out)[0] == {
        "hospital": "CH-EXEMPLE",
        "sealed": True,
        "changes": [],
        "kept": [{"item": "contact", "name": "rssi"}],
    }


def test_what_is_in_force_is_shown_key_by_key_with_its_entry(shell: Shell, changed: Path) -> None:
    assert shell("apply", str(changed)) == ExitCode.DONE
    assert shell(*SHOW, "--hospital", "CH-EXEMPLE", "-o", "csv") == ExitCode.DONE
    rows = list(csv.DictReader(io.StringIO(shell.out)))
    values = {(row["item"], row["name"], row["key"]): row for row in rows}
    limit = values["hospital", "CH-EXEMPLE", "contract.max_downtime.strategic"]
    # Ten items were sealed first, from entry 0 on.
    assert (limit["value"], limit["entry"]) == ("PT3H", "10")
    assert values["contact", "dsi", "name"]["value"] == "Camille Martin"
    # As the file has it, not as Python writes it.
    assert values["product", "dossier-patient", "hot_update"]["value"] == "true"
    assert [row["item"] for row in rows] == sorted(
        (row["item"] for row in rows),
        key=["group", "hospital", "contact", "product", "site", "service"].index,
    )
    assert shell(*SHOW) == ExitCode.DONE
    assert "contract.max_downtime.strategic" in shell.out
    assert shell(*SHOW, "-o", "json") == ExitCode.DONE
    items = json.loads(shell.out)
    assert {item["item"] for item in items} >= {"group", "hospital", "contact", "site", "service"}
    [dpi] = [item for item in items if item["name"] == "dpi"]
    assert dpi["value"]["checks"]["dpi-login"]["interval"] == "PT10S"


def test_what_was_in_force_earlier_can_be_asked_and_needs_an_offset(shell: Shell) -> None:
    assert shell(*SHOW, "--as-of", "2020-01-01T00:00:00+01:00") == ExitCode.DONE
    assert shell.out == "nothing is agreed yet: constat apply\n"
    assert shell(*SHOW, "--as-of", "2020-01-01T00:00") == ExitCode.USAGE
    assert "has no offset, and the sites may have several zones" in shell.err
    assert shell(*SHOW, "--as-of", "2999-01-01T00:00:00Z") == ExitCode.USAGE
    assert "is still to come" in shell.err
    assert shell(*SHOW, "--hospital", "CH-X") == ExitCode.NOT_FOUND


def test_a_contact_that_was_erased_has_no_name_any_more(shell: Shell) -> None:
    assert shell("names", "list", "--hospital", "CH-EXEMPLE", "-o", "json") == ExitCode.DONE
    [dsi] = [row for row in json.loads(shell.out) if row["name"] == "Camille Martin"]
    erase = ("names", "erase", dsi["commitment"], "--hospital", "CH-EXEMPLE")
    assert shell(*erase) == ExitCode.DONE
    assert shell(*SHOW, "-o", "json") == ExitCode.DONE
    [contact] = [item for item in json.loads(shell.out) if item["name"] == "dsi"]
    assert contact["value"] == {"role": "dsi", "language": "fr"}
