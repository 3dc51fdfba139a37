"""The settings of a collector: `constat.yaml`, and the key it signs its log with.

Paths in the file are relative to the file. The signing key is made once, kept in the data folder
with mode 0600, and never leaves it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from collector.configuration import Name, json_schema, read_file
from collector.errors import ConfigurationError, NotFoundError
from probes.model.keys import SigningKey

DEFAULT_FILE: Final = "constat.yaml"
KEY_FILE: Final = "log.key"
READY_FILE: Final = "ready.json"
DATABASE_FOLDER: Final = "postgresql"

_HIGHEST_PORT: Final = 65_535
_ADDRESS_PATTERN: Final = r"^[^@\s]+@[^@\s]+$"
_SEED: Final = re.compile(r"[0-9a-f]{64}")


class TlsFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where the certificate and its key are; without them the collector speaks plain HTTP."""

    cert: str
    key: str


class DatabaseFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A PostgreSQL server of one's own."""

    dsn: str


class MailFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The mail server that takes our letters; without one, they wait."""

    host: str
    sender: Annotated[
        str, msgspec.Meta(pattern=_ADDRESS_PATTERN, description="The address letters come from.")
    ]
    port: Annotated[int, msgspec.Meta(ge=1, le=_HIGHEST_PORT)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        msgspec.Meta(description="none is for a server on this machine."),
    ] = "starttls"
    username: str = ""
    password_file: str = ""
    ca_file: Annotated[
        str, msgspec.Meta(description="Authorities trusted instead of the system's (PEM).")
    ] = ""


class WebhookFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A program that is told, by calls signed as Standard Webhooks asks."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    secret_file: Annotated[str, msgspec.Meta(description="File with the secret, whsec_….")]


class TimestampsFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The time-stamping authority (RFC 3161) that has the log stamped; without one, nothing is."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    roots: Annotated[
        str, msgspec.Meta(min_length=1, description="Certificates its stamps must lead to (PEM).")
    ]


class SettingsFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The file as it is written."""

    data_dir: Annotated[
        str, msgspec.Meta(min_length=1, description="Folder for keys and the embedded database.")
    ]
    listen: Annotated[
        str, msgspec.Meta(description="Address and port; port 0 takes any free one.")
    ] = "127.0.0.1:8443"
    tls: TlsFile | None = None
    database: Annotated[
        Literal["embedded"] | DatabaseFile,
        msgspec.Meta(description="The built-in PostgreSQL, or the DSN of another."),
    ] = "embedded"
    raw_days: Annotated[
        int,
        msgspec.Meta(ge=1, le=3650, description="How many days raw measurements stay in SQL."),
    ] = 7
    name_days: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=3650)] | None,
        msgspec.Meta(
            description="How many days names are kept once they are of no use; null: until erased."
        ),
    ] = 183
    agent: Annotated[
        str | None, msgspec.Meta(description="Configuration of a local agent to run beside it.")
    ] = None
    public_url: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^https?://[^/?#]+$",
                description="Where recipients of letters reach this collector.",
            ),
        ]
        | None
    ) = None
    mail: MailFile | None = None
    webhooks: dict[Name, WebhookFile] = {}
    timestamps: TimestampsFile | None = None


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate and key the collector serves with."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server that takes our letters; `host` and `port` of its submission service."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    username: str
    password_file: Path | None
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that is told, and the file of the secret that signs the calls to it."""

    name: str
    url: str
    secret_file: Path


@dataclass(frozen=True, slots=True)
class Post:
    """How letters go out; `public_url` is where their recipients reach this collector."""

    mail: MailServer | None = None
    webhooks: tuple[Webhook, ...] = ()
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Timestamps:
    """The time-stamping authority, and the file of the certificates its stamps must lead to."""

    url: str
    roots: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, resolved. `dsn` is None for the embedded database."""

    file: Path
    data_dir: Path
    host: str
    port: int
    tls: Tls | None
    dsn: str | None
    raw_days: int
    name_days: int | None
    agent: Path | None
    post: Post
    timestamps: Timestamps | None

    @property
    def key_file(self) -> Path:
        """Where the log's signing key is kept."""
        return self.data_dir / KEY_FILE

    @property
    def database_folder(self) -> Path:
        """Where the embedded database lives."""
        return self.data_dir / DATABASE_FOLDER

    @property
    def ready_file(self) -> Path:
        """Where a serving collector says so."""
        return self.data_dir / READY_FILE


def read_settings(file: Path) -> Settings:
    """Return the settings of a file; `ConfigurationError` names the file and the key at fault."""
    written = read_file(file, SettingsFile)
    folder = file.absolute().parent
    try:
        host, port = _address(written.listen)
    except ValueError as error:
        raise ConfigurationError(f"cannot read {file}: listen: {error}") from None
    tls, stamps = written.tls, written.timestamps
    return Settings(
        file=file,
        data_dir=folder / written.data_dir,
        host=host,
        port=port,
        tls=Tls(folder / tls.cert, folder / tls.key) if tls else None,
        dsn=written.database.dsn if isinstance(written.database, DatabaseFile) else None,
        raw_days=written.raw_days,
        name_days=written.name_days,
        agent=folder / written.agent if written.agent else None,
        post=_post(written, folder),
        timestamps=Timestamps(stamps.url, folder / stamps.roots) if stamps else None,
    )


def _post(written: SettingsFile, folder: Path) -> Post:
    webhooks = tuple(
        Webhook(name, webhook.url, folder / webhook.secret_file)
        for name, webhook in written.webhooks.items()
    )
    mail = None if written.mail is None else _mail_server(written.mail, folder)
    return Post(mail, webhooks, written.public_url or "")


def _mail_server(written: MailFile, folder: Path) -> MailServer:
    return MailServer(
        host=written.host,
        port=written.port,
        security=written.security,
        sender=written.sender,
        username=written.username,
        password_file=_placed(folder, written.password_file),
        ca_file=_placed(folder, written.ca_file),
    )


def _placed(folder: Path, name: str) -> Path | None:
    return folder / name if name else None


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return json_schema(SettingsFile, "Settings of a Constat collector")


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host:
        raise ValueError(f"{listen!r} is not an address and a port, as in 127.0.0.1:8443")
    if not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
        raise ValueError(f"{port!r} is not a port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def read_key(file: Path) -> SigningKey:
    """Return the signing key kept in a file."""
    try:
        seed = file.read_text("ascii").strip()
        readable = file.stat().st_mode & 0o077
    except FileNotFoundError:
        raise NotFoundError(f"there is no signing key {file}: constat up makes it") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"cannot read {file}: it holds no signing key") from None
    if readable:
        raise ConfigurationError(f"others may read the signing key {file}: chmod 600 {file}")
    if _SEED.fullmatch(seed) is None:
        raise ConfigurationError(f"cannot read {file}: it holds no signing key")
    return SigningKey.from_seed(bytes.fromhex(seed))


def ensure_key(file: Path) -> SigningKey:
    """Return the signing key kept in a file, made now if there is none yet."""
    if not file.exists():
        key = SigningKey.generate()
        fresh = file.with_name(f"{file.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(key.seed.hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(file)
    return read_key(file)
