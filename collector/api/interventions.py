"""Interventions stated by a program, such as the vendor's ticketing or remote access.

    POST /v1/hospitals/H/interventions          person, purpose; answers the id, 201
    POST /v1/hospitals/H/interventions/ID/end   {} or at
    GET  /v1/hospitals/H/interventions          ?since= and ?window=; those open, or of 31 days

The first two take what `constat intervention` takes, as a JSON object, and are refused for the same
reasons; with an Idempotency-Key they may be sent again. Whoever asks shows a token made for that
hospital, and learns nothing without it.
"""

import hmac
import re
from collections.abc import Callable
from typing import Final

from aiohttp import web

from collector.api.answers import answer
from collector.api.body import read_body
from collector.evidence.names import Person
from collector.interventions import attended_in
from collector.record.interventions import Mode, NamedIntervention
from collector.register.attendance import Attendance
from collector.register.intervening import Registered, state_end, state_start
from collector.register.once import Asked, stated_once
from collector.register.sealing import Desk, Sealer
from collector.report.interventions import Attended
from collector.store.enrolment import TokenRefusedError
from collector.store.pool import Pool, connected
from collector.store.register_tokens import Holder, holder_of
from probes.model.canonical import MalformedError, decode_object, encode, text
from probes.model.instant import DAY, format_instant, parse_instant
from probes.model.keys import SigningKey

_SCHEME: Final = "Bearer "
_LONGEST_TOKEN: Final = 64
_LARGEST_BODY: Final = 8192
_OPTIONAL: Final = ("company", "mode", "confidentiality", "window", "site", "at")
_FIELDS: Final = frozenset({"person", "purpose", *_OPTIONAL})
_FILTERS: Final = frozenset({"since", "window"})
_KEY_HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r'"([ !#-\[\]-~]{1,255})"|([!#-\[\]-~]{1,255})')

LISTED_US: Final = 31 * DAY


class InterventionsHandler:
    """Takes what programs state of interventions."""

    def __init__(self, pool: Pool, key: SigningKey, now_us: Callable[[], int]) -> None:
        self._pool = pool
        self._sealer = Sealer(key, now_us)

    async def start(self, request: web.Request) -> web.Response:
        """Register that somebody intervenes."""
        holder = await self._holder(request)
        asked, fields = await self._asked(request, _FIELDS)
        attendance = _attendance(holder.tenant, fields)

        async def state(desk: Desk) -> bytes:
            return encode(_stated(await state_start(desk, attendance)))

        said = await stated_once(self._pool, self._sealer, holder, asked, state)
        return web.Response(body=said, status=201, content_type="application/json")

    async def end(self, request: web.Request) -> web.Response:
        """Register that an intervention ended."""
        holder = await self._holder(request)
        asked, fields = await self._asked(request, frozenset({"at"}))
        at_us, name = _instant(fields), request.match_info["intervention"]

        async def state(desk: Desk) -> bytes:
            return encode(_stated(await state_end(desk, name, at_us)))

        said = await stated_once(self._pool, self._sealer, holder, asked, state)
        return web.Response(body=said, content_type="application/json")

    async def list(self, request: web.Request) -> web.Response:
        """Answer with the interventions of the hospital, in order of start."""
        holder = await self._holder(request)
        query = request.query
        odd = sorted(query.keys() - _FILTERS)
        if odd:
            raise MalformedError(
                f"{odd[0]}: is no filter; those are: {', '.join(sorted(_FILTERS))}"
            )
        asked_us = self._sealer.now_us()
        given_us = _instant(dict(query), "since")
        since_us = asked_us - LISTED_US if given_us is None else given_us
        found = await attended_in(self._pool, holder.tenant, query.get("window"))
        return answer(
            {
                "hospital": holder.tenant,
                "since": format_instant(since_us),
                "interventions": [
                    _listed(each, asked_us)
                    for each in found
                    if each.intervention.end_us is None or each.intervention.end_us > since_us
                ],
            }
        )

    async def _asked(
        self, request: web.Request, known: frozenset[str]
    ) -> tuple[Asked, dict[str, object]]:
        """Return the request as one that is to be taken once, and its fields."""
        body = await read_body(request, largest=_LARGEST_BODY)
        fields = decode_object(body)
        odd = sorted(fields.keys() - known)
        if odd:
            raise MalformedError(f"{odd[0]}: is no field; those are: {', '.join(sorted(known))}")
        # Keyed, so that nobody finds out by trying whose name a request had once it was erased.
        said = f"{request.method} {request.path}\n".encode() + body
        return Asked(_key(request), hmac.digest(self._sealer.key.seed, said, "sha256")), fields

    async def _holder(self, request: web.Request) -> Holder:
        """Return who shows a token of the hospital; whoever shows none learns nothing."""
        given = request.headers.get("Authorization", "")
        token = given.removeprefix(_SCHEME).strip()
        if given.startswith(_SCHEME) and len(token) <= _LONGEST_TOKEN:
            async with connected(self._pool) as connection:
                holder = await holder_of(
                    connection, token, request.match_info["hospital"], self._sealer.now_us()
                )
            if holder is not None:
                return holder
        raise TokenRefusedError("the request has no token for the interventions of this hospital")


