"""The HTTP side of the patient record: login, search, health, and the maintenance page."""

import asyncio
import secrets

from aiohttp import web

from collector.demo.patient_pages import login_page, maintenance_page, patients_page
from collector.demo.patient_schema import Schema
from collector.demo.patient_store import PatientStore

RELEASES = {Schema.V1: "1.8.4", Schema.V2: "2.0.0"}

_COOKIE = "dossier_patient"


def patient_record(store: PatientStore, schema: Schema) -> web.Application:
    """Build the service of one version on its store."""
    service = _PatientRecord(store, RELEASES[schema])
    application = web.Application()
    application.add_routes(
        [
            web.get("/", service.show_login),
            web.post("/connexion", service.log_in),
            web.post("/deconnexion", service.log_out),
            web.get("/patients", service.show_patients),
            web.get("/sante", service.show_health),
        ]
    )
    return application


def maintenance() -> web.Application:
    """Build the server that answers 200 with a maintenance page, whatever it is asked."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", _show_maintenance)
    return application


class _PatientRecord:
    def __init__(self, store: PatientStore, release: str) -> None:
        self._store = store
        self._release = release
        self._logged_in: dict[str, str] = {}

    async def show_login(self, _request: web.Request) -> web.Response:
        return _html(login_page(self._release))

    async def log_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        login, password = str(form.get("identifiant", "")), str(form.get("mot_de_passe", ""))
        if not await asyncio.to_thread(self._store.may_log_in, login, password):
            refusal = login_page(self._release, "Identifiant ou mot de passe incorrect.")
            return _html(refusal, status=401)
        session = secrets.token_urlsafe(32)
        self._logged_in[session] = login
        response = web.Response(status=303, headers={"Location": "/patients"})
        response.set_cookie(_COOKIE, session, httponly=True, samesite="Strict")
        return response

    async def log_out(self, request: web.Request) -> web.Response:
        self._logged_in.pop(request.cookies.get(_COOKIE, ""), None)
        response = web.Response(status=303, headers={"Location": "/"})
        response.del_cookie(_COOKIE)
        return response

    async def show_patients(self, request: web.Request) -> web.Response:
        login = self._logged_in.get(request.cookies.get(_COOKIE, ""))
        if login is None:
            return web.Response(status=303, headers={"Location": "/"})
        search = request.query.get("q", "")
        found = await asyncio.to_thread(self._store.search, search)
        return _html(patients_page(self._release, login, search, found))

    async def show_health(self, _request: web.Request) -> web.Response:
        patients = await asyncio.to_thread(self._store.count)
        return web.json_response(
            {"application": "dossier-patient", "version": self._release, "patients": patients}
        )


async def _show_maintenance(_request: web.Request) -> web.Response:
    return _html(maintenance_page())


def _html(page: str, *, status: int = 200) -> web.Response:
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8")
