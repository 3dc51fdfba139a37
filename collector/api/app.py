"""The collector's HTTP interface: which paths there are, and how every fault is answered."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from collector.api.answers import refusal, refused
from collector.api.body import SlowBodyError
from collector.api.calendar import CalendarHandler
from collector.api.clock import ClockHandler
from collector.api.enrolment import EnrolmentHandler
from collector.api.health import HealthHandler, MetricsHandler
from collector.api.ingest import BatchesHandler
from collector.api.interventions import InterventionsHandler
from collector.api.receipt import ReceiptHandler
from collector.api.witnessing import WitnessingHandler
from collector.courier.receipt import CALENDAR, PATH
from collector.errors import ConstatError
from collector.store.ingest import Ingest
from collector.store.pool import Pool
from collector.store.received import LARGEST_ENVELOPE
from collector.store.telemetry import Telemetry
from probes.model.canonical import MalformedError
from probes.model.keys import SigningKey

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG: Final = logging.getLogger(__name__)


def make_app(
    pool: Pool,
    ingest: Ingest,
    key: SigningKey,
    now_us: Callable[[], int],
    telemetry: Telemetry,
) -> web.Application:
    """Return the application; its ingest and projector are run by whoever runs the application."""
    app = web.Application(middlewares=[_faults_answered], client_max_size=LARGEST_ENVELOPE)
    app.router.add_post("/v1/batches", BatchesHandler(ingest).post)
    app.router.add_post("/v1/enrol", EnrolmentHandler(pool, key, now_us).post)
    app.router.add_get("/v1/clock", ClockHandler(now_us).get)
    app.router.add_get("/v1/health", HealthHandler(pool).get)
    receipt = ReceiptHandler(pool, key, now_us)
    app.router.add_get(f"{PATH}/{{hospital}}/{{letter:[^/]+}}", receipt.get)
    app.router.add_post(f"{PATH}/{{hospital}}/{{letter:[^/]+}}", receipt.post)
    calendar = CalendarHandler(pool, key, now_us)
    app.router.add_get(f"/v1/hospitals/{{hospital}}/{CALENDAR}", calendar.get)
    witnessing = WitnessingHandler(pool, ingest, key, now_us)
    log = "/v1/hospitals/{hospital}"
    app.router.add_get(f"{log}/checkpoint", witnessing.checkpoint)
    app.router.add_get(f"{log}/consistency", witnessing.consistency)
    app.router.add_get(f"{log}/leaves", witnessing.leaves)
    app.router.add_get(f"{log}/cosignatures", witnessing.cosigned)
    app.router.add_post(f"{log}/cosignatures", witnessing.cosign)
    interventions = InterventionsHandler(pool, key, now_us)
    app.router.add_get(f"{log}/interventions", interventions.list)
    app.router.add_post(f"{log}/interventions", interventions.start)
    app.router.add_post(f"{log}/interventions/{{intervention}}/end", interventions.end)
    app.router.add_get("/metrics", MetricsHandler(telemetry).get)
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """Return what runs the application: it decodes bodies itself, within its own limits."""
    return web.AppRunner(app, access_log=None, auto_decompress=False, lingering_time=1.0)


@web.middleware
async def _faults_answered(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer every fault in the one JSON form; only what nobody foresaw is logged."""
    try:
        return await handler(request)
    except SlowBodyError as fault:
        response = refused(408, "slow_body", str(fault))
        response.force_close()
        return response
    except (ConstatError, MalformedError) as fault:
        return refusal(fault)
    except web.HTTPException as fault:
        return refused(fault.status, "http", fault.reason)
    except Exception:  # noqa: BLE001 - the last resort: logged, and answered like any other fault
        _LOG.exception("cannot answer %s %s", request.method, request.path)
        return refused(500, "internal", "the collector failed to answer; its log says why")
