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
    """The step of a probe during which it failed.

    `negotiate` is what a protocol asks for before the question itself: a greeting, an association,
    a login. `run` is what happens on the vantage point's own host: a plug-in, a look at a process.
    """

    SCHEDULE = "schedule"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    NEGOTIATE = "negotiate"
    SEND = "send"
    FIRST_BYTE = "first_byte"
    TRANSFER = "transfer"
    RUN = "run"
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
    TLS_NOT_OFFERED = "tls_not_offered"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    CERTIFICATE_NAME_MISMATCH = "certificate_name_mismatch"
    PROTOCOL_ERROR = "protocol_error"
    RESPONSE_TRUNCATED = "response_truncated"
    RESPONSE_TOO_LARGE = "response_too_large"
    UNEXPECTED_STATUS = "unexpected_status"
    UNEXPECTED_SIZE = "unexpected_size"
    UNEXPECTED_HEADER = "unexpected_header"
    UNEXPECTED_VALUE = "unexpected_value"
    UNEXPECTED_VERSION = "unexpected_version"
    MISMATCHED_REPLY = "mismatched_reply"
    MARKER_MISSING = "marker_missing"
    MAINTENANCE_PAGE = "maintenance_page"
    ERROR_PAGE = "error_page"
    STALE_ANSWER = "stale_answer"
    REDIRECT_REFUSED = "redirect_refused"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    AUTHENTICATION_FAILED = "authentication_failed"
    ASSOCIATION_REJECTED = "association_rejected"
    NOT_SERVING = "not_serving"
    QUERY_FAILED = "query_failed"
    APPLICATION_ERROR = "application_error"
    APPLICATION_REJECT = "application_reject"
    NOT_RUNNING = "not_running"
    NOT_LISTENING = "not_listening"
    SCRIPT_CRITICAL = "script_critical"

    STALL = "stall"
    SUSPENDED = "suspended"
    VANTAGE_OFFLINE = "vantage_offline"
    OUT_OF_RESOURCES = "out_of_resources"
    PERMISSION_DENIED = "permission_denied"
    BAD_CONFIGURATION = "bad_configuration"
    SCRIPT_UNKNOWN = "script_unknown"
    NOTHING_LOGGED = "nothing_logged"
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
        Failure.SCRIPT_UNKNOWN,
        Failure.NOTHING_LOGGED,
        Failure.INTERNAL_ERROR,
    }
)
