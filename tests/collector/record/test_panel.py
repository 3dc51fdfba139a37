"""Who counts is fixed when the window opens."""

from collector.record.panel import Standing, panel_at
from probes.model.measurement import VantageKind

DESK = VantageKind.WORKSTATION
OPENED = 1_000
EARLY = Standing("accueil-03", DESK, 900)
LATE = Standing("toujours-oui", DESK, 1_000)
SERVER = Standing("serveur-01", VantageKind.SERVER, 900)


def test_all_of_the_contracts_kind_count() -> None:
    other = Standing("urgences-01", DESK, 999)
    assert panel_at(OPENED, [other, SERVER, EARLY], DESK, None) == ("accueil-03", "urgences-01")


def test_one_enrolled_as_the_window_opens_does_not_count() -> None:
    assert panel_at(OPENED, [EARLY, LATE], DESK, None) == ("accueil-03",)


def test_without_any_of_the_kind_all_that_stood_count() -> None:
    assert panel_at(OPENED, [SERVER, LATE], DESK, None) == ("serveur-01",)


def test_one_shut_out_before_the_window_does_not_count_and_one_shut_out_during_it_does() -> None:
    before = Standing("a", DESK, 900, shut_out_at_us=999)
    during = Standing("b", DESK, 900, shut_out_at_us=1_000)
    assert panel_at(OPENED, [before, during], DESK, None) == ("b",)


def test_a_roster_of_the_catalogue_counts_whatever_the_kind() -> None:
    assert panel_at(OPENED, [EARLY, SERVER], DESK, ["serveur-01"]) == ("serveur-01",)


def test_a_name_on_the_roster_does_not_let_a_late_comer_in() -> None:
    assert panel_at(OPENED, [EARLY, LATE], DESK, ["accueil-03", "toujours-oui"]) == ("accueil-03",)


def test_a_name_on_the_roster_that_never_came_stays_on_it() -> None:
    assert panel_at(OPENED, [EARLY], DESK, ["accueil-03", "bloc-01"]) == ("accueil-03", "bloc-01")


def test_nobody_enrolled_makes_an_empty_panel() -> None:
    assert panel_at(OPENED, [], DESK, None) == ()
