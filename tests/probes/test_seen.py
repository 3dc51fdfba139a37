"""What a person sees of a page is read, and nothing that no one sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.error_page import sign_of_error
from probes.maintenance import sign_of_maintenance
from probes.portal import leads_to_portal
from probes.seen import Seen, immediate_refresh

HIDDEN = [
    "<div hidden>secret</div>",
    "<div HIDDEN><div>a</div>secret</div>",
    "<div style='color:red; display : none'>secret</div>",
    '<p class="alert d-none">secret</p>',
    "<p hidden>secret<p>",
    "<dialog>secret</dialog>",
    "<select><option>secret</option></select>",
    "<!-- <p>secret</p> -->",
    "<script>secret</script>",
    "<noscript>secret</noscript>",
]
SHOWN = [
    "<div>secret</div>",
    '<div style="overflow: hidden">secret</div>',
    '<div class="hidden-xs">secret</div>',
    '<div aria-hidden="false">secret</div>',
    '<div title="hidden">secret</div>',
    "<dialog open>secret</dialog>",
    "<input type=hidden>secret",
    '<img alt="secret">',
    "<p hidden>a<p>secret",
    "<!-- a --> secret",
]


@pytest.mark.parametrize("page", HIDDEN)
def test_what_is_hidden_is_not_seen(page: str) -> None:
    assert Seen(f"<h1>a</h1>{page}<p>b").text.split()[-1] == "b"
    assert "secret" not in Seen(f"<h1>a</h1>{page}<p>b").text


@pytest.mark.parametrize("page", SHOWN)
def test_what_is_shown_is_seen(page: str) -> None:
    assert "secret" in Seen(page).text


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("0; url=/maintenance.html", "/maintenance.html"),
        ("5;URL='/maintenance.html'", "/maintenance.html"),
        ("0, /maintenance.html", "/maintenance.html"),
        ("300; url=/login", ""),
        ("30", ""),
        ("soon; url=/login", ""),
    ],
)
def test_a_refresh_leads_away_when_it_is_at_once(value: str, address: str) -> None:
    assert immediate_refresh(value) == address


@given(st.text(alphabet="<>!-/ \"'=&;aidhpn.?:[]%0", max_size=200))
def test_no_page_and_no_address_is_too_strange_to_be_read(text: str) -> None:
    seen = Seen(f"{text} maintenance error {text}")

    sign_of_maintenance(seen, text)
    sign_of_error(seen)
    leads_to_portal(text)
