"""What would change is shown key by key, the old beside the new."""

from collector.record.catalogue import ItemKey, ItemKind
from collector.register.changes import Edit, changes

DPI = ItemKey(ItemKind.SERVICE, "dpi")
GAP = ItemKey(ItemKind.SERVICE, "gap")


def test_the_same_catalogue_changes_nothing() -> None:
    value = {"class": "strategic", "checks": {"login": {"interval": "PT10S"}}}
    assert changes({DPI: value}, {DPI: {**value}}) == []


def test_a_new_item_has_no_old_values() -> None:
    [change] = changes({}, {DPI: {"class": "low", "panel": ["a", "b"]}})
    assert change.is_new
    assert change.edits == (Edit("class", None, "low"), Edit("panel", None, "a, b"))


def test_only_what_differs_is_shown() -> None:
    old = {"contract": {"quorum": 1, "return_hold": "PT5M"}, "product": "", "panel": ["a"]}
    new = {"contract": {"quorum": 2, "return_hold": "PT5M"}, "product": "P"}
    [change] = changes({DPI: old}, {DPI: new})
    assert not change.is_new
    assert change.edits == (
        Edit("contract.quorum", "1", "2"),
        Edit("panel", "a", None),
        Edit("product", "empty", "P"),
    )


def test_an_item_the_catalogue_does_not_mention_stays() -> None:
    assert changes({GAP: {"class": "low"}}, {}) == []
