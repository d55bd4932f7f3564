"""Measures for Prometheus."""

from __future__ import annotations

import hmac
import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select

from paksatalker.api.deps import BackendOf, bearer, check_scope, get_caller
from paksatalker.api.errors import answers
from paksatalker.service.backend import Backend
from paksatalker.service.states import QUEUES, State
from paksatalker.service.tables import Job

_log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    summary="Measures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": 'paksatalker_jobs{state="queued"} 3.0\n'}}}, **answers(403)},
    openapi_extra={"security": [{"HTTPBearer": []}]},
)
async def metrics(request: Request, backend: BackendOf) -> Response:
    """For a key of scope `admin`, or the bearer token of `PAKSATALKER_METRICS_TOKEN`."""
    await _admit(request, backend)
    own = CollectorRegistry()
    for family in (await _jobs(backend), *await _of_the_queue(backend)):
        own.register(_Once(family))
    text = generate_latest(request.app.state.registry) + generate_latest(own)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _Once:
    """A family of measures that was taken already."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> list[GaugeMetricFamily]:
        """Of Prometheus' client."""
        return [self._family]


async def _admit(request: Request, backend: Backend) -> None:
    token = backend.settings.metrics_token.get_secret_value()
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode()):
        return
    check_scope(await get_caller(request, await bearer(request)), "admin")


async def _jobs(backend: Backend) -> GaugeMetricFamily:
    async with backend.database.reader() as session:
        query = select(Job.state, func.count()).where(Job.parent_id.is_(None)).group_by(Job.state)
        rows = (await session.execute(query)).all()
    counts = {row[0]: row[1] for row in rows}
    family = GaugeMetricFamily("paksatalker_jobs", "Jobs by state.", labels=["state"])
    for state in State:
        family.add_metric([state], counts.get(state, 0))
    return family


async def _of_the_queue(backend: Backend) -> list[GaugeMetricFamily]:
    """What its server knows; while it is away only that: this is when somebody looks."""
    up = GaugeMetricFamily("paksatalker_queue_up", "Whether the server of the queue answers.")
    try:
        found = [await _queues(backend), await _workers(backend)]
    except Exception as error:  # noqa: BLE001  (each client of Redis has errors of its own)
        _log.warning("the queue is not measured: %s: %s", type(error).__name__, error)
        found = []
    up.add_metric([], 1.0 if found else 0.0)
    return [up, *found]


async def _queues(backend: Backend) -> GaugeMetricFamily:
    family = GaugeMetricFamily("paksatalker_queue", "Tickets by queue.", labels=["queue", "state"])
    for queue in QUEUES:
        depth = await backend.queue.depth(queue)
        family.add_metric([queue, "waiting"], depth.waiting)
        family.add_metric([queue, "running"], depth.running)
    return family


async def _workers(backend: Backend) -> GaugeMetricFamily:
    family = GaugeMetricFamily("paksatalker_workers", "Workers by queue.", labels=["queue"])
    for queue in QUEUES:
        family.add_metric([queue], await backend.queue.workers(queue))
    return family
