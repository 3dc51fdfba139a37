"""What a fhir probe takes for a server that serves."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model.failure import Failure, Operation
from probes.model.fhir_target import FhirSpec
from probes.model.measurement import Outcome
from probes.model.target import Regex, Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.fhir import answer, outcome, statement
from tests.servers.listening import nobody, serving
from tests.servers.nginx import nginx
from tests.servers.web import PATIENT, answering, page, redirect, site

FHIR = kinds()["fhir"]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)
_LIVE = {
    "kind": "instance",
    "status": "active",
    "fhirVersion": "4.3.0",
    "resourceType": "CapabilityStatement",
}


@meets(Failure.UNEXPECTED_STATUS, Operation.ASSERT)
async def it_knows_no_such_base(_: World) -> AsyncIterator[Place]:
    async with serving(answering(answer(outcome(), "404 Not Found"))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_answers_with_an_operation_outcome(_: World) -> AsyncIterator[Place]:
    async with serving(answering(answer(outcome()))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def its_database_is_gone(_: World) -> AsyncIterator[Place]:
    async with serving(answering(answer(outcome(), "500 Internal Server Error"))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_answers_in_xml(_: World) -> AsyncIterator[Place]:
    xml = f'<CapabilityStatement xmlns="http://hl7.org/fhir"><publisher value="{PATIENT}"/>'
    async with serving(
        answering(page(xml, headers=("Content-Type: application/fhir+xml",)))
    ) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def a_login_page_answers(_: World) -> AsyncIterator[Place]:
    async with serving(answering(page())) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_does_not_serve_what_it_must(_: World) -> AsyncIterator[Place]:
    rest = [{"mode": "server", "resource": [{"type": "Observation"}]}]
    async with serving(answering(answer(statement(rest=rest)))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_only_asks_others_for_what_it_must_serve(_: World) -> AsyncIterator[Place]:
    rest = [{"mode": "client", "resource": [{"type": "Patient"}]}]
    async with serving(answering(answer(statement(rest=rest)))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def its_statement_is_of_what_somebody_wishes(_: World) -> AsyncIterator[Place]:
    wish = {**json.loads(statement()), "kind": "requirements"}
    async with serving(answering(answer(wish))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VERSION, Operation.ASSERT)
async def it_speaks_another_fhir(_: World) -> AsyncIterator[Place]:
    async with serving(answering(answer(statement(fhirVersion="4.30.0")))) as port:
        yield Place(port)


@meets(Failure.MAINTENANCE_PAGE, Operation.ASSERT)
async def a_maintenance_page_answers(_: World) -> AsyncIterator[Place]:
    text = "<h1>Le service est actuellement en maintenance</h1>"
    async with serving(answering(page(text, status="503 Service Unavailable"))) as port:
        yield Place(port)


@meets(Failure.ERROR_PAGE, Operation.ASSERT)
async def an_error_answers_with_status_200(_: World) -> AsyncIterator[Place]:
    text = "<h1>HTTP Status 500 - Internal Server Error</h1>"
    async with serving(answering(page(text))) as port:
        yield Place(port)


@meets(Failure.STALE_ANSWER, Operation.ASSERT)
async def a_cache_answers_for_it(_: World) -> AsyncIterator[Place]:
    headers = ("Content-Type: application/fhir+json", "X-Cache: STALE")
    async with serving(answering(page(statement(), headers=headers))) as port:
        yield Place(port)


@meets(Failure.VANTAGE_OFFLINE, Operation.ASSERT)
async def a_captive_portal_answers(_: World) -> AsyncIterator[Place]:
    async with serving(answering(page(status="511 Network Authentication Required"))) as port:
        yield Place(port)


@meets(Failure.REDIRECT_REFUSED, Operation.ASSERT)
async def it_leads_to_another_host(_: World) -> AsyncIterator[Place]:
    async with serving(answering(redirect("http://elsewhere.example/"))) as port:
        yield Place(port)


@meets(Failure.TOO_MANY_REDIRECTS, Operation.ASSERT)
async def it_leads_in_circles(_: World) -> AsyncIterator[Place]:
    async with serving(site(lambda _: redirect("/metadata"))) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
async def its_statement_is_cut_short(_: World) -> AsyncIterator[Place]:
    async with serving(answering(page(statement(), length=100_000))) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.TRANSFER)
async def its_statement_has_no_end(_: World) -> AsyncIterator[Place]:
    async with serving(answering(page(b" " * 5_000_000))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.TRANSFER)
async def it_speaks_no_http(_: World) -> AsyncIterator[Place]:
    async with serving(answering(b"220 mail.example ESMTP\r\n")) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", SITUATIONS + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        scheme = "http" if place.tls is None else "https"
        spec = FhirSpec(
            f"{scheme}://{place.host}:{place.port}",
            tls=place.tls or Tls(),
            fhir_version="4.3",
            resources=("Patient",),
            timeouts=situation.timeouts,
        )
        seen = await run(FHIR, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in SITUATIONS + ANSWERS} == FHIR.produces


async def test_a_server_that_states_what_it_can_is_up_and_shows_its_version() -> None:
    requests: list[bytes] = []
    async with serving(site(lambda _: answer(statement()), requests)) as port:
        base = f"http://127.0.0.1:{port}/r4/"
        spec = FhirSpec(base, fhir_version="4.3", resources=("Patient", "Observation"))
        seen = await run(FHIR, spec)

    assert (seen.outcome, seen.version) == (Outcome.UP, "9.0.1")
    assert requests[0].startswith(b"GET /r4/metadata HTTP/1.1\r\n")
    assert b"Accept: application/fhir+json\r\n" in requests[0]


@pytest.mark.parametrize("status", ["draft", "retired", "unknown"])
async def test_a_statement_that_is_not_active_is_degraded(status: str) -> None:
    async with serving(answering(answer(statement(status=status)))) as port:
        seen = await run(FHIR, FhirSpec(f"http://127.0.0.1:{port}"))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith(f": the statement is {status}")


async def test_a_slow_server_is_degraded() -> None:
    async with serving(answering(answer(statement()))) as port:
        spec = FhirSpec(f"http://127.0.0.1:{port}", degraded_after_ms=5)
        seen = await FHIR.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"software_name": "Autre"}, Failure.UNEXPECTED_VALUE),
        ({"expect_version": Regex(r"^10\.")}, Failure.UNEXPECTED_VERSION),
        ({"fhir_version": "4.0"}, Failure.UNEXPECTED_VERSION),
    ],
)
async def test_another_software_or_version_is_not_the_service(
    changes: dict[str, Any], failure: Failure
) -> None:
    async with serving(answering(answer(statement()))) as port:
        seen = await run(FHIR, FhirSpec(f"http://127.0.0.1:{port}", **changes))

    assert (seen.failure, seen.version) == (failure, "9.0.1")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "rest", "resource", "type", "fhirVersion", "software"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(content=_JSON)
def test_whatever_a_statement_holds_instead_it_is_no_server_in_order(content: object) -> None:
    async def meet(body: object) -> Outcome:
        async with serving(answering(answer(json.dumps(body)))) as port:
            spec = FhirSpec(f"http://127.0.0.1:{port}", resources=("Patient",))
            return (await run(FHIR, spec)).outcome

    assert asyncio.run(meet(content)) is Outcome.DOWN
    if isinstance(content, dict):
        strange = {**_LIVE, **content, "resourceType": "CapabilityStatement"}
        assert asyncio.run(meet(strange)) is Outcome.DOWN


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"base_url": "fhir.example"}, "base_url: 'fhir.example/metadata' is not an http"),
        ({"base_url": "http://h/?x=1"}, "base_url: 'http://h/?x=1' holds more"),
        ({"fhir_version": "R4"}, "fhir_version: 'R4' is no version"),
        ({"resources": ["patient"]}, "resources: 'patient' is not a type"),
        ({"username": "us"}, "username: goes with password_file"),
        ({"max_body_bytes": 0}, "max_body_bytes: 0 is not more than 0"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"base_url": "https://fhir.example/r4"} | options, FhirSpec)

    assert str(raised.value).startswith(fault)


@pytest.mark.servers
async def test_a_statement_served_by_nginx_inside_tls_is_up_degraded_and_down(
    tmp_path: Path,
) -> None:
    authority().server(tmp_path)
    tls = Tls(ca_file=authority().write(tmp_path))
    outcomes = []
    for status in ("active", "retired"):
        (tmp_path / "metadata").write_text(statement(status=status))
        options = f"root {tmp_path}; default_type application/fhir+json;"
        with nginx(tmp_path, options, content="try_files $uri =404;") as port:
            base = f"https://127.0.0.1:{port}"
            outcomes.append((await run(FHIR, FhirSpec(base, tls=tls))).outcome)
    with nobody() as port:
        dead = await run(FHIR, FhirSpec(f"https://127.0.0.1:{port}", tls=tls))

    assert outcomes == [Outcome.UP, Outcome.DEGRADED]
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)
