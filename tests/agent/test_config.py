"""What a configuration file may say, and how its faults are named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.config import Config, ConfigError, read_config
from agent.schedule import Burst, Cadence
from probes.model.http_target import HttpSpec
from probes.model.instant import MILLISECOND, SECOND
from probes.model.target import Family, TcpSpec

EXAMPLE = Path("docs/examples/agent.yaml")

MINIMAL = """\
vantage: accueil-03
state_dir: state
checks:
  dpi:
    kind: tcp
    host: dpi.example
    port: 443
    connect_only: true
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_text(text: str) -> Path:
        path = tmp_path / "agent.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    prefix = f"cannot read {path}: "
    assert all(fault.startswith(prefix) for fault in caught.value.faults)
    return [fault.removeprefix(prefix) for fault in caught.value.faults]


def with_check(**options: str) -> str:
    lines = [f"    {key}: {value}\n" for key, value in options.items()]
    return MINIMAL + "".join(lines)


def read(path: Path) -> Config:
    return read_config(path)


def test_the_example_is_a_configuration() -> None:
    config = read(EXAMPLE)

    assert [check.name for check in config.checks] == ["dpi-login", "dpi-health", "labo-hl7"]
    assert [each.name for each in config.references] == ["gateway", "resolver", "loopback"]
    assert isinstance(config.checks[0].spec, HttpSpec)
    assert config.checks[1].timeout_us == 5 * SECOND
    assert config.metrics is not None
    assert config.metrics.address == ("127.0.0.1", 9469)


def test_little_need_be_said(write: Write) -> None:
    config = read(write(MINIMAL))

    (check,) = config.checks
    assert check.spec == TcpSpec("dpi.example", 443, connect_only=True)
    assert check.cadence == Cadence(10 * SECOND, Burst(SECOND, 60 * SECOND))
    assert check.timeout_us == 10 * SECOND
    assert config.kind == "workstation"
    assert config.metrics is None
    assert config.collectors == ()


def test_paths_are_taken_from_the_folder_of_the_file(write: Write) -> None:
    path = write(
        MINIMAL + "    tls: {ca_file: ca.pem}\n"
        "collectors: [{url: 'https://c.example', ca_file: /etc/ca.pem}]\n"
    )

    config = read(path)

    assert config.state_dir == path.parent / "state"
    assert config.checks[0].spec.tls.ca_file == str(path.parent / "ca.pem")
    assert config.collectors[0].ca_file == "/etc/ca.pem"


def test_a_collector_is_named_for_its_host_unless_it_has_a_name(write: Write) -> None:
    path = write(
        MINIMAL + "collectors: [{url: 'https://c.example:8443/'}, {url: 'http://d', name: dd}]"
    )

    assert [(one.name, one.url) for one in read(path).collectors] == [
        ("c.example:8443", "https://c.example:8443"),
        ("dd", "http://d"),
    ]


def test_both_families_are_two_checks_and_no_probe_is_told_both(write: Write) -> None:
    config = read(write(with_check(family="both", interval="PT30S")))

    assert [(check.name, check.spec.family) for check in config.checks] == [
        ("dpi.ipv4", Family.IPV4),
        ("dpi.ipv6", Family.IPV6),
    ]
    assert {check.cadence.interval_us for check in config.checks} == {30 * SECOND}


def test_a_name_that_half_of_a_check_has_already_is_refused(write: Write) -> None:
    other = "  dpi.ipv6: {kind: tcp, host: h, port: 1, connect_only: true}\n"

    assert faults_of(write(with_check(family="both") + other)) == [
        "checks.dpi.ipv6: is already one half of a check with family: both"
    ]


def test_both_families_of_an_address_are_refused(write: Write) -> None:
    text = with_check(family="both").replace("dpi.example", "192.0.2.7")

    assert faults_of(write(text)) == ["checks.dpi.family: 192.0.2.7 is no ipv6 address"]


def test_a_name_too_long_for_its_halves_is_refused(write: Write) -> None:
    name = "d" * 96  # and ".ipv4" makes 101 characters

    (fault,) = faults_of(write(with_check(family="both").replace("dpi:", f"{name}:")))

    assert fault.startswith(f"checks.{name}.family: '{name}.ipv4' has not 1 to 100 characters")


def test_a_check_may_burst_in_its_own_way(write: Write) -> None:
    path = write(with_check(burst="{interval: PT0.5S, duration: PT0S}") + "burst: {interval: PT2S}")

    assert read(path).checks[0].cadence.burst == Burst(500 * MILLISECOND, 0)


