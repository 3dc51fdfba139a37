"""Whether the vantage point's own network answered, in the place of the service.

A network that wants its user to log in first (a captive portal) answers for everybody: with status
511 (RFC 6585, section 6), with a page that hotspot software can read (WISPr), or by a redirect to
its own login page, whose address tells it who asks. None of this says anything of the service, so
the measurement is `unknown`.

Only an answer without TLS can be a portal's: no network can prove that it is the service. What
answers 511 inside TLS is the service, or stands in front of it.
"""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from probes.page import Page


def sign_of_portal(page: Page) -> str:
    """Return why an answer without TLS is that of a portal; nothing when it is none."""
    if page.status == _AUTHENTICATION_REQUIRED:
        return "status 511, the network wants a login first"
    if _WISPR in page.body:
        return "the login page of a network access gateway (WISPr)"
    return ""


def leads_to_portal(location: str) -> bool:
    """Return whether the address of a redirect is that of a portal's login page."""
    try:
        parts = urlsplit(location)
        names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        return False
    if _PATH.search(parts.path) or names & _OF_PORTALS:
        return True
    return bool(names & _CLIENTS) and bool(names & _RETURNS)


_AUTHENTICATION_REQUIRED: Final = 511
_WISPR: Final = b"WISPAccessGatewayParam"
_PATH: Final = re.compile(r"/fgtauth$|/guest/s/\w+/?$|/cgi-bin/hotspotlogin\.cgi$")
# CoovaChilli, Cisco, Aruba, Meraki, Ruckus, pfSense: no application names its parameters so.
_OF_PORTALS: Final = frozenset(
    {
        *("uamip", "uamport", "nasid", "switch_url", "ap_mac", "apmac", "client_mac", "clientmac"),
        *("base_grant_url", "essid", "wlan_name", "redirurl"),
    }
)
_CLIENTS: Final = frozenset({"mac", "usermac", "ap", "ssid", "wlan"})
_RETURNS: Final = frozenset({"url", "userurl", "redirect", "redirect_url", "dst", "orig_url"})
