"""What a configuration may ask of a probe, and how its faults are named."""

from typing import Any

import msgspec
import pytest

from probes.model.http_target import HttpSpec, Url, parse_url, status_ranges
from probes.model.target import Family, Regex, Target, TcpSpec, Tls

_PAGE: dict[str, Any] = {"url": "https://dpi.example/login", "expect_markers": ["Connexion"]}
_PORT: dict[str, Any] = {"host": "pacs.example", "port": 104, "expect": "220 "}


def test_a_spec_is_read_from_the_mappings_of_a_configuration() -> None:
    spec = msgspec.convert(
        {
            "url": "https://dpi.example/login",
            "expect_markers": ["Connexion", {"regex": "v[0-9]+"}],
            "expect_json": {"/status": "pass", "/nodes": 3, "/ready": True},
            "expect_headers": {"Content-Type": "text/html"},
            "tls": {"ca_file": "/etc/ca.pem"},
            "family": "ipv6",
        },
        HttpSpec,
    )

    assert spec.expect_markers == ("Connexion", Regex("v[0-9]+"))
    assert spec.expect_json == {"/status": "pass", "/nodes": 3, "/ready": True}
    assert spec.tls == Tls(ca_file="/etc/ca.pem")
    assert spec.family is Family.IPV6


def test_equal_specs_have_equal_hashes() -> None:
    first, second = msgspec.convert(_PAGE, HttpSpec), msgspec.convert(_PAGE, HttpSpec)

    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize("spec_type", [HttpSpec, TcpSpec])
