"""Why a check did not succeed: a closed vocabulary of failures, and of the operations that failed.

A failure says *what* was seen, the operation says *when*: `timeout` during `resolve` and `timeout`
during `first_byte` are two different facts. Failures of the **target** make a measurement `down`;
failures of the **instrument** make it `unknown`, evidence of nothing (rules, section 2). Which is
which is a property of the member, so no caller can decide otherwise.

Members are added, never renamed or reused: they are in signed batches.
"""

from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """The step of a probe during which it failed."""

    SCHEDULE = "schedule"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    FIRST_BYTE = "first_byte"
    TRANSFER = "transfer"
    ASSERT = "assert"


class Failure(StrEnum):
    """What went wrong, from the outside of the target or inside the instrument."""

    NAME_NOT_FOUND = "name_not_found"
    RESOLUTION_FAILED = "resolution_failed"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    CONNECTION_CLOSED = "connection_closed"
    HOST_UNREACHABLE = "host_unreachable"
    NETWORK_UNREACHABLE = "network_unreachable"
    TIMEOUT = "timeout"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CERTIFICATE_NAME_MISMATCH = "certificate_name_mismatch"
    PROTOCOL_ERROR = "protocol_error"
    RESPONSE_TRUNCATED = "response_truncated"
    RESPONSE_TOO_LARGE = "response_too_large"
    UNEXPECTED_STATUS = "unexpected_status"
    UNEXPECTED_SIZE = "unexpected_size"
    UNEXPECTED_HEADER = "unexpected_header"
    UNEXPECTED_VALUE = "unexpected_value"
    MARKER_MISSING = "marker_missing"
    MAINTENANCE_PAGE = "maintenance_page"
    REDIRECT_REFUSED = "redirect_refused"
    TOO_MANY_REDIRECTS = "too_many_redirects"

    STALL = "stall"
    SUSPENDED = "suspended"
    VANTAGE_OFFLINE = "vantage_offline"
    OUT_OF_RESOURCES = "out_of_resources"
    PERMISSION_DENIED = "permission_denied"
    BAD_CONFIGURATION = "bad_configuration"
    INTERNAL_ERROR = "internal_error"

    @property
    def of_instrument(self) -> bool:
        """True when the instrument failed, so that the measurement proves nothing."""
        return self in _OF_INSTRUMENT


_OF_INSTRUMENT: Final = frozenset(
    {
        Failure.STALL,
        Failure.SUSPENDED,
        Failure.VANTAGE_OFFLINE,
        Failure.OUT_OF_RESOURCES,
        Failure.PERMISSION_DENIED,
        Failure.BAD_CONFIGURATION,
        Failure.INTERNAL_ERROR,
    }
)