def test_the_digest_is_of_what_is_checked_however_it_is_laid_out(write: Write) -> None:
    digest = read(write(MINIMAL)).digest

    assert read(write("# a comment\n" + MINIMAL)).digest == digest
    assert read(write(MINIMAL + "collectors: [{url: 'http://c'}]")).digest == digest
    assert read(write(MINIMAL.replace("443", "444"))).digest != digest
    assert read(write(MINIMAL.replace("accueil", "urgences"))).digest != digest


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("port: 70000", "checks.dpi.port: 70000 is not a port"),
        ("port: https", "checks.dpi.port: expected a whole number, got text"),
        ("pört: 1", "checks.dpi.pört: is not known; did you mean port?"),
        ("timeouts: {conect_ms: 1}", "checks.dpi.timeouts.conect_ms: is not known; did you mean"),
        ("timeouts: {connect_ms: 0}", "checks.dpi.timeouts.connect_ms: 0 is not more than 0"),
        ("timeouts: 5", "checks.dpi.timeouts: expected keys and values, got a whole number"),
        ("family: ipv5", "checks.dpi.family: 'ipv5' is not one of any, ipv4, ipv6"),
        ("expect: {regex: '('}", "checks.dpi.expect.regex: '(' is not a pattern"),
        ("expect: OK", "checks.dpi.connect_only: excludes"),
        ("interval: 10s", "checks.dpi.interval: '10s' is not an ISO 8601 duration, as in PT4H"),
        ("interval: PT0.5S", "checks.dpi.interval: PT0.5S is not PT1S to PT24H"),
        ("intervall: PT5S", "checks.dpi.intervall: is not known; did you mean interval?"),
        ("timeout: PT0S", "checks.dpi.timeout: a probe needs some time"),
        ("timeout: PT21S", "checks.dpi.timeout: PT21S would leave gaps in the evidence"),
        ("max_gap: PT15S", "checks.dpi.max_gap: PT15S is less than two intervals"),
        ("burst: {interval: PT0.1S}", "checks.dpi.burst.interval: PT0.1S is less than PT0.2S"),
        ("burst: {duration: P1D}", "checks.dpi.burst.duration: P1D is more than PT1H"),
        ("kind: telnet", "checks.dpi.kind: 'telnet' is not a kind of check"),
    ],
)
def test_a_fault_of_a_check_is_named_by_its_key(write: Write, options: str, fault: str) -> None:
    key = options.partition(":")[0]
    kept = [line for line in MINIMAL.splitlines() if not line.startswith(f"    {key}:")]

    (found,) = faults_of(write("\n".join([*kept, f"    {options}", ""])))

    assert found.startswith(fault)


GATEWAY = "{kind: tcp, host: 10.0.0.1, port: 443, connect_only: true%s}"
LOOPBACK = "{kind: tcp, host: 127.0.0.1, port: 9469, connect_only: true}"


def with_references(**references: str) -> str:
    lines = [f"  {name}: {options}\n" for name, options in references.items()]
    return MINIMAL + "references:\n" + "".join(lines)


def test_references_are_asked_often_and_not_for_long(write: Write) -> None:
    config = read(write(with_references(gateway=GATEWAY % "", loopback=LOOPBACK)))

    assert [each.name for each in config.references] == ["gateway", "loopback"]
    assert all(each.reference and each.timeout_us == 2 * SECOND for each in config.references)
    assert {each.cadence for each in config.references} == {Cadence(5 * SECOND, Burst(SECOND, 0))}
    assert [each.reference for each in config.measured] == [False, True, True]
    assert config.digest != read(write(MINIMAL)).digest


def test_a_reference_of_both_families_is_two(write: Write) -> None:
    options = "{kind: tcp, host: peer.example, port: 443, connect_only: true, family: both}"
    config = read(write(with_references(peer=options)))

    assert [each.name for each in config.references] == ["peer.ipv4", "peer.ipv6"]


