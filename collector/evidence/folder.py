"""A folder an auditor can judge alone: the window's file and `measurements.ndjson`."""

from collections.abc import Iterable
from pathlib import Path

from collector.errors import ConfigurationError, NotFoundError
from collector.judge.document import DocumentError, read_json, read_yaml
from collector.judge.terms import Window
from collector.judge.windowfile import WindowFileError, read_window, unknown_keys
from probes.model.canonical import MalformedError
from probes.model.measurement import Measurement, read_measurements, write_measurement

WINDOW_NAMES = ("window.json", "window.yaml", "window.yml")
MEASUREMENTS_NAME = "measurements.ndjson"


def read_window_file(folder: Path) -> tuple[Window, list[str]]:
    """Return the folder's window, and the keys of its file that mean nothing here."""
    if not folder.is_dir():
        raise NotFoundError(f"cannot read {folder}: there is no such folder")
    found = [folder / name for name in WINDOW_NAMES if (folder / name).is_file()]
    if not found:
        raise NotFoundError(f"cannot find {WINDOW_NAMES[0]} or {WINDOW_NAMES[1]} in {folder}")
    if len(found) > 1:
        both = " and ".join(path.name for path in found)
        raise ConfigurationError(f"cannot choose between {both} in {folder}: keep one")
    path = found[0]
    try:
        text = path.read_text("utf-8")
        document = read_json(text) if path.suffix == ".json" else read_yaml(text)
        return read_window(document), unknown_keys(document)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cannot read {path}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except (DocumentError, WindowFileError) as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from None


def read_measurements_file(folder: Path) -> list[Measurement]:
    """Return the folder's measurements, in the order of the file."""
    path = folder / MEASUREMENTS_NAME
    try:
        with path.open("rb") as lines:
            return list(read_measurements(lines))
    except FileNotFoundError:
        raise NotFoundError(f"cannot find {MEASUREMENTS_NAME} in {folder}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except MalformedError as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from None


def write_measurements_file(folder: Path, measurements: Iterable[Measurement]) -> None:
    """Write the measurements into the folder, one a line."""
    with (folder / MEASUREMENTS_NAME).open("wb") as file:
        file.writelines(map(write_measurement, measurements))
