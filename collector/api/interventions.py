"""Interventions stated by a program, such as the vendor's ticketing or remote access.

    POST /v1/hospitals/H/interventions          person, purpose; answers the id, 201
    POST /v1/hospitals/H/interventions/ID/end   {} or at

Both take what `constat intervention` takes, as a JSON object, and are refused for the same reasons.
Whoever asks shows a token made for that hospital, and learns nothing without it.
"""

from collections.abc import Callable
from typing import Final

from aiohttp import web

from collector.api.answers import answer
from collector.api.body import read_body
from collector.evidence.names import Person
from collector.record.interventions import Mode
from collector.register.attendance import Attendance
from collector.register.intervening import (
    Registered,
    end_intervention,
    locate_intervention,
    start_intervention,
)
from collector.register.sealing import Sealer
from collector.store.enrolment import TokenRefusedError
from collector.store.pool import Pool, connected
from collector.store.register_tokens import Holder, holder_of
from probes.model.canonical import MalformedError, decode_object, text
from probes.model.instant import format_instant, parse_instant
from probes.model.keys import SigningKey

_SCHEME: Final = "Bearer "
_LONGEST_TOKEN: Final = 64
_LARGEST_BODY: Final = 8192
_OPTIONAL: Final = ("company", "mode", "confidentiality", "window", "site", "at")
_FIELDS: Final = frozenset({"person", "purpose", *_OPTIONAL})


class InterventionsHandler:
    """Takes what programs state of interventions."""

    def __init__(self, pool: Pool, key: SigningKey, now_us: Callable[[], int]) -> None:
        self._pool = pool
        self._sealer = Sealer(key, now_us)

    async def start(self, request: web.Request) -> web.Response:
        """Register that somebody intervenes."""
        holder = await self._holder(request)
        attendance = _attendance(holder.tenant, await _fields(request, _FIELDS))
        made = await start_intervention(self._pool, self._sealer, attendance, _author(holder))
        return answer(_stated(made), status=201)

    async def end(self, request: web.Request) -> web.Response:
        """Register that an intervention ended."""
        holder = await self._holder(request)
        at_us = _instant(await _fields(request, frozenset({"at"})))
        async with connected(self._pool) as connection:
            name = request.match_info["intervention"]
            found = await locate_intervention(connection, name, holder.tenant)
        return answer(
            _stated(await end_intervention(self._pool, self._sealer, found, at_us, _author(holder)))
        )

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


async def _fields(request: web.Request, known: frozenset[str]) -> dict[str, object]:
    fields = decode_object(await read_body(request, largest=_LARGEST_BODY))
    odd = sorted(fields.keys() - known)
    if odd:
        raise MalformedError(f"{odd[0]}: is no field; those are: {', '.join(sorted(known))}")
    return fields


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


def _instant(fields: dict[str, object]) -> int | None:
    if "at" not in fields:
        return None
    given = text(fields, "at")
    try:
        return parse_instant(given)
    except ValueError as error:
        raise MalformedError(f"at: {error}") from None


def _author(holder: Holder) -> str:
    return f"program {holder.name}"


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
