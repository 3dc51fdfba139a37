"""Enrolment: a token is exchanged, once, for a collector's trust in this machine's own key.

The request is signed with that key, so nobody can enrol a key he does not hold. Interrupted
anywhere, enrolment can simply be run again: the key is kept before the question is put, and a
collector gives the holder of an enrolled key the same answer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.identity import Identity, keep_identity, load_identity
from agent.keys import load_or_make_key
from agent.link import Answer, Link
from probes.model.canonical import MalformedError, encode, text
from probes.model.envelope import ENROLMENT_TYPE, Envelope
from probes.model.keys import SigningKey, VerifyingKey, WeakKeyError
from probes.model.measurement import VantageKind

_SCHEMA: Final = "constat.enrolment/1"
_DONE: Final = (200, 201)


class EnrolmentRefusedError(Exception):
    """The collector did not enrol this agent; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Vantage:
    """The vantage point that this machine is to be."""

    name: str
    kind: VantageKind
    agent_version: str


async def enrol(link: Link, folder: Path, token: str, vantage: Vantage) -> Identity:
    """Enrol this machine's key with a collector and keep who it is in the state folder.

    Raises `EnrolmentRefusedError`, `UnreachableError` or `UnusableStateError`.
    """
    key = load_or_make_key(folder)
    known = load_identity(folder)
    if known is not None and known.vantage != vantage.name:
        raise EnrolmentRefusedError(
            f"cannot enrol {vantage.name}: {folder} belongs to {known.vantage}; use another folder"
        )
    answer = await link.post_enrolment(_request(key, vantage), token)
    if answer.status not in _DONE:
        raise EnrolmentRefusedError(_refusal(answer, link.url, folder))
    identity = _identity(answer, key, vantage, link.url)
    if known is not None:
        if known.tenant != identity.tenant:
            raise EnrolmentRefusedError(
                f"cannot enrol with {link.url}: it takes us for {identity.tenant}, "
                f"the collectors so far for {known.tenant}; ask for a token of {known.tenant}"
            )
        identity = known.with_collector(link.url, identity.collector_keys[link.url])
    keep_identity(folder, identity)
    return identity


def _request(key: SigningKey, vantage: Vantage) -> bytes:
    payload = encode(
        {
            "schema": _SCHEMA,
            "vantage": vantage.name,
            "kind": vantage.kind.value,
            "public_key": key.verifying_key.raw.hex(),
            "agent_version": vantage.agent_version,
        }
    )
    return Envelope.seal(ENROLMENT_TYPE, payload, key).encode()


def _identity(answer: Answer, key: SigningKey, vantage: Vantage, url: str) -> Identity:
    try:
        agent = text(answer.fields, "agent")
        collector_key = VerifyingKey.from_raw(bytes.fromhex(text(answer.fields, "collector_key")))
        tenant = text(answer.fields, "tenant")
    except (MalformedError, WeakKeyError, ValueError) as error:
        raise EnrolmentRefusedError(f"cannot use the answer of {url}: {error}") from None
    if agent != key.verifying_key.key_id:
        raise EnrolmentRefusedError(f"cannot use the answer of {url}: it enrolled another key")
    return Identity(tenant, vantage.name, agent, {url: collector_key})


def _refusal(answer: Answer, url: str, folder: Path) -> str:
    match answer.status:
        case 401:
            advice = "ask the operator of the collector for a new token"
        case 409:
            advice = f"move {folder} away to enrol with a new key"
        case _:
            advice = "nothing was enrolled"
    return f"{url} refused the enrolment: {answer.reason}; {advice}"