def test_a_spec_publishes_its_json_schema(spec_type: type[object]) -> None:
    _, components = msgspec.json.schema_components([spec_type])

    assert components[spec_type.__name__]["type"] == "object"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"url": "ftp://dpi.example/"}, "url: 'ftp://dpi.example/' is not an http or https URL"),
        ({"url": "https://"}, "url: 'https://' is not an http or https URL"),
        ({"url": "https://h:99999/"}, "url: 'https://h:99999/' is not a URL: Port out of range"),
        ({"url": "https://h:0/"}, "url: 'https://h:0/': port: 0 is not a port"),
        ({"url": "https://a b/"}, "url: 'https://a b/': host: 'a b' is not a host name"),
        ({"url": "https://me:pw@h/"}, "url: holds a user name or password"),
        ({"headers": {"Host": "x"}}, "headers: Host is set by the probe itself"),
        ({"headers": {"A b": "x"}}, "headers: 'A b' is not the name of a header"),
        ({"headers": {"A": "x\r\nB: y"}}, "headers: the value of A is not printable ASCII"),
        ({"headers": {"A": " x"}}, "headers: the value of A is not printable ASCII"),
        ({"family": "ipv6", "url": "http://10.0.0.1/"}, "url: 'http://10.0.0.1/': family: 10.0."),
        ({"url": "http://10.0.0.999/"}, "url: 'http://10.0.0.999/': host: '10.0.0.999' is not"),
        ({"body": "x"}, "body: a GET request has none"),
        ({"username": "u"}, "username: goes with password_file"),
        ({"username": "u:v", "password_file": "p"}, "username: cannot hold a colon"),
        ({"username": "u", "password_file": "p", "token_file": "t"}, "token_file: excludes"),
        ({"allowed_hosts": ["a/b"]}, "allowed_hosts: 'a/b' is not a host name"),
        ({"max_redirects": 21}, "max_redirects: 21 is not 0 to 20"),
        ({"expect_status": []}, "expect_status: is empty"),
        ({"expect_status": ["2xx"]}, "expect_status: '2xx' is not a status or a range"),
        ({"expect_status": ["299-200"]}, "expect_status: '299-200' is empty"),
        ({"expect_markers": []}, "expect_markers: a status alone proves too little"),
        ({"expect_markers": [" "]}, "expect_markers: an empty text is found in every page"),
        ({"expect_markers": [{"regex": "("}]}, "regex: '(' is not a pattern"),
        ({"expect_markers": [{"regex": ".*"}]}, "regex: '.*' matches an empty text"),
        ({"expect_json": {"status": 1}}, "expect_json: 'status' is not a JSON Pointer"),
        ({"expect_headers": {"Server": ""}}, "expect_headers: an empty text is found"),
        ({"maintenance_patterns": [""]}, "maintenance_patterns: an empty text is found"),
        ({"error_patterns": [" "]}, "error_patterns: an empty text is found"),
        ({"max_age_s": -1}, "max_age_s: -1 is negative"),
        ({"expect_version": {"regex": "^4"}}, "expect_version: needs version, which says where"),
        ({"degraded_markers": [""]}, "degraded_markers: an empty text is found"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
        ({"min_bytes": -1}, "min_bytes: -1 is negative"),
        ({"min_bytes": 9, "max_bytes": 8}, "max_bytes: 8 is not between min_bytes and"),
        ({"min_bytes": 9, "max_body_bytes": 8}, "min_bytes: 9 is more than max_body_bytes"),
        ({"max_body_bytes": 0}, "max_body_bytes: 0 is not more than 0"),
        ({"method": "HEAD"}, "method: the answer to HEAD has no body"),
        ({"version": {}}, "version: give one of regex, json or header"),
        ({"version": {"json": "a"}}, "json: 'a' is not a JSON Pointer"),
        ({"version": {"header": "a b"}}, "header: 'a b' is not the name of a header"),
        ({"timeouts": {"tls_ms": 0}}, "tls_ms: 0 is not more than 0"),
        ({"tls": {"server_name": "-"}}, "server_name: '-' is not a host name"),
    ],
)
def test_a_fault_of_an_http_check_begins_with_its_field(
    options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(_PAGE | options, HttpSpec)

    assert str(raised.value).startswith(fault)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 70000}, "port: 70000 is not a port"),
        ({"host": ""}, "host: '' is not a host name or an IP address"),
        ({"host": "a" * 64}, "host: 'aaa"),
        ({"host": "é" * 64}, "host: 'ééé"),
        ({"host": "::1", "family": "ipv4"}, "family: ::1 is no ipv4 address"),
        ({"host": "1:2:3"}, "host: '1:2:3' is not a host name or an IP address"),
        ({"expect": None}, "expect: is missing; say what the target must answer"),
        ({"expect": ""}, "expect: an empty text is found in every page"),
        ({"connect_only": True}, "connect_only: excludes send, send_hex, expect and version"),
        ({"send": "a", "send_hex": "0b"}, "send_hex: excludes send"),
        ({"send_hex": "0"}, "send_hex: '0' is not hexadecimal"),
    ],
)
def test_a_fault_of_a_tcp_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(_PORT | options, TcpSpec)

    assert str(raised.value).startswith(fault)


def test_a_bare_connection_is_accepted_when_it_is_asked_for() -> None:
    spec = TcpSpec("pacs.example", 104, connect_only=True)

    assert spec.target == Target("pacs.example", 104)


@pytest.mark.parametrize(
    ("text", "host", "port", "authority", "path"),
    [
        ("http://dpi.example", "dpi.example", 80, "dpi.example", "/"),
        ("https://DPI.example:443/a?b=c#d", "dpi.example", 443, "dpi.example", "/a?b=c"),
        ("https://dpi.example:8443/", "dpi.example", 8443, "dpi.example:8443", "/"),
        ("http://[::1]:8080/x", "::1", 8080, "[::1]:8080", "/x"),
        ("http://hôpital.example/é à", "xn--hpital-ixa.example", 80, None, "/%C3%A9%20%C3%A0"),
        ("http://h/a%20b?q=%C3%A9", "h", 80, "h", "/a%20b?q=%C3%A9"),
    ],
)
def test_a_url_gives_what_is_dialled_and_what_is_asked(
    text: str, host: str, port: int, authority: str | None, path: str
) -> None:
    tls = text.startswith("https")

    assert parse_url(text) == Url(Target(host, port), tls, authority or host, path)


def test_expected_statuses_are_codes_and_inclusive_ranges() -> None:
    assert status_ranges((200, "300-302", "404")) == (
        range(200, 201),
        range(300, 303),
        range(404, 405),
    )
