"""What Chromium and its driver say has one meaning each, and their words go no further."""

import pytest

from probes.chromium import cannot_start, code_in, is_bad_selector, meaning_of
from probes.model.failure import Failure, Operation


@pytest.mark.parametrize(
    ("code", "failure", "operation"),
    [
        ("ERR_NAME_NOT_RESOLVED", Failure.NAME_NOT_FOUND, Operation.RESOLVE),
        ("ERR_DNS_TIMED_OUT", Failure.RESOLUTION_FAILED, Operation.RESOLVE),
        ("ERR_CONNECTION_REFUSED", Failure.CONNECTION_REFUSED, Operation.CONNECT),
        ("ERR_CONNECTION_RESET", Failure.CONNECTION_RESET, Operation.TRANSFER),
        ("ERR_EMPTY_RESPONSE", Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE),
        ("ERR_ADDRESS_UNREACHABLE", Failure.HOST_UNREACHABLE, Operation.CONNECT),
        ("ERR_INTERNET_DISCONNECTED", Failure.NETWORK_UNREACHABLE, Operation.CONNECT),
        ("ERR_NETWORK_ACCESS_DENIED", Failure.PERMISSION_DENIED, Operation.CONNECT),
        ("ERR_CONNECTION_TIMED_OUT", Failure.TIMEOUT, Operation.CONNECT),
        ("ERR_CERT_DATE_INVALID", Failure.CERTIFICATE_EXPIRED, Operation.TLS),
        ("ERR_CERT_COMMON_NAME_INVALID", Failure.CERTIFICATE_NAME_MISMATCH, Operation.TLS),
        ("ERR_CERT_AUTHORITY_INVALID", Failure.CERTIFICATE_UNTRUSTED, Operation.TLS),
        ("ERR_CERT_REVOKED", Failure.CERTIFICATE_UNTRUSTED, Operation.TLS),
        ("ERR_SSL_PROTOCOL_ERROR", Failure.TLS_FAILED, Operation.TLS),
        ("ERR_TOO_MANY_REDIRECTS", Failure.TOO_MANY_REDIRECTS, Operation.TRANSFER),
        ("ERR_UNSAFE_REDIRECT", Failure.REDIRECT_REFUSED, Operation.TRANSFER),
        ("ERR_CONTENT_LENGTH_MISMATCH", Failure.RESPONSE_TRUNCATED, Operation.TRANSFER),
        ("ERR_INVALID_HTTP_RESPONSE", Failure.PROTOCOL_ERROR, Operation.TRANSFER),
        ("ERR_OUT_OF_MEMORY", Failure.OUT_OF_RESOURCES, Operation.RUN),
        ("ERR_UNSAFE_PORT", Failure.BAD_CONFIGURATION, Operation.RUN),
        ("ERR_PROXY_CONNECTION_FAILED", Failure.BAD_CONFIGURATION, Operation.RUN),
    ],
)
def test_a_code_of_chromium_is_a_failure_at_a_step(
    code: str, failure: Failure, operation: Operation
) -> None:
    assert meaning_of(code) == (failure, operation)


def test_a_code_is_found_among_words_that_are_left() -> None:
    assert code_in("Page.goto: net::ERR_TIMED_OUT at http://x/?nom=DUPONT") == "ERR_TIMED_OUT"
    assert code_in("Timeout 5000ms exceeded") == ""


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("Executable doesn't exist at /x", Failure.BAD_CONFIGURATION),
        ("spawn /x EACCES", Failure.PERMISSION_DENIED),
        ("FATAL: No usable sandbox!", Failure.BAD_CONFIGURATION),
        ("libnss3.so: cannot open shared object file", Failure.BAD_CONFIGURATION),
        ("fork: Cannot allocate memory", Failure.OUT_OF_RESOURCES),
        ("spawn /x EAGAIN", Failure.OUT_OF_RESOURCES),
        ("Target page, context or browser has been closed", Failure.INTERNAL_ERROR),
    ],
)
def test_a_browser_that_does_not_start_is_our_own_fault(said: str, failure: Failure) -> None:
    meant, why = cannot_start(said)

    assert meant is failure
    assert meant.of_instrument
    assert said not in why


def test_a_selector_that_is_none_is_told_from_an_element_that_is_not_there() -> None:
    assert is_bad_selector('Unexpected token "#" while parsing css selector "##"')
    assert is_bad_selector('Keyboard.press: Unknown key: "Entrer"')
    assert not is_bad_selector("Timeout 5000ms exceeded")
