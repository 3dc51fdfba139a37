"""What Chromium and its driver say when something fails, in our own vocabulary.

Only codes of Chromium (net/base/net_error_list.h) and fixed words are read: an error of the driver
can quote what was typed, and what was on the page.
"""

import re
from typing import Final, NamedTuple

from probes.model.failure import Failure, Operation


class Meaning(NamedTuple):
    """A failure, and the step of a probe it is of."""

    failure: Failure
    operation: Operation


def code_in(text: str) -> str:
    """Return the code of a network error in a text, as in `ERR_NAME_NOT_RESOLVED`; or nothing."""
    match = _CODE.search(text)
    return match[1] if match else ""


def meaning_of(code: str) -> Meaning:
    """Return what a network error of Chromium means."""
    if code in _ERRORS:
        return _ERRORS[code]
    for prefix, meaning in _FAMILIES.items():
        if code.startswith(prefix):
            return meaning
    return Meaning(Failure.PROTOCOL_ERROR, Operation.TRANSFER)


def cannot_start(text: str) -> tuple[Failure, str]:
    """Return why Chromium could not be started, from what its driver says."""
    lowered = text.lower()
    for words, failure, detail in _CANNOT_START:
        if words in lowered:
            return failure, detail
    return Failure.INTERNAL_ERROR, "Chromium ended as it was started"


def is_bad_selector(text: str) -> bool:
    """Return whether the driver does not understand a selector, or a key."""
    return any(words in text for words in _NOT_UNDERSTOOD)


_CODE: Final = re.compile(r"net::(ERR_[A-Z0-9_]+)")
_UNTRUSTED: Final = Meaning(Failure.CERTIFICATE_UNTRUSTED, Operation.TLS)
_RESET: Final = Meaning(Failure.CONNECTION_RESET, Operation.TRANSFER)
_CLOSED: Final = Meaning(Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE)
_UNREACHABLE: Final = Meaning(Failure.NETWORK_UNREACHABLE, Operation.CONNECT)
_TRUNCATED: Final = Meaning(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
_LACK: Final = Meaning(Failure.OUT_OF_RESOURCES, Operation.RUN)
_OURS: Final = Meaning(Failure.BAD_CONFIGURATION, Operation.RUN)
_ERRORS: Final = {
    "ERR_NAME_NOT_RESOLVED": Meaning(Failure.NAME_NOT_FOUND, Operation.RESOLVE),
    "ERR_NAME_RESOLUTION_FAILED": Meaning(Failure.RESOLUTION_FAILED, Operation.RESOLVE),
    "ERR_ICANN_NAME_COLLISION": Meaning(Failure.RESOLUTION_FAILED, Operation.RESOLVE),
    "ERR_CONNECTION_REFUSED": Meaning(Failure.CONNECTION_REFUSED, Operation.CONNECT),
    "ERR_CONNECTION_FAILED": Meaning(Failure.CONNECTION_REFUSED, Operation.CONNECT),
    "ERR_CONNECTION_RESET": _RESET,
    "ERR_CONNECTION_ABORTED": _RESET,
    "ERR_SOCKET_NOT_CONNECTED": _RESET,
    "ERR_CONNECTION_CLOSED": _CLOSED,
    "ERR_EMPTY_RESPONSE": _CLOSED,
    "ERR_ADDRESS_UNREACHABLE": Meaning(Failure.HOST_UNREACHABLE, Operation.CONNECT),
    "ERR_ADDRESS_INVALID": _UNREACHABLE,
    "ERR_INTERNET_DISCONNECTED": _UNREACHABLE,
    "ERR_NETWORK_CHANGED": _UNREACHABLE,
    "ERR_NETWORK_ACCESS_DENIED": Meaning(Failure.PERMISSION_DENIED, Operation.CONNECT),
    "ERR_CONNECTION_TIMED_OUT": Meaning(Failure.TIMEOUT, Operation.CONNECT),
    "ERR_TIMED_OUT": Meaning(Failure.TIMEOUT, Operation.TRANSFER),
    "ERR_CERT_DATE_INVALID": Meaning(Failure.CERTIFICATE_EXPIRED, Operation.TLS),
    "ERR_CERT_COMMON_NAME_INVALID": Meaning(Failure.CERTIFICATE_NAME_MISMATCH, Operation.TLS),
    "ERR_TOO_MANY_REDIRECTS": Meaning(Failure.TOO_MANY_REDIRECTS, Operation.TRANSFER),
    "ERR_UNSAFE_REDIRECT": Meaning(Failure.REDIRECT_REFUSED, Operation.TRANSFER),
    "ERR_CONTENT_LENGTH_MISMATCH": _TRUNCATED,
    "ERR_INCOMPLETE_CHUNKED_ENCODING": _TRUNCATED,
    "ERR_INSUFFICIENT_RESOURCES": _LACK,
    "ERR_OUT_OF_MEMORY": _LACK,
    "ERR_UNSAFE_PORT": _OURS,
    "ERR_BLOCKED_BY_ADMINISTRATOR": _OURS,
    "ERR_INVALID_URL": _OURS,
}
_FAMILIES: Final = {
    "ERR_CERT_": _UNTRUSTED,
    "ERR_SSL_": Meaning(Failure.TLS_FAILED, Operation.TLS),
    "ERR_DNS_": Meaning(Failure.RESOLUTION_FAILED, Operation.RESOLVE),
    "ERR_PROXY_": _OURS,
    "ERR_TUNNEL_": _OURS,
}
_CANNOT_START: Final = (
    ("doesn't exist", Failure.BAD_CONFIGURATION, "there is no such executable"),
    ("enoent", Failure.BAD_CONFIGURATION, "there is no such executable"),
    ("eacces", Failure.PERMISSION_DENIED, "it is not ours to execute"),
    ("no usable sandbox", Failure.BAD_CONFIGURATION, "Chromium has no sandbox it could use"),
    ("cannot open shared object", Failure.BAD_CONFIGURATION, "Chromium lacks a library"),
    ("cannot allocate memory", Failure.OUT_OF_RESOURCES, "no memory to start Chromium in"),
    ("out of memory", Failure.OUT_OF_RESOURCES, "no memory to start Chromium in"),
    ("enomem", Failure.OUT_OF_RESOURCES, "no memory to start Chromium in"),
    ("eagain", Failure.OUT_OF_RESOURCES, "no room for the processes of Chromium"),
    ("resource temporarily", Failure.OUT_OF_RESOURCES, "no room for the processes of Chromium"),
    ("too many open files", Failure.OUT_OF_RESOURCES, "no descriptors to start Chromium with"),
)
_NOT_UNDERSTOOD: Final = (
    "while parsing",
    "is not a valid selector",
    "Unknown engine",
    "Unknown key",
    "Malformed selector",
)
