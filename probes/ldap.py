"""The ldap probe: binds to a directory, and searches it for what must be there.

A directory that lets anybody bind proves little, and one whose database is gone still binds: only a
search that finds something shows that it serves. Credentials it refuses are its answer, `down`; so
is a referral, for whoever logs in here would be sent elsewhere. No attribute is read.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.kind import Kind, host_and_port, package
from probes.ldap_session import LdapSession, code_of
from probes.model.failure import Failure, Operation
from probes.model.ldap_target import LdapEncryption, LdapScope, LdapSpec
from probes.model.measurement import Observation, Outcome
from probes.secret import read_secret
from probes.transport import dial, secure, trusting
from probes.version import shown_version

if TYPE_CHECKING:
    from sansldap import LDAPResult

PRODUCES: Final = transport.PRODUCES | {
    Failure.TLS_NOT_OFFERED,
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.RESPONSE_TOO_LARGE,
    Failure.AUTHENTICATION_FAILED,
    Failure.NOT_SERVING,
    Failure.QUERY_FAILED,
    Failure.UNEXPECTED_VALUE,
}


async def probe(spec: LdapSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a directory once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            found = await _look(spec, attempt)
    except ProbeError as error:
        return attempt.failed(error)
    if found.entries < spec.min_entries:
        detail = f"{found}, expected at least {spec.min_entries}"
        failure, operation = Failure.UNEXPECTED_VALUE, Operation.ASSERT
        return Observation.failed(
            failure, operation, detail, version=found.version, phases=attempt.phases
        )
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"{found}: {slow}" if slow else str(found)
    return Observation(outcome, detail=detail, version=found.version, phases=attempt.phases)


class _Found(NamedTuple):
    """How much a search found, and where."""

    peer: str
    entries: int
    references: int
    version: str | None

    def __str__(self) -> str:
        entries = "1 entry" if self.entries == 1 else f"{self.entries} entries"
        other = f" and {self.references} references to other servers" if self.references else ""
        return f"{entries}{other} from {self.peer}"


async def _look(spec: LdapSpec, attempt: Attempt) -> _Found:
    """Bind and search; return what was found."""
    password = read_secret(spec.password_file) if spec.password_file else ""
    context = None if spec.encryption is LdapEncryption.NONE else trusting(spec.tls)
    session = LdapSession(await dial(spec.target, None, attempt), attempt)
    name = spec.tls.server_name or spec.host
    try:
        if context is not None and spec.encryption is LdapEncryption.STARTTLS:
            await _start_tls(session, attempt)
        if context is not None:
            session.connection = await secure(session.connection, context, name, attempt)
        await _bind(session, attempt, spec.bind_dn, password)
        entries, references = await _search(session, attempt, spec)
        version = await _vendor_version(session, attempt) if spec.vendor_version else None
        return _Found(session.connection.peer, entries, references, version)
    finally:
        session.connection.close()


async def _start_tls(session: LdapSession, attempt: Attempt) -> None:
    """Have the directory begin TLS (RFC 4511, section 4.14)."""
    session.client.extended_request(_START_TLS)
    await session.say()
    attempt.begin(Operation.NEGOTIATE)
    answer: Any = await session.hear()
    if answer.result.result_code.value != _SUCCESS:
        detail = f"it answered StartTLS with {code_of(answer.result)}"
        raise ProbeError(Failure.TLS_NOT_OFFERED, detail, Operation.ASSERT)
    if not session.idle:
        # Behind the answer it would be taken for a part of what is said inside TLS.
        raise ProbeError(Failure.PROTOCOL_ERROR, "more came after the answer to StartTLS")


async def _bind(session: LdapSession, attempt: Attempt, name: str, password: str) -> None:
    session.client.bind_simple(name, password)
    await session.say()
    attempt.begin(Operation.NEGOTIATE)
    answer: Any = await session.hear()
    _require_success("the bind", answer.result)


async def _search(session: LdapSession, attempt: Attempt, spec: LdapSpec) -> tuple[int, int]:
    """Return how many entries were found, and how many places elsewhere were named."""
    from sansldap import LDAPFilter, SearchResultDone, SearchResultReference  # noqa: PLC0415

    session.client.search_request(
        spec.base,
        _SCOPES[spec.scope],
        size_limit=spec.min_entries,
        filter=LDAPFilter.from_string(spec.filter),
        attributes=[_NO_ATTRIBUTES],
    )
    await session.say()
    attempt.begin(Operation.FIRST_BYTE)
    entries = references = 0
    while True:
        message: Any = await session.hear()
        if not entries and not references:
            attempt.begin(Operation.TRANSFER)
        if isinstance(message, SearchResultDone):
            if message.result.result_code.value != _SIZE_LIMIT_EXCEEDED:
                _require_success("the search", message.result)
            return entries, references
        references += isinstance(message, SearchResultReference)
        entries += not isinstance(message, SearchResultReference)


async def _vendor_version(session: LdapSession, attempt: Attempt) -> str | None:
    """Return the version the directory's own entry shows; None where it shows none."""
    from sansldap import SearchResultDone, SearchResultEntry  # noqa: PLC0415

    session.client.search_request("", _SCOPES[LdapScope.BASE], attributes=[_VENDOR_VERSION])
    await session.say()
    attempt.begin(Operation.TRANSFER)
    version = None
    while True:
        message: Any = await session.hear()
        if isinstance(message, SearchResultDone):
            return version
        if isinstance(message, SearchResultEntry):
            for attribute in message.attributes:
                if attribute.name.lower() == _VENDOR_VERSION.lower() and attribute.values:
                    version = shown_version(attribute.values[0].decode("utf-8", "replace"))