def _key(request: web.Request) -> str:
    """Return the key of a request: a string as RFC 8941 writes it, or the same without quotes."""
    given = request.headers.get(_KEY_HEADER)
    if given is None:
        return ""
    found = _KEY.fullmatch(given.strip())
    if found is None:
        raise MalformedError(f'{_KEY_HEADER}: expected 1 to 255 characters, as in "8e03978e-40d5"')
    return found[1] or found[2]


def _attendance(hospital: str, fields: dict[str, object]) -> Attendance:
    said = {name: text(fields, name) for name in _OPTIONAL if name in fields}
    return Attendance(
        hospital=hospital,
        person=Person(text(fields, "person"), company=said.get("company", "")),
        purpose=text(fields, "purpose"),
        mode=_mode(said["mode"]) if "mode" in said else None,
        confidentiality=said.get("confidentiality", ""),
        window=said.get("window", ""),
        site=said.get("site", ""),
        at_us=_instant(fields),
    )


def _mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise MalformedError(f"mode: expected remote or on_site, not {value[:20]!r}") from None


def _instant(fields: dict[str, object], name: str = "at") -> int | None:
    if name not in fields:
        return None
    given = text(fields, name)
    try:
        return parse_instant(given)
    except ValueError as error:
        raise MalformedError(f"{name}: {error}") from None


def _stated(made: Registered) -> dict[str, object]:
    intervention, zone = made.intervention, made.zone
    stated: dict[str, object] = {
        "intervention": intervention.id,
        "hospital": made.hospital,
        "site": intervention.site,
        "start": format_instant(intervention.start_us, zone),
    }
    if intervention.window:
        stated["window"] = intervention.window
    if intervention.end_us is not None:
        stated["end"] = format_instant(intervention.end_us, zone)
    return stated


def _listed(attended: Attended, asked_us: int) -> dict[str, object]:
    """Return an intervention as a program reads it; a name that was erased is left out."""
    made, identity = attended.intervention, attended.identity
    said = {
        "person": identity.name if identity else "",
        "company": identity.company if identity else "",
        "mode": made.mode.value if made.mode else "",
        "confidentiality": made.confidentiality,
    }
    return {
        **_stated(Registered(attended.hospital, made, attended.zone)),
        "purpose": made.purpose,
        "author": made.author,
        "state": _state(made, asked_us),
        **{name: value for name, value in said.items() if value},
    }


def _state(made: NamedIntervention, asked_us: int) -> str:
    if made.end_us is not None:
        return "ended"
    return "overdue" if made.is_overdue(asked_us) else "open"
