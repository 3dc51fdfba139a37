"""The settings of a collector, and the one file that holds its secret."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from collector.errors import ConfigurationError, NotFoundError
from collector.settings import Timestamps, Tls, ensure_key, read_key, read_settings, settings_schema

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/constat.yaml"
SCHEMA = ROOT / "docs/schemas/constat.schema.json"


def _written(folder: Path, text: str) -> Path:
    file = folder / "constat.yaml"
    file.write_text(text)
    return file


def test_the_example_is_read() -> None:
    settings = read_settings(EXAMPLE)
    assert (settings.host, settings.port) == ("127.0.0.1", 8443)
    assert settings.data_dir == EXAMPLE.parent / "constat-data"
    assert settings.dsn is None


def test_the_example_satisfies_the_published_schema() -> None:
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text()), json.loads(SCHEMA.read_text()))


def test_the_published_schema_is_the_one_that_is_read() -> None:
    assert json.loads(SCHEMA.read_text()) == settings_schema()


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = "data_dir: d\nagent: a.yaml\ntls: {cert: c.pem, key: /etc/k.pem}\n"
    settings = read_settings(_written(tmp_path, text))
    assert settings.data_dir == tmp_path / "d"
    assert settings.agent == tmp_path / "a.yaml"
    assert settings.tls == Tls(tmp_path / "c.pem", Path("/etc/k.pem"))
    assert settings.key_file == tmp_path / "d/log.key"


def test_a_database_of_ones_own_is_given_by_its_dsn(tmp_path: Path) -> None:
    text = "data_dir: d\ndatabase: {dsn: 'postgresql://h/d'}\n"
    assert read_settings(_written(tmp_path, text)).dsn == "postgresql://h/d"


def test_an_authority_of_time_stamps_comes_with_its_roots(tmp_path: Path) -> None:
    text = "data_dir: d\ntimestamps: {url: http://tsa.example/tsr, roots: tsa.pem}\n"
    settings = read_settings(_written(tmp_path, text))
    assert settings.timestamps == Timestamps("http://tsa.example/tsr", tmp_path / "tsa.pem")
    assert read_settings(EXAMPLE).timestamps is None


def test_an_ipv6_address_is_written_in_brackets(tmp_path: Path) -> None:
    settings = read_settings(_written(tmp_path, "data_dir: d\nlisten: '[::1]:0'\n"))
    assert (settings.host, settings.port) == ("::1", 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("listen: 127.0.0.1:1\n", "data_dir: is missing"),
        ("data_dir: d\nlisten: '8443'\n", "listen: '8443' is not an address and a port"),
        ("data_dir: d\nlisten: 127.0.0.1:70000\n", "listen: '70000' is not a port"),
        ("data_dir: d\nport: 1\n", "port: is not known here"),
        ("data_dir: d\nraw_days: 0\n", "raw_days: expected int >= 1"),
        ("data_dir: d\ndatabase: mysql\n", "database: "),
        ("data_dir: d\ntls: {cert: c}\n", "tls.key: is missing"),
    ],
)
def test_a_fault_names_the_file_and_the_key(tmp_path: Path, text: str, complaint: str) -> None:
    file = _written(tmp_path, text)
    with pytest.raises(ConfigurationError) as told:
        read_settings(file)
    assert str(told.value).startswith(f"cannot read {file}: {complaint}")


def test_the_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    made = ensure_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert ensure_key(file).seed == made.seed == read_key(file).seed
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.key"]


def test_a_key_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    ensure_key(file)
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_key(file)


@pytest.mark.parametrize("content", [b"", b"ab", b"zz" * 32, b"\xff" * 64, b"00" * 31])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log.key"
    file.touch(0o600)
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="holds no signing key"):
        read_key(file)


def test_a_missing_key_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="constat up makes it"):
        read_key(tmp_path / "log.key")