def _require_success(what: str, result: "LDAPResult") -> None:
    code = result.result_code.value
    if code != _SUCCESS:
        failure = _MEANINGS.get(code, Failure.QUERY_FAILED)
        detail = f"it answered {what} with {code_of(result)}"
        raise ProbeError(failure, detail, Operation.ASSERT)


def _lacking(spec: LdapSpec) -> str:
    """Return what is missing, or why the filter is none: the library reads it."""
    if missing := package("sansldap", "ldap")(spec):
        return missing
    from sansldap import LDAPFilter  # noqa: PLC0415

    try:
        LDAPFilter.from_string(spec.filter)
    except ValueError as error:
        return f"filter: {spec.filter!r} is not a filter: {error}"
    return ""


_START_TLS: Final = "1.3.6.1.4.1.1466.20037"
_NO_ATTRIBUTES: Final = "1.1"  # RFC 4511, section 4.5.1.8
_VENDOR_VERSION: Final = "vendorVersion"
_SCOPES: Final = {LdapScope.BASE: 0, LdapScope.ONE: 1, LdapScope.SUBTREE: 2}
_SUCCESS: Final = 0
_SIZE_LIMIT_EXCEEDED: Final = 4  # there is more than was asked for
# RFC 4511, appendix A; the others are of the request, which the directory could not carry out.
_MEANINGS: Final = {
    2: Failure.PROTOCOL_ERROR,
    7: Failure.AUTHENTICATION_FAILED,
    8: Failure.AUTHENTICATION_FAILED,
    10: Failure.UNEXPECTED_VALUE,
    13: Failure.AUTHENTICATION_FAILED,
    32: Failure.UNEXPECTED_VALUE,
    48: Failure.AUTHENTICATION_FAILED,
    49: Failure.AUTHENTICATION_FAILED,
    50: Failure.AUTHENTICATION_FAILED,
    51: Failure.NOT_SERVING,
    52: Failure.NOT_SERVING,
    53: Failure.NOT_SERVING,
}

KIND: Final = Kind(
    "ldap",
    LdapSpec,
    probe,
    PRODUCES,
    host_and_port(389),
    "annuaire.example -o base=ou=personnes,dc=ch,dc=example -o encryption=starttls",
    _lacking,
)