@pytest.mark.parametrize(
    ("references", "fault"),
    [
        ({"a b": GATEWAY % ""}, "references: 'a b' has more than letters"),
        ({"gw": "{kind: tcpp}"}, "references.gw.kind: 'tcpp' is not a kind of check"),
        ({"gw": GATEWAY % ", prot: 1"}, "references.gw.prot: is not known; did you mean port?"),
        ({"gw": GATEWAY % ", timeout: PT3S"}, "references.gw.timeout: PT3S is more than PT2S"),
        ({"gw": GATEWAY % ", burst: {interval: PT1S}"}, "references.gw.burst: references never"),
        ({"dpi": GATEWAY % ""}, "references.dpi: is the name of a check or reference already"),
        ({"gw": "{kind: script, command: [x]}"}, "references.gw.kind: names no host to reach"),
        ({"lo": LOOPBACK}, "references: none is across the network"),
        (
            {"gw": GATEWAY % "", "peer": GATEWAY % ", interval: PT10S"},
            "references: run all at once, but have intervals of PT5S and PT10S",
        ),
    ],
)
def test_a_reference_that_witnesses_nothing_is_refused(
    write: Write, references: dict[str, str], fault: str
) -> None:
    found = faults_of(write(with_references(**references)))

    assert found[0].startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it does not hold keys and values"),
        ("- a\n", "it does not hold keys and values"),
        ("a: [\n", "line 2, column 1: did not find expected node content"),
        ("state_dir: s\nchecks: {a: {}}\n", "vantage: is missing"),
        ("vantage: v\nstate_dir: s\nchecks: {}\n", "checks: is empty"),
        ("vantage: v\nstate_dir: s\nchecks: {a: {}}\n", "checks.a.kind: is missing"),
        ("vantage: v\nstate_dir: s\nchecks: {a: 3}\n", "checks: expected keys and values"),
        ("vantage: v\nstate_dir: s\nchecks: {1: {kind: tcp}}\n", "checks: expected text, got a"),
        ("vantage: v\nstate_dir: s\nchecks: {a b: {kind: tcp}}\n", "checks: 'a b' has more than"),
        (MINIMAL.replace("accueil-03", "''"), "vantage: '' has not 1 to 100 characters"),
        (MINIMAL + "metric: {}\n", "metric: is not known; did you mean metrics?"),
        (MINIMAL + "metrics: {listen: 9469}\n", "metrics.listen: expected text"),
        (MINIMAL + "metrics: {listen: here}\n", "metrics.listen: 'here' is not HOST:PORT"),
        (MINIMAL + "kind: laptop\n", "kind: 'laptop' is not one of workstation, server, external"),
        (MINIMAL + "spool: {keep_days: 3}\n", "spool.keep_days: 3 is less than 7"),
        (MINIMAL + "spool: {max_bytes: 3}\n", "spool.max_bytes: 3 is less than 1048576"),
        (MINIMAL + "collectors: [{url: ftp://c}]\n", "collectors[0].url: 'ftp://c' is not an http"),
        (MINIMAL + "collectors: [{ulr: x}]\n", "collectors[0].ulr: is not known; did you mean url"),
        (MINIMAL + "collectors: [{url: 'http://c'}, {url: 'http://c'}]\n", "collectors: a URL is"),
        (MINIMAL + "collectors: {url: 'http://c'}\n", "collectors: expected a list, got keys"),
        (MINIMAL + "vantage: other\n", "line 9, column 1: vantage is given twice"),
        (MINIMAL + "    port: 80\n", "line 9, column 5: port is given twice, the first time on"),
        (MINIMAL + "    since: 2026-13-45\n", "month must be in 1..12; put a text that looks"),
    ],
)
def test_a_fault_of_the_file_is_named_by_its_place(write: Write, text: str, fault: str) -> None:
    (found,) = faults_of(write(text))

    assert found.startswith(fault)


def test_every_check_at_fault_is_named_at_once(write: Write) -> None:
    text = MINIMAL.replace("443", "70000") + "  labo: {kind: tcp}\n  pacs: {kind: dicomm}\n"

    assert [fault.partition(":")[0] for fault in faults_of(write(text))] == [
        "checks.dpi.port",
        "checks.labo.host",
        "checks.pacs.kind",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "agent.yaml") == ["No such file or directory"]


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(MINIMAL.encode() + "# déjà".encode("latin-1"))

    assert faults_of(path) == [f"it is not UTF-8 at byte {len(MINIMAL) + 3}"]


def test_anchors_and_merge_keys_are_understood(write: Write) -> None:
    text = MINIMAL.replace("  dpi:", "  dpi: &dpi") + "  labo:\n    <<: *dpi\n    port: 80\n"

    assert read(write(text)).checks[1].spec == TcpSpec("dpi.example", 80, connect_only=True)
